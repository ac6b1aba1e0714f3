import { useState } from 'preact/hooks';
import type { JsonObject } from 'netra-pipeline-client';
import { isImage, readResultRef } from 'netra-pipeline-client/runs';
import { formatBytes } from './format';

interface Props {
  readonly toolName: string;
  readonly value: JsonObject;
}

/** A result that is kept elsewhere, since it is too large for an event: an image, or a link to whatever it is. */
export function ResultLink({ toolName, value }: Props) {
  const [broken, setBroken] = useState(false);
  const ref = readResultRef(value, location.href);
  if (ref === undefined) {
    return (
      <p class="quiet-note" data-testid="result-unusable">
        The result is kept elsewhere, at an address that this page does not follow.
      </p>
    );
  }
  const details = [ref.mediaType, ref.bytes === undefined ? undefined : formatBytes(ref.bytes)].filter((text) => text !== undefined);
  return (
    <figure class="result-ref">
      {isImage(ref) && !broken && (
        <a href={ref.url} target="_blank" rel="noopener noreferrer">
          <img
            src={ref.url}
            alt={`Result of ${toolName}`}
            loading="lazy"
            referrerPolicy="no-referrer"
            data-testid="result-image"
            onError={() => setBroken(true)}
          />
        </a>
      )}
      <figcaption>
        <a class="link" href={ref.url} target="_blank" rel="noopener noreferrer" data-testid="result-link">Open the result</a>
        {details.length > 0 && <span class="result-details"> {details.join(', ')}</span>}
      </figcaption>
    </figure>
  );
}
