import { useState } from 'preact/hooks';
import { problemOf, type Api } from './api';
import type { Alert, Rule, Severity } from './documents';
import { age, amount, words } from './format';
import { State, Table } from './parts';
import type { Rights } from './rights';

interface Props {
  readonly api: Api;
  readonly rights: Rights;
  readonly rules: readonly Rule[];
  readonly alerts: readonly Alert[];
  readonly selected: string;
  readonly onSelect: (rule: string, visit?: boolean) => void;
}

const severities: readonly Severity[] = ['low', 'medium', 'high', 'critical'];

/** All rules; the chosen one with everything that can be changed of it. */
export function RulesView({ api, rights, rules, alerts, selected, onSelect }: Props) {
  const chosen = rules.find(({ name }) => name === selected);
  return (
    <>
      <Table
        label="Rules"
        whole
        rows={rules}
        keyOf={({ name }) => name}
        empty="There are no rules."
        toneOf={({ name }) => (name === selected ? 'quiet' : undefined)}
        columns={[
          {
            name: 'Rule',
            cell: ({ name }) => (
              <button
                type="button"
                class="link"
                aria-expanded={name === selected}
                onClick={() => onSelect(name === selected ? '' : name, true)}
                data-testid={`rule-${name}`}
              >
                {words(name)}
              </button>
            ),
          },
          {
            name: 'Now',
            cell: ({ name, enabled }) =>
              enabled ? <State name={alerts.find((alert) => alert.name === name)?.state ?? 'inactive'} /> : <State name="off" />,
          },
          { name: 'Severity', cell: ({ severity }) => severity },
          {
            name: 'Fires when',
            cell: ({ signal, comparison, threshold }) => `${words(signal)} ${words(comparison)} ${amount(threshold)}`,
          },
          { name: 'For', numeric: true, cell: ({ for_s: seconds }) => age(seconds) },
        ]}
      />
      {chosen !== undefined && <RuleDetails key={chosen.name} api={api} rights={rights} rule={chosen} />}
    </>
  );
}

function RuleDetails({ api, rights, rule }: { readonly api: Api; readonly rights: Rights; readonly rule: Rule }) {
  const [draft, setDraft] = useState(rule);
  const [said, setSaid] = useState<{ readonly problem: boolean; readonly text: string }>();
  const change = (part: Partial<Rule>): void => setDraft((before) => ({ ...before, ...part }));
  const save = async (event: Event): Promise<void> => {
    event.preventDefault();
    const { enabled, severity, threshold, clear_threshold, for_s, keep_firing_s } = draft;
    try {
      await api.send('PUT', api.monitoring(`rules/${encodeURIComponent(rule.name)}`), {
        enabled,
        severity,
        threshold,
        clear_threshold,
        for_s,
        keep_firing_s,
      });
      setSaid({ problem: false, text: 'Saved; it counts from the next second.' });
    } catch (error) {
      setSaid({ problem: true, text: problemOf(error) });
    }
  };
  const number = (label: string, name: 'threshold' | 'clear_threshold' | 'for_s' | 'keep_firing_s') => (
    <label>
      {label}
      <input
        type="number"
        step="any"
        required
        disabled={!rights.configure}
        value={draft[name]}
        onInput={(event) => change({ [name]: event.currentTarget.valueAsNumber })}
        data-testid={`rule-${name}`}
      />
    </label>
  );
  return (
    <form
      class="form rule"
      onSubmit={(event) => void save(event)}
      aria-label={`Rule ${words(rule.name)}`}
      data-testid="rule-form"
    >
      <p>{rule.summary}</p>
      <p class="quiet">{rule.description}</p>
      <div class="fields">
        <label class="check">
          <input
            type="checkbox"
            checked={draft.enabled}
            disabled={!rights.configure}
            onChange={(event) => change({ enabled: event.currentTarget.checked })}
          />{' '}
          Evaluated
        </label>
        <label>
          Severity
          <select
            value={draft.severity}
            disabled={!rights.configure}
            onChange={(event) => change({ severity: event.currentTarget.value as Severity })}
          >
            {severities.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
        {number('Threshold', 'threshold')}
        {number('Clear threshold', 'clear_threshold')}
        {number('For, s', 'for_s')}
        {number('Keep firing, s', 'keep_firing_s')}
      </div>
      {rights.configure ? (
        <div class="actions">
          <button type="submit" class="button primary" data-testid="rule-save">
            Save
          </button>
          <span role="status" class={said?.problem ? 'problem' : 'quiet'} data-testid="rule-said">
            {said?.text}
          </span>
        </div>
      ) : (
        <p class="quiet">Changing it needs the right configure.</p>
      )}
    </form>
  );
}
