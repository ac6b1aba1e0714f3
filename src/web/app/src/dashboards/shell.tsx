import type { FunctionComponent } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useAddress } from './address';
import { Api, ApiError, problemOf } from './api';
import { dashboards, type DashboardId } from './dashboards';
import type { FeedState } from './feed';
import { age as ageOf } from './format';
import { rightsOf, type Rights, type SessionDocument } from './rights';
import { SignIn } from './sign-in';
import { useDashboard } from './use-dashboard';

/** What every dashboard's content is given. */
export interface ContentProps<T> {
  readonly api: Api;
  readonly rights: Rights;
  readonly data: T;
  readonly paused: boolean;
}

interface Props<T> {
  readonly api: Api;
  readonly id: DashboardId;
  /** More of the feed's query, from the ampersand on. */
  readonly query?: string;
  readonly content: FunctionComponent<ContentProps<T>>;
}

const intervals = [1, 2, 5, 10, 30, 60];
const defaultInterval = 2;
const askAgainMs = 1000;

/** The frame of a dashboard: where one goes from here, how fresh what is shown is, and who may see it. */
export function Shell<T>({ api, id, query = '', content }: Props<T>) {
  const [session, setSession] = useState<SessionDocument | 'none'>();
  const [problem, setProblem] = useState<string>();
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    api.get<SessionDocument>(api.address('v1/session')).then(
      (found) => setSession(found),
      // A host with an authentication of its own has no such route: what it refuses, it says.
      (error: unknown) => {
        if (error instanceof ApiError && error.status === 404) {
          setSession('none');
        } else {
          setProblem(problemOf(error));
          setTimeout(() => setTurn((before) => before + 1), askAgainMs);
        }
      },
    );
  }, [api, turn]);

  const rights = session === undefined ? undefined : rightsOf(session === 'none' ? undefined : session);
  const isSignedIn = session !== undefined && session !== 'none' && session.roles.length > 0;
  const may = rights !== undefined && (id === 'websocket_user_diagnostics' ? rights.view && rights.read : rights.view);
  const again = (): void => setTurn((before) => before + 1);
  return (
    <>
      <Header api={api} id={id} isSignedIn={isSignedIn} onSignedOut={() => location.reload()} />
      {rights === undefined && (
        <p class="page-note" role="status">
          {problem ?? 'Asking who you are…'}
        </p>
      )}
      {rights !== undefined && !may && (
        <SignIn
          api={api}
          ways={session === undefined || session === 'none' ? [] : session.sign_in}
          reason={
            isSignedIn ? `You are signed in, but this dashboard needs the right ${rights.view ? 'read' : 'view'}.` : undefined
          }
          onSignedIn={again}
        />
      )}
      {rights !== undefined && may && (
        <Followed<T> key={turn} api={api} id={id} query={query} rights={rights} content={content} onRefused={again} />
      )}
    </>
  );
}

interface FollowedProps<T> extends Props<T> {
  readonly rights: Rights;
  readonly onRefused: () => void;
}

function Followed<T>({ api, id, query, rights, content: Content, onRefused }: FollowedProps<T>) {
  const [chosen, choose] = useAddress('interval', String(defaultInterval));
  const interval = intervals.includes(Number(chosen)) ? Number(chosen) : defaultInterval;
  const [paused, setPaused] = useState(false);
  const live = useDashboard<T>(api.monitoring(`dashboard/${id}/feed?interval_s=${interval}${query}`), interval, paused);
  const signedOut = live.feed.name === 'refused' && live.feed.status === 401;
  useEffect(() => {
    if (!signedOut) {
      return undefined;
    }
    // After a moment: where the session says one thing and the feed another, nobody is asked without a pause.
    const timer = setTimeout(onRefused, askAgainMs);
    return () => clearTimeout(timer);
  }, [signedOut]);
  return (
    <>
      <div class="control" data-testid="control">
        <Freshness feed={live.feed} age={live.age} isStale={live.isStale} />
        <label>
          Every{' '}
          <select value={interval} onChange={(event) => choose(event.currentTarget.value)} data-testid="interval">
            {intervals.map((seconds) => (
              <option key={seconds} value={seconds}>
                {seconds} s
              </option>
            ))}
          </select>
        </label>
        <button type="button" class="button" aria-pressed={paused} onClick={() => setPaused(!paused)} data-testid="pause">
          {paused ? 'Go on' : 'Pause'}
        </button>
      </div>
      {live.isStale && (
        <p class="stale" role="alert" data-testid="stale">
          <span aria-hidden="true">▲ </span>
          <b>Stale:</b> nothing new for {ageOf(live.age)}. What follows is of then.
          {live.feed.name === 'lost' || live.feed.name === 'refused' ? ` ${live.feed.reason}` : ''}
        </p>
      )}
      <main class={live.isStale ? 'content is-stale' : 'content'} data-testid="content">
        {live.data === undefined ? (
          <Waiting feed={live.feed} />
        ) : (
          <Content api={api} rights={rights} data={live.data} paused={paused} />
        )}
      </main>
    </>
  );
}

function Waiting({ feed }: { readonly feed: FeedState }) {
  return (
    <p class="page-note" role="status">
      {feed.name === 'lost' || feed.name === 'refused'
        ? feed.reason
        : feed.name === 'paused'
          ? 'Paused before anything came.'
          : 'Waiting for the first figures…'}
    </p>
  );
}

interface FreshnessProps {
  readonly feed: FeedState;
  readonly age: number | undefined;
  readonly isStale: boolean;
}

function Freshness({ feed, age, isStale }: FreshnessProps) {
  const [sign, text, tone] = isStale
    ? ['▲', 'Stale', 'bad']
    : feed.name === 'live'
      ? ['●', 'Live', 'good']
      : feed.name === 'paused'
        ? ['❚❚', 'Paused', 'quiet']
        : feed.name === 'connecting'
          ? ['○', 'Connecting', 'quiet']
          : ['▲', 'Reconnecting', 'warn'];
  return (
    <span class={`freshness badge ${tone}`} data-testid="freshness">
      <span aria-hidden="true">{sign}</span> {text}
      {age !== undefined && <span class="freshness-age"> {ageOf(age)} ago</span>}
    </span>
  );
}

interface HeaderProps {
  readonly api: Api;
  readonly id: DashboardId | undefined;
  readonly isSignedIn: boolean;
  readonly onSignedOut: () => void;
}

/** The way to the other dashboards, and out. */
export function Header({ api, id, isSignedIn, onSignedOut }: HeaderProps) {
  const nav = useRef<HTMLElement>(null);
  useEffect(() => {
    // On a narrow screen the present one may lie beyond the edge.
    const present = nav.current?.querySelector<HTMLElement>('[aria-current]');
    nav.current?.scrollTo({ left: (present?.offsetLeft ?? 0) - nav.current.offsetLeft - 24 });
  }, []);
  const signOut = (): void => {
    api.send('DELETE', api.address('v1/session')).then(onSignedOut, onSignedOut);
  };
  return (
    <header class="top">
      <a class="home" href={api.address('dashboards')}>
        <img src={api.address('favicon.svg')} alt="" width="20" height="20" /> Netra
      </a>
      <nav ref={nav} aria-label="Dashboards">
        {dashboards.map((one) => (
          <a key={one.id} href={api.address(`dashboards/${one.id}`)} aria-current={one.id === id ? 'page' : undefined}>
            {one.name}
          </a>
        ))}
      </nav>
      {isSignedIn && (
        <button type="button" class="button plain" onClick={signOut} data-testid="sign-out">
          Sign out
        </button>
      )}
    </header>
  );
}
