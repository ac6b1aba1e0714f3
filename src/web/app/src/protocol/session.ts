import { isObject } from 'netra-pipeline-client/runs';

/** What `GET /v1/session` says (protocol 12.4). */
export interface SessionDocument {
  readonly development: boolean;
  readonly user_id?: string | null;
  /** There where the user is of a tenant (protocol 12.5). */
  readonly tenant_id?: string | null;
  readonly roles: readonly string[];
  /** `key`, `openid`, and what may come later. */
  readonly sign_in: readonly string[];
}

/** What `POST /v1/tickets` answers (protocol 12.2). */
export interface TicketDocument {
  readonly ticket: string;
  readonly user_id: string;
  readonly tenant_id?: string | null;
}

/** `undefined` for what is no session document: not every server that has this page knows sessions. */
export function readSession(value: unknown): SessionDocument | undefined {
  const usable = isObject(value) && typeof value['development'] === 'boolean' && isTexts(value['roles']) && isTexts(value['sign_in']);
  return usable ? (value as unknown as SessionDocument) : undefined;
}

export function readTicket(value: unknown): TicketDocument | undefined {
  const usable = isObject(value) && typeof value['ticket'] === 'string' && typeof value['user_id'] === 'string';
  return usable ? (value as unknown as TicketDocument) : undefined;
}

/** Whether somebody may see the dashboards: in Development everybody may. */
export function isOperator({ development, roles }: SessionDocument): boolean {
  return development || ['view', 'act', 'configure'].some((role) => roles.includes(role));
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
