import { WarningIcon } from './icons';

/** Stands in the conversation where the server has ended unexpectedly. */
export function Interruption() {
  return (
    <div class="notice notice-warning" role="status" data-testid="interruption" data-code="server_restart">
      <WarningIcon />
      <p>The server was restarted unexpectedly. Something that happened just before may be missing here.</p>
    </div>
  );
}
