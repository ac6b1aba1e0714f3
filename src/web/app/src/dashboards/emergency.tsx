import { useState } from 'preact/hooks';
import type { Api } from './api';
import { ActionButton } from './action';
import type { SystemHealth } from './documents';
import { Badge, Facts } from './parts';
import type { Rights } from './rights';

interface Props {
  readonly api: Api;
  readonly rights: Rights;
  readonly emergency: SystemHealth['emergency_mode'];
  readonly drain: SystemHealth['drain'];
}

/** Emergency mode, drain and the check of health: what they are at the moment, and for those who may, the way to change them. */
export function EmergencyControls({ api, rights, emergency, drain }: Props) {
  const [reason, setReason] = useState('');
  const mode = api.monitoring('emergency/mode');
  return (
    <>
      <Facts
        rows={[
          [
            'Emergency mode',
            emergency.on ? (
              <Badge key="on" tone="bad">
                on: {emergency.reason}
              </Badge>
            ) : (
              <Badge key="off" tone="quiet">
                off
              </Badge>
            ),
          ],
          [
            'Drain',
            drain.on ? (
              <Badge key="on" tone="warn">
                on: {drain.reason}; {drain.left ?? 0} of {drain.connections ?? 0} pages have gone
              </Badge>
            ) : (
              <Badge key="off" tone="quiet">
                off
              </Badge>
            ),
          ],
        ]}
      />
      {rights.act && (
        <div class="form">
          {!emergency.on && (
            <label>
              Reason
              <input value={reason} maxLength={200} onInput={(event) => setReason(event.currentTarget.value)} />
            </label>
          )}
          <div class="actions">
            {emergency.on ? (
              <ActionButton run={() => api.send('DELETE', mode)}>Leave emergency mode</ActionButton>
            ) : (
              <ActionButton
                confirm="Tokens are refused until it is left."
                disabled={reason.trim() === ''}
                run={() => api.send('PUT', mode, { reason: reason.trim() })}
              >
                Enter emergency mode
              </ActionButton>
            )}
            <ActionButton
              run={() => api.send('POST', api.monitoring('emergency/health-check'))}
              done="It passed through all checks."
            >
              Check health now
            </ActionButton>
          </div>
        </div>
      )}
    </>
  );
}
