import type { Notice } from 'netra-pipeline-client/runs';
import { CloseIcon, WarningIcon } from './icons';

interface Props {
  readonly notice: Notice;
  readonly testId: string;
  readonly onDismiss: (id: number) => void;
}

export function NoticeCard({ notice, testId, onDismiss }: Props) {
  return (
    <div class={`notice notice-${notice.severity}`} role="alert" data-testid={testId} data-code={notice.code}>
      <WarningIcon />
      <p>
        {notice.severity === 'critical' && <strong>Critical: </strong>}
        {notice.message} <code class="notice-code">{notice.code}</code>
        {notice.count > 1 && <span class="notice-count"> {notice.count} times</span>}
        {notice.detail !== undefined && <span class="notice-detail">{notice.detail}</span>}
      </p>
      <button type="button" class="icon-button" aria-label="Dismiss" onClick={() => onDismiss(notice.id)}>
        <CloseIcon />
      </button>
    </div>
  );
}
