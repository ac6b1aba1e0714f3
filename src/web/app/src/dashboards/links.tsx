import type { Api } from './api';
import type { Named } from './documents';

/** A user's name, which leads to everything about them. */
export function UserLink({ api, user, run }: { readonly api: Api; readonly user: Named; readonly run?: string }) {
  const query = new URLSearchParams({
    user_id: user.user_id,
    ...(user.tenant_id !== undefined && { tenant_id: user.tenant_id }),
  });
  if (run !== undefined) {
    query.set('run', run);
  }
  return (
    <a class="name" href={`${api.address('dashboards/websocket_user_diagnostics')}?${query}`}>
      {user.tenant_id !== undefined && <span class="tenant">{user.tenant_id}/</span>}
      {user.user_id}
    </a>
  );
}
