import { shownUser, userOf } from '../protocol/user-id';
import { Avatar } from './avatar';

interface Props {
  readonly userId: string;
  readonly onSignOut: () => void;
}

/** Who is signed in. */
export function Account({ userId, onSignOut }: Props) {
  return (
    <div class="account">
      <p class="user">
        <Avatar userId={userOf(userId)} />
        <span class="visually-hidden">Signed in as </span>
        <span class="user-id" data-testid="user-id">{shownUser(userId)}</span>
      </p>
      <button type="button" class="link" data-testid="sign-out" onClick={onSignOut}>Sign out</button>
    </div>
  );
}
