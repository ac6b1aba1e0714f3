import type { CatchUp } from 'netra-pipeline-client';

interface Props {
  readonly range: CatchUp;
  readonly lastSeq: number;
}

/** Says that events are on their way which this page lacks. Short ones are over before the bar has faded in. */
export function CatchUpBar({ range, lastSeq }: Props) {
  const total = range.to - range.from + 1;
  const done = Math.min(total, Math.max(0, lastSeq - range.from + 1));
  return (
    <div class="catch-up" role="status" data-testid="catch-up">
      <label>
        <span>Catching up with {total === 1 ? 'one event' : `${total} events`} …</span>
        <progress max={total} value={done} />
      </label>
    </div>
  );
}
