/** Who this page speaks for, as the server says it. */
export type SessionState =
  /** Not known yet; `problem` says why. */
  | { readonly name: 'unknown'; readonly problem?: string }
  /** Nobody signs in: the page itself says who it speaks for, as in Development. */
  | { readonly name: 'open' }
  /** `userId` names user and tenant. `reason` says why they should sign in again soon. */
  | { readonly name: 'active'; readonly userId: string; readonly ways: SignInWays; readonly reason?: string }
  /** Somebody has to sign in. `userId` is whose conversation is still on the screen. */
  | { readonly name: 'over'; readonly userId?: string; readonly ways: SignInWays; readonly reason?: string };

/** How one can sign in here. */
export interface SignInWays {
  readonly key: boolean;
  readonly openId: boolean;
}
