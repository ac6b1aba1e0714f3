import { useAddress } from './address';
import type { TrendRange } from './documents';

const ranges: readonly { readonly id: TrendRange; readonly name: string }[] = [
  { id: 'hour', name: 'Hour' },
  { id: 'day', name: 'Day' },
  { id: 'month', name: 'Month' },
  { id: 'years', name: '2 years' },
];

/** The range in the address, and how to change it. */
export function useRange(absent: TrendRange): readonly [TrendRange, (range: TrendRange) => void] {
  const [range, setRange] = useAddress('range', absent);
  return [ranges.find(({ id }) => id === range)?.id ?? absent, setRange];
}

interface Props {
  readonly range: TrendRange;
  readonly onChange: (range: TrendRange) => void;
}

/** How far back the charts go. */
export function RangeChoice({ range, onChange }: Props) {
  return (
    <fieldset class="segments" data-testid="range">
      <legend class="visually-hidden">Range</legend>
      {ranges.map(({ id, name }) => (
        <label key={id}>
          <input type="radio" name="range" value={id} checked={id === range} onChange={() => onChange(id)} />
          <span>{name}</span>
        </label>
      ))}
    </fieldset>
  );
}
