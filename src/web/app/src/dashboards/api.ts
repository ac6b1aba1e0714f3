const timeoutMs = 10_000;
const monitoring = 'monitoring/websocket/';

/** What the server refused, or that it could not be asked. */
export class ApiError extends Error {
  /** The HTTP status; 0 when there was no answer. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
  }
}

/** Asks the server that the page came from, also where a proxy serves it under a prefix. */
export class Api {
  readonly #root: URL;

  /** `root` is the server's own address: the one that `/dashboards` stands in. */
  constructor(root: URL) {
    this.#root = root;
  }

  /** The address of a route, such as `v1/session`. */
  address(path: string): string {
    return new URL(path, this.#root).href;
  }

  /** The address of a route under `/monitoring/websocket`. */
  monitoring(path: string): string {
    return this.address(monitoring + path);
  }

  get<T>(address: string): Promise<T> {
    return this.send<T>('GET', address);
  }

  /** Sends a request and reads its answer; `undefined` where there is none. Throws an `ApiError` that says why it was refused. */
  async send<T>(method: string, address: string, body?: object): Promise<T> {
    let response: Response;
    try {
      response = await fetch(address, {
        method,
        cache: 'no-store',
        signal: AbortSignal.timeout(timeoutMs),
        ...(body !== undefined && { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
      });
    } catch {
      throw new ApiError(0, 'The server cannot be reached.');
    }
    if (!response.ok) {
      throw new ApiError(response.status, await explain(response));
    }
    // 201, 202 and 204 may have nothing to say.
    const text = await response.text();
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }
}

/** What a problem document says, for people. */
export async function explain(response: Response): Promise<string> {
  const problem: unknown = await response.json().catch(() => undefined);
  const detail = typeof problem === 'object' && problem !== null && 'detail' in problem ? problem.detail : undefined;
  return typeof detail === 'string' ? detail : `The server answered with ${response.status}.`;
}

/** Words for people of whatever was thrown. */
export function problemOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The server's address, from the page's own: pages stand one level below it, their index beside it. */
export function rootOf(page: string): URL {
  const { pathname } = new URL(page);
  const at = pathname.lastIndexOf('/dashboards');
  return new URL(`${pathname.slice(0, Math.max(0, at))}/`, page);
}
