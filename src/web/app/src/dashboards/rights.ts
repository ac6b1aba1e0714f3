/** Who is signed in with this browser (protocol 12.4), as far as dashboards ask. */
export interface SessionDocument {
  readonly development: boolean;
  readonly user_id?: string;
  readonly roles: readonly string[];
  readonly sign_in: readonly string[];
}

/** What somebody may do here. */
export interface Rights {
  readonly view: boolean;
  readonly act: boolean;
  readonly configure: boolean;
  readonly read: boolean;
}

const everything: Rights = { view: true, act: true, configure: true, read: true };

/** What a session allows. In Development, and on a host with an authentication of its own, everything may be tried. */
export function rightsOf(session: SessionDocument | undefined): Rights {
  if (session === undefined || (session.development && session.roles.length === 0)) {
    return everything;
  }
  const has = (...names: string[]) => names.some((name) => session.roles.includes(name));
  return { view: has('view', 'act', 'configure'), act: has('act', 'configure'), configure: has('configure'), read: has('read') };
}
