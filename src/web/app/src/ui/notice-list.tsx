import type { Notice } from 'netra-pipeline-client/runs';
import { NoticeCard } from './notice-card';

/** So many are shown at once; the others come up as these are dismissed. */
const shown = 4;

interface Props {
  readonly notices: readonly Notice[];
  readonly omitted: number;
  readonly onDismiss: (id: number) => void;
}

/** What went wrong and belongs to no run on the page, the newest first. */
export function NoticeList({ notices, omitted, onDismiss }: Props) {
  if (notices.length === 0) {
    return null;
  }
  const more = notices.length - shown + omitted;
  return (
    <section class="notices" aria-label="Problems">
      {notices.slice(-shown).reverse().map((notice) => (
        <NoticeCard key={notice.id} notice={notice} testId="error-banner" onDismiss={onDismiss} />
      ))}
      {more > 0 && <p class="notices-more">and {more} more</p>}
    </section>
  );
}
