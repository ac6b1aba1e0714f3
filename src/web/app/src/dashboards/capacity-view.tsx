import type { Capacity } from './documents';
import { amount, bytes, count, words } from './format';
import { Gauge } from './parts';

/** What a limit's figures are called, and how they are shown. */
function shown(name: string): { readonly label: string; readonly format: (value: number) => string } {
  switch (name) {
    case 'connections':
      return { label: 'Connections', format: count };
    case 'buffer_bytes':
      return { label: 'Buffers for pages', format: bytes };
    case 'memory_bytes':
      return { label: 'Memory', format: bytes };
    case 'cpu_cores':
      return { label: 'Processor cores', format: amount };
    default:
      return { label: words(name), format: amount };
  }
}

/** How many more users fit, in one sentence. */
export function roomOf({ more_users: more, first_limit: first }: Capacity): string {
  return more === undefined || first === undefined
    ? 'not known yet'
    : `${count(more)} more users until ${shown(first).label.toLowerCase()}`;
}

/** Each limit with how much of it is used, and for how many more users there is room. */
export function CapacityView({ capacity }: { readonly capacity: Capacity }) {
  return (
    <div class="gauges">
      {capacity.limits.map(({ name, used, limit, per_user: each, more_users: more }) => {
        const { label, format } = shown(name);
        return (
          <Gauge
            key={name}
            label={label}
            share={limit > 0 ? used / limit : 0}
            text={`${format(used)} of ${format(limit)}`}
            note={
              each === undefined || more === undefined
                ? 'How much a user takes cannot be told yet.'
                : `${format(each)} for each user: room for ${count(more)} more${name === capacity.first_limit ? ', the first limit' : ''}`
            }
          />
        );
      })}
    </div>
  );
}
