import { useState } from 'preact/hooks';
import type { Api } from './api';
import type { FailureEntry } from './documents';
import { count, moment, words } from './format';
import { UserLink } from './links';
import { Table } from './parts';

interface Props {
  readonly api: Api;
  readonly label: string;
  readonly failures: readonly FailureEntry[];
  readonly empty: string;
  readonly filtered?: boolean;
}

/** The latest failures, newest first, by whatever stands in them. */
export function FailureList({ api, label, failures, empty, filtered = false }: Props) {
  const [wanted, setWanted] = useState('');
  const word = wanted.trim().toLowerCase();
  const shown =
    word === ''
      ? failures
      : failures.filter((failure) =>
          [failure.code, failure.operation, failure.message, failure.user_id ?? '', failure.run_id ?? ''].some((text) =>
            text.toLowerCase().includes(word),
          ),
        );
  return (
    <>
      {filtered && (
        <label class="filter">
          Filter{' '}
          <input
            type="search"
            value={wanted}
            onInput={(event) => setWanted(event.currentTarget.value)}
            placeholder="code, user, words"
          />
        </label>
      )}
      <Table
        label={label}
        rows={shown}
        keyOf={({ at, code, message, run_id: run }) => `${at}-${code}-${run ?? ''}-${message.length}`}
        empty={failures.length === 0 ? empty : 'Nothing matches.'}
        columns={[
          { name: 'When', cell: ({ at }) => moment(at) },
          {
            name: 'What',
            cell: ({ code, count: times }) => (
              <>
                {words(code)}
                {times > 1 && <b> ×{count(times)}</b>}
              </>
            ),
          },
          {
            name: 'Whose',
            cell: ({ user_id: user, tenant_id: tenant, run_id: run }) =>
              user === null ? (
                '–'
              ) : (
                <UserLink
                  api={api}
                  user={{ user_id: user, ...(tenant !== undefined && { tenant_id: tenant }) }}
                  {...(run !== null && { run })}
                />
              ),
          },
          { name: 'Words', cell: ({ message }) => <span class="words">{message}</span> },
        ]}
      />
    </>
  );
}
