import { useEffect, useState } from 'preact/hooks';
import type { Api } from './api';
import { dashboards } from './dashboards';
import type { Health } from './documents';
import { percent } from './format';
import { State } from './parts';
import { Header } from './shell';

/** Where one chooses a dashboard; how the server is, as everybody may know it. */
export function IndexPage({ api }: { readonly api: Api }) {
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setTurn((before) => before + 1), 5000);
    return () => clearInterval(timer);
  }, []);
  const { data, problem } = useHealth(api, turn);
  return (
    <>
      <Header api={api} id={undefined} isSignedIn={false} onSignedOut={() => undefined} />
      <main class="content">
        <h1>Dashboards</h1>
        <p role="status" data-testid="health">
          {data === undefined ? (
            (problem ?? 'Asking how the server is…')
          ) : (
            <>
              The server is <State name={data.status} />, with {percent(data.metrics.success_rate)} of what was due delivered.
            </>
          )}
        </p>
        <ul class="choices">
          {dashboards.map(({ id, name, about }) => (
            <li key={id}>
              <a href={api.address(`dashboards/${id}`)}>
                <b>{name}</b>
                <span>{about}</span>
              </a>
            </li>
          ))}
        </ul>
      </main>
    </>
  );
}

// Asked by hand: an unhealthy server answers 503 with the same document.
function useHealth(api: Api, turn: number): { readonly data?: Health; readonly problem?: string } {
  const [health, setHealth] = useState<{ readonly data?: Health; readonly problem?: string }>({});
  useEffect(() => {
    let isOver = false;
    fetch(api.address('health'), { cache: 'no-store', signal: AbortSignal.timeout(10_000) })
      .then((response) => response.json() as Promise<Health>)
      .then(
        (data) => !isOver && setHealth({ data }),
        () => !isOver && setHealth({ problem: 'The server cannot be reached.' }),
      );
    return () => {
      isOver = true;
    };
  }, [api, turn]);
  return health;
}
