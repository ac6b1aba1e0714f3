import { useState } from 'preact/hooks';
import { ActionButton } from './action';
import { problemOf, type Api } from './api';
import type { Policy } from './documents';
import { age, duration, words } from './format';
import { Table } from './parts';
import type { Rights } from './rights';

interface Props {
  readonly api: Api;
  readonly rights: Rights;
  readonly policy: Policy;
  readonly channels: readonly string[];
}

/** Who is told of an incident, and after how long, until somebody takes it; and whether each channel works. */
export function PolicyView({ api, rights, policy, channels }: Props) {
  const [draft, setDraft] = useState<Policy>();
  const [said, setSaid] = useState<string>();
  const shown = draft ?? policy;
  const change = (level: string, delay: number): void =>
    setDraft({
      ...shown,
      steps: shown.steps.map((step) => (step.level === level ? { ...step, delay_s: delay } : step)),
    });
  const toggle = (level: string, channel: string, isOn: boolean): void =>
    setDraft({
      ...shown,
      steps: shown.steps.map((step) =>
        step.level !== level
          ? step
          : {
              ...step,
              channels: isOn ? [...step.channels, channel] : step.channels.filter((one) => one !== channel),
            },
      ),
    });
  const save = async (): Promise<void> => {
    try {
      await api.send('PUT', api.monitoring('escalation-policy'), shown);
      setDraft(undefined);
      setSaid(undefined);
    } catch (error) {
      setSaid(problemOf(error));
    }
  };
  return (
    <>
      <Table
        label="Steps of escalation"
        rows={shown.steps}
        keyOf={({ level }) => level}
        empty="Nobody is told of anything."
        columns={[
          { name: 'Level', cell: ({ level }) => level },
          {
            name: 'After, s',
            numeric: true,
            cell: ({ level, delay_s: delay }) =>
              rights.configure ? (
                <input
                  type="number"
                  class="narrow"
                  min={0}
                  aria-label={`Delay of ${level} in seconds`}
                  value={delay}
                  onInput={(event) => change(level, event.currentTarget.valueAsNumber)}
                />
              ) : (
                age(delay)
              ),
          },
          {
            name: 'Channels',
            cell: ({ level, channels: told }) =>
              rights.configure
                ? channels.map((channel) => (
                    <label key={channel} class="check">
                      <input
                        type="checkbox"
                        checked={told.includes(channel)}
                        aria-label={`${channel} for ${level}`}
                        onChange={(event) => toggle(level, channel, event.currentTarget.checked)}
                      />{' '}
                      {channel}
                    </label>
                  ))
                : told.join(', '),
          },
        ]}
      />
      <p class="quiet">
        An acknowledgement counts for {duration(shown.acknowledge_timeout_s)}.
        {shown.always_inform.map(({ rule, level }) => ` Of ${words(rule)}, ${level} is always told.`)}
      </p>
      <div class="actions">
        {draft !== undefined && (
          <button type="button" class="button primary" onClick={() => void save()}>
            Save escalation
          </button>
        )}
        {draft !== undefined && (
          <button type="button" class="button" onClick={() => setDraft(undefined)}>
            Discard
          </button>
        )}
        {said !== undefined && (
          <span class="problem" role="alert">
            {said}
          </span>
        )}
        {rights.act &&
          channels.map((channel) => (
            <ActionButton
              key={channel}
              run={() => api.send('POST', api.monitoring(`channels/${encodeURIComponent(channel)}/test`))}
              done="It has taken the test."
            >
              Test {channel}
            </ActionButton>
          ))}
      </div>
    </>
  );
}
