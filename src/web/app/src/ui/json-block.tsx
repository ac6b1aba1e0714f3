import type { Json } from 'netra-pipeline-client';
import { formatJson, shorten } from './format';

const maxLength = 20_000;

interface Props {
  readonly title: string;
  readonly value: Json;
}

export function JsonBlock({ title, value }: Props) {
  return (
    <figure class="json">
      <figcaption>{title}</figcaption>
      <pre tabIndex={0}>{shorten(formatJson(value), maxLength)}</pre>
    </figure>
  );
}
