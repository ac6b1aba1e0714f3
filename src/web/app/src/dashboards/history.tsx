import { useState } from 'preact/hooks';
import type { Api } from './api';
import type { History, HistoryEntry } from './documents';
import { moment, words } from './format';
import { Table } from './parts';
import { useAsked } from './use-dashboard';

interface Props {
  readonly api: Api;
  readonly rule: string;
  readonly onRule: (rule: string) => void;
  /** Whatever changes when there may be news. */
  readonly turn: string;
}

const pageSize = 50;

/** What became of alerts and notifications, newest first, page by page. */
export function HistoryView({ api, rule, onRule, turn }: Props) {
  const [before, setBefore] = useState<readonly number[]>([]);
  const at = before.at(-1);
  const { data, problem } = useAsked<History>(
    api,
    api.monitoring(`alerts/history?order=newest&limit=${pageSize}${at === undefined ? '' : `&before=${at}`}`),
    turn,
  );
  const entries = (data?.history ?? []).filter(({ name }) => rule === '' || name === rule);
  return (
    <>
      {rule !== '' && (
        <p class="quiet">
          Only {words(rule)}.{' '}
          <button type="button" class="link" onClick={() => onRule('')}>
            Show all
          </button>
        </p>
      )}
      <Table<HistoryEntry>
        label="History"
        rows={entries}
        keyOf={({ number }) => String(number)}
        empty={problem ?? (data === undefined ? 'Asking…' : 'Nothing on this page.')}
        columns={[
          { name: 'When', cell: ({ at: when }) => moment(when) },
          { name: 'What', cell: ({ what }) => words(what) },
          { name: 'Alert', cell: ({ name, alert_id: id }) => (name === undefined ? (id ?? '–') : words(name)) },
          { name: 'Words', cell: ({ detail }) => <span class="words">{detail}</span> },
        ]}
      />
      <div class="actions">
        {before.length > 0 && (
          <button type="button" class="button" onClick={() => setBefore(before.slice(0, -1))}>
            Newer
          </button>
        )}
        {data?.next !== undefined && (
          <button type="button" class="button" onClick={() => setBefore([...before, data.next ?? 0])}>
            Older
          </button>
        )}
      </div>
    </>
  );
}
