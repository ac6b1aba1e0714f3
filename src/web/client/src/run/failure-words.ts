/**
 * What a failure of the server's own machinery means for the person in front of the page. Codes that are not here come with a
 * message that was written for people: of agents, tools, handlers and operators.
 */
const words: Readonly<Record<string, string>> = {
  critical_delivery_failed:
    'None of your devices has confirmed an important step, however often it was sent. It is kept, and the operator was told.',
  event_dropped: 'Some events were not kept any longer before any of your devices had seen them.',
  event_too_large: 'Something was too large to be sent, so it is not shown here.',
  server_restart: 'The server was restarted while this run was going on, and the run cannot go on.',
  connection_lost: 'A connection that a run needed has ended.',
  send_failed: 'The server could not send something.',
  log_full: 'The server cannot keep more at the moment, so something was not sent.',
  log_failed: 'The server could not store something, so it may be missing later.',
  silent_failure: 'The server has noticed that this page does not confirm what it is sent. Reloading the page may help.',
};

export function plainWords(code: string): string | undefined {
  return Object.hasOwn(words, code) ? words[code] : undefined;
}
