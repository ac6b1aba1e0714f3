interface Props {
  readonly count: number;
  readonly asking: boolean;
}

/** Says that a run has ended but did not arrive as a whole. */
export function MissingEvents({ count, asking }: Props) {
  return (
    <p class="run-quiet" role="status" data-testid="run-missing" data-asking={asking}>
      {count === 1 ? 'One event' : `${count} events`} of this run did not arrive.{' '}
      {asking ? 'Asking the server again …' : 'Asking the server again did not help.'}
    </p>
  );
}
