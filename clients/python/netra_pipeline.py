"""Publishes the events of agents' runs to a Netra.Pipeline server. One file, the standard library alone, Python 3.9 or later.

    from netra_pipeline import Publisher

    with Publisher("http://127.0.0.1:5080") as publisher:
        with publisher.run("ada", "t1", "r1") as run:
            run.started("my-agent")
            run.token("Hello")
            run.completed()

Each event has an idempotency key, is sent over one long request after the other until it has a receipt, and makes exactly one event,
however often connections break. Events come in the order in which they were given; whoever publishes more than may wait, waits. An event
that the server refuses for the time being is sent again, before those that were not sent yet. Leases of runs are renewed by the request
being open.
"""
from __future__ import annotations

import collections
import json
import logging
import queue
import random
import socket
import ssl
import threading
import time
import urllib.parse
import uuid
from dataclasses import dataclass, field
from typing import Any, Callable, Deque, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple, Union

__all__ = [
    "Answer", "AnswerCommand", "CancelRunCommand", "ChatMessageCommand", "Command", "Publisher", "PublisherClosed", "PublishRejected",
    "PublishTimeout", "Receipt", "Run", "Unauthorized",
]

log = logging.getLogger("netra_pipeline")

#: Refusals that pass (docs/protocol.md, section 8): the event is sent again.
_FOR_NOW = frozenset({
    "log_full", "log_failed", "overflow_timeout", "not_initialized", "bridge_unavailable", "draining", "send_failed", "rate_limited",
    "authentication_unavailable",
})
_TERMINAL = frozenset({"agent_completed", "agent_failed", "agent_cancelled"})
_SIGNS_OF_LIFE = frozenset({"heartbeat", "waiting"})
_ABANDONED = ("run_abandoned", "The publisher has left the run without an end.")
#: A request that lived this long, in seconds, ends a row of failed tries.
_STABLE = 5.0
#: How much goes out in one piece, in bytes.
_PIECE = 64 * 1024
_LONGEST_LINE = 1024 * 1024
_LONGEST_PAUSE_ASKED = 3600.0
_MAX_COMMANDS_WAITING = 256
_MAX_COMMANDS_REMEMBERED = 10_000


class PublishRejected(Exception):
    """The server has refused an event for good. `code` is one of docs/protocol.md, section 8."""

    def __init__(self, code: str, message: str, event: Mapping[str, Any]) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.event = event


class PublisherClosed(Exception):
    """The publisher has ended: what became of events without a receipt is not known.

    `reason` is `closed`, `unauthorized`, `forbidden`, `refused` or `application_failed`.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class PublishTimeout(Exception):
    """What was waited for has not come in time. The event is not taken back."""


class Unauthorized(Exception):
    """Raised by an application's source of tokens when there is none, and asking again would not help."""


@dataclass(frozen=True)
class Receipt:
    """What the server has made of an event. It is stored."""

    #: `queued`, `stored`, `lagging`; `renewed` for signs of life; `waiting`, `answered` for a question that was asked before.
    status: str
    #: The event's id; None for signs of life.
    id: Optional[str] = None
    #: Its number in its user's stream, from 1; 0 for signs of life.
    seq: int = 0
    #: How long may pass until the next sign of life, in seconds, where it was one.
    lease: Optional[float] = None
    #: The answer, where a question was asked again that has one.
    value: Any = None
    #: Who gave it.
    by: Optional[str] = None


@dataclass(frozen=True)
class Answer:
    """What somebody has answered to what a run asked: True or False, one of the options, a text, or any JSON, as was asked."""

    value: Any
    by: str


@dataclass(frozen=True)
class Command:
    """What a user wants of the backend (docs/protocol.md, section 9.11). It comes at least once, under one id."""

    command_id: str
    user_id: str
    thread_id: str
    tenant_id: Optional[str]


@dataclass(frozen=True)
class CancelRunCommand(Command):
    """A run is to be cancelled."""

    run_id: str


@dataclass(frozen=True)
class AnswerCommand(Command):
    """What a run has asked is answered."""

    run_id: str
    request_id: str
    value: Any
    by: str


@dataclass(frozen=True)
class ChatMessageCommand(Command):
    """A user has written something."""

    message_id: str
    content: str
    data: Any = None


class Pending:
    """An event that waits for its receipt. Safe for any number of threads."""

    def __init__(self) -> None:
        self._done = threading.Event()
        self._receipt: Optional[Receipt] = None
        self._error: Optional[Exception] = None

    @property
    def done(self) -> bool:
        """Whether there is a receipt, or there will be none."""
        return self._done.is_set()

    def result(self, timeout: Optional[float] = None) -> Receipt:
        """Waits for the receipt, `timeout` seconds at most. Raises PublishRejected, PublisherClosed or PublishTimeout."""
        if not self._done.wait(timeout):
            raise PublishTimeout(f"no receipt within {timeout} s")
        if self._error is not None:
            raise self._error
        assert self._receipt is not None
        return self._receipt

    def _settle(self, receipt: Optional[Receipt], error: Optional[Exception]) -> None:
        if not self._done.is_set():
            self._receipt, self._error = receipt, error
            self._done.set()


@dataclass(eq=False)
class _Line:
    """A line that waits for its answer. What the publisher says by itself has no event, and is not sent again on another connection."""

    body: bytes
    event: Optional[Mapping[str, Any]]
    run: Optional["Run"]
    pending: Pending = field(default_factory=Pending)
    #: Its place in the order in which events were given, from 1; 0 for what the publisher says by itself.
    place: int = 0


class Publisher:
    """Publishes events over one long request after the other. Safe for any number of threads; close it, or use it in `with`.

    address: where the server is, `http` or `https`, with its prefix if it has one.
    token: the credential (an API key or a token with the right `publish`), or a function that returns one before every connection; it
        raises Unauthorized when there is none, and anything else it raises is taken for a trouble that passes. Default: none is sent.
    on_command: takes commands, one after the other, in a thread of its own; a command counts as taken when it has returned, and comes again
        if it raises. Runs of this publisher hear of their own (`Run.cancelled`, `Run.ask`) without it, and before it.
    subscribe_to_messages: whether the messages of users come to `on_command`.
    on_rejected: told of every event that is refused for good, whoever waits for its receipt.
    max_waiting, max_waiting_bytes: how many events may wait for receipts (1 to 100,000), and how many bytes of them.
    connect_timeout: how long connecting, and the beginning of the answer, may take, in seconds.
    answer_timeout: how long the server may say nothing at all before it is taken for gone, in seconds; it says something every 15 s.
    first_pause, longest_pause: bounds of the pause before the next try, in seconds: it is anything up to a bound that doubles.
    close_timeout: how long closing waits for receipts, in seconds.
    context: TLS, as `ssl.create_default_context()` has it by default.
    """

    def __init__(
        self,
        address: str,
        *,
        token: Union[None, str, Callable[[], str]] = None,
        on_command: Optional[Callable[[Command], None]] = None,
        subscribe_to_messages: bool = False,
        on_rejected: Optional[Callable[[PublishRejected], None]] = None,
        max_waiting: int = 1024,
        max_waiting_bytes: int = 8 * 1024 * 1024,
        connect_timeout: float = 10.0,
        answer_timeout: float = 45.0,
        first_pause: float = 0.25,
        longest_pause: float = 10.0,
        close_timeout: float = 5.0,
        context: Optional[ssl.SSLContext] = None,
    ) -> None:
        parts = urllib.parse.urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"address is {address!r}; it must be an absolute address of http or https")
        _require("max_waiting", max_waiting, 1, 100_000)
        _require("max_waiting_bytes", max_waiting_bytes, 1024, 1024**3)
        _require("connect_timeout", connect_timeout, 0.1, 3600)
        _require("answer_timeout", answer_timeout, 0.1, 3600)
        _require("first_pause", first_pause, 0.001, 3600)
        _require("longest_pause", longest_pause, first_pause, 3600)
        _require("close_timeout", close_timeout, 0, 3600)
        if subscribe_to_messages and on_command is None:
            raise ValueError("subscribe_to_messages is True; it must be False unless there is an on_command")
        self._parts = parts
        self._token = token
        self._on_command = on_command
        self._subscribes = subscribe_to_messages
        self._on_rejected = on_rejected
        self._max_waiting, self._max_waiting_bytes = max_waiting, max_waiting_bytes
        self._connect_timeout, self._answer_timeout = connect_timeout, answer_timeout
        self._first_pause, self._longest_pause, self._close_timeout = first_pause, longest_pause, close_timeout
        self._context = context
        self._keys = uuid.uuid4().hex
        # One lock guards all that follows; whoever waits for a change of it waits here.
        self._changed = threading.Condition()
        self._unsent: Deque[_Line] = collections.deque()
        self._sent: Deque[_Line] = collections.deque()
        self._again = 0
        self._last_place = 0
        self._number = 0
        self._waiting = 0
        self._waiting_bytes = 0
        self._held_until = 0.0
        self._holds = 0
        self._runs: Dict[Tuple[Optional[str], str, str, str], "Run"] = {}
        self._failure: Optional[PublisherClosed] = None
        self._closing = False
        self._request: Optional[_Request] = None
        self._commands: "queue.Queue[Optional[Command]]" = queue.Queue()
        # False while a command is in hand, True when it was taken.
        self._known: "collections.OrderedDict[str, bool]" = collections.OrderedDict()
        self._thread = threading.Thread(target=self._publish_until_failed, name="netra-publisher", daemon=True)
        self._thread.start()
        self._command_thread: Optional[threading.Thread] = None
        if on_command is not None:
            self._command_thread = threading.Thread(target=self._handle_commands, name="netra-commands", daemon=True)
            self._command_thread.start()

    def __enter__(self) -> "Publisher":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def waiting(self) -> int:
        """How many events wait for their receipts."""
        with self._changed:
            return self._waiting

    def run(
        self, user_id: str, thread_id: str, run_id: str, *, attempt: int = 1, tenant_id: Optional[str] = None
    ) -> "Run":
        """Begins to publish a run; nothing is sent by it. `attempt` counts from 1: a backend that has failed begins again with the next."""
        run = Run(self, user_id, thread_id, run_id, attempt, tenant_id)
        with self._changed:
            if run._key in self._runs:
                raise ValueError(f"run {run_id!r} of thread {thread_id!r} is published already by this publisher")
            self._runs[run._key] = run
        return run

    def publish(self, event: Mapping[str, Any], timeout: Optional[float] = None) -> Receipt:
        """Publishes an event (docs/protocol.md, section 9) and waits for its receipt. Raises PublishRejected, PublisherClosed or
        PublishTimeout; an `idempotency_key` of the application's own is good over processes."""
        deadline = None if timeout is None else time.monotonic() + timeout
        pending = self.enqueue(event, timeout)
        return pending.result(None if deadline is None else max(0.0, deadline - time.monotonic()))

    def enqueue(self, event: Mapping[str, Any], timeout: Optional[float] = None) -> Pending:
        """Publishes an event without waiting for its receipt. Waits for room, `timeout` seconds at most."""
        return self._enqueue(event, None, timeout)

    def flush(self, timeout: Optional[float] = None) -> None:
        """Waits until nothing waits for a receipt. Raises PublishTimeout."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._waiting == 0, timeout):
                raise PublishTimeout(f"{self._waiting} events have no receipt after {timeout} s")

    def close(self) -> None:
        """Waits for the receipts of what was published (`close_timeout`), and ends the request. What has no receipt then fails."""
        try:
            self.flush(self._close_timeout)
        except PublishTimeout as timeout:
            log.warning("closing: %s", timeout)
        with self._changed:
            self._closing = True
            request = self._request
            self._changed.notify_all()
        self._thread.join(self._close_timeout + 1.0)
        if self._thread.is_alive() and request is not None:
            request.close()
            self._thread.join(self._connect_timeout + 1.0)
        self._commands.put(None)
        if self._command_thread is not None and self._command_thread is not threading.current_thread():
            self._command_thread.join(self._close_timeout)
        self._fail(PublisherClosed("closed", "the publisher was closed before the receipt came"))

    def _enqueue(self, event: Mapping[str, Any], run: Optional["Run"], timeout: Optional[float]) -> Pending:
        line = self._with_key(event)
        body = _line(line)
        if len(body) > self._max_waiting_bytes:
            raise ValueError(f"the event has {len(body)} bytes; it may have {self._max_waiting_bytes} (max_waiting_bytes)")

        def has_room() -> bool:
            return self._failure is not None or self._closing or self._waiting == 0 or (
                self._waiting < self._max_waiting and self._waiting_bytes + len(body) <= self._max_waiting_bytes)

        with self._changed:
            if not self._changed.wait_for(has_room, timeout):
                raise PublishTimeout(f"{self._waiting} events wait for receipts, and there was no room within {timeout} s (max_waiting)")
            if self._failure is not None or self._closing:
                raise self._failure or PublisherClosed("closed", "the publisher is closed")
            return self._add(body, line, run)

    def _enqueue_now(self, event: Mapping[str, Any], run: "Run") -> None:
        """An event that must not wait for room: at most one of a run."""
        line = self._with_key(event)
        with self._changed:
            if self._failure is None:
                self._add(_line(line), line, run)

    def _with_key(self, event: Mapping[str, Any]) -> Dict[str, Any]:
        line = dict(event)
        with self._changed:
            self._number += 1
            if line.get("type") not in _SIGNS_OF_LIFE:
                line.setdefault("idempotency_key", f"{self._keys}-{self._number}")
        return line

    def _add(self, body: bytes, line: Mapping[str, Any], run: Optional["Run"]) -> Pending:
        self._last_place += 1
        added = _Line(body, line, run, place=self._last_place)
        self._unsent.append(added)
        self._weigh(added, 1)
        self._changed.notify_all()
        return added.pending

    def _weigh(self, line: _Line, sign: int) -> None:
        if line.event is not None:
            self._waiting += sign
            self._waiting_bytes += sign * len(line.body)

    def _interject(self, line: Mapping[str, Any], run: Optional["Run"] = None) -> None:
        """A line of the publisher's own, which goes out next and needs no room."""
        with self._changed:
            self._unsent.appendleft(_Line(_line(line), None, run))
            self._again += 1 if self._again else 0
            self._changed.notify_all()

    def _is_wanted(self) -> bool:
        """Whether a request is to be open."""
        return bool(self._unsent) or self._on_command is not None or any(run._is_open for run in self._runs.values())

    def _publish_until_failed(self) -> None:
        tries = 0
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closing or self._is_wanted())
                if self._closing:
                    return
            began = time.monotonic()
            try:
                was_up, end = self._connect_once()
            except Exception as fault:  # The application's own code, or a fault of ours: nobody may wait for ever for it.
                log.exception("publishing has ended for good")
                self._fail(PublisherClosed("application_failed", str(fault)))
                return
            self._rewind()
            asked = 0.0
            if isinstance(end, Unauthorized):
                end = _Refused(401, str(end), None)
            if isinstance(end, _Refused):
                if end.reason is not None:
                    log.error("publishing has ended for good (%s): %s", end.reason, end)
                    self._fail(PublisherClosed(end.reason, str(end)))
                    return
                asked = min(end.retry_after or 0.0, _LONGEST_PAUSE_ASKED)
            if was_up and time.monotonic() - began >= _STABLE:
                tries = 0
            pause = asked + self._pause(tries)
            tries += 1
            with self._changed:
                if self._closing:
                    return
                if self._is_wanted():
                    log.warning("not publishing: %s; connecting again in %.2f s, %d events wait",
                                end or "the server has ended its answer", pause, self._waiting)
                self._changed.wait_for(lambda: self._closing, pause)

    def _pause(self, tries: int) -> float:
        return random.random() * min(self._longest_pause, self._first_pause * 2.0 ** min(tries, 40))

    def _connect_once(self) -> Tuple[bool, Optional[Exception]]:
        """One request, from its beginning to its end: whether it was open, and how it ended."""
        try:
            token = self._token() if callable(self._token) else self._token
        except Exception as trouble:
            return False, trouble
        try:
            request = _Request(self._parts, token, self._subscribes, self._connect_timeout, self._answer_timeout, self._context)
        except (OSError, _Broken, _Refused) as trouble:
            return False, trouble
        log.info("publishing to %s; %d events wait", self._parts.netloc, self.waiting)
        over = threading.Event()
        failed: List[Exception] = []
        with self._changed:
            self._request = request
            # What a request has published to, it keeps alive by being open: this one has to hear of every run that goes on.
            heartbeats = [run for run in self._runs.values() if run._is_open]
        for run in heartbeats:
            self._interject(run._event("heartbeat", None), run)
        writer = threading.Thread(target=self._write, args=(request, over, failed), name="netra-writer", daemon=True)
        writer.start()
        end: Optional[Exception] = None
        try:
            for line in request.lines():
                self._answered(line)
        except (OSError, _Broken) as trouble:
            end = trouble
        finally:
            over.set()
            with self._changed:
                self._request = None
                self._changed.notify_all()
            request.close()
            writer.join()
        return True, failed[0] if failed else end

    def _write(self, request: "_Request", over: threading.Event, failed: List[Exception]) -> None:
        try:
            while True:
                with self._changed:
                    while not over.is_set():
                        held = self._held_until - time.monotonic()
                        if self._closing or (self._unsent and held <= 0):
                            break
                        self._changed.wait(held if self._unsent and held > 0 else None)
                    if over.is_set():
                        return
                    piece: List[bytes] = []
                    size = 0
                    while self._unsent and not self._closing and (not piece or size + len(self._unsent[0].body) <= _PIECE):
                        line = self._unsent.popleft()
                        self._again = max(0, self._again - 1)
                        self._sent.append(line)
                        piece.append(line.body)
                        size += len(line.body)
                if not piece:
                    request.end()
                    return
                request.send(b"".join(piece))
        except OSError as trouble:
            failed.append(trouble)
            request.close()

    def _rewind(self) -> None:
        """The connection has ended: all that has no answer is to be sent again, in order."""
        with self._changed:
            lines = [line for line in (*self._sent, *self._unsent) if line.event is not None]
            self._sent.clear()
            self._unsent = collections.deque(lines)
            self._again = 0

    def _answered(self, line: Mapping[str, Any]) -> None:
        if "command" in line:
            self._add_command(line)
            return
        with self._changed:
            if not self._sent:
                raise _Broken("the server has answered what was not sent")
            sent = self._sent.popleft()
        if line.get("status") != "rejected":
            self._take(sent, line)
            return
        code, message = str(line.get("code")), str(line.get("message"))
        if code in ("run_ended", "attempt_superseded") and sent.run is not None:
            sent.run._over(PublishRejected(code, message, sent.event or sent.run._event("heartbeat", None)))
        if sent.event is None:
            return
        if code in _FOR_NOW:
            self._postpone(sent, code, message)
        else:
            if sent.run is not None:
                sent.run._refused(sent.event["type"])
            log.error("an event was refused, %s of run %s: %s, %s", sent.event.get("type"), sent.event.get("run_id"), code, message)
            rejected = PublishRejected(code, message, sent.event)
            sent.pending._settle(None, rejected)
            self._settled(sent)
            if self._on_rejected is not None:
                self._on_rejected(rejected)

    def _take(self, sent: _Line, line: Mapping[str, Any]) -> None:
        self._holds = 0
        lease = line.get("lease_ms")
        if sent.event is not None and sent.run is not None:
            sent.run._taken(sent.event["type"])
        sent.pending._settle(
            Receipt(
                str(line.get("status")), line.get("id"), int(line.get("seq", 0)), None if lease is None else lease / 1000.0,
                line.get("value"), line.get("by")),
            None)
        self._settled(sent)

    def _settled(self, line: _Line) -> None:
        with self._changed:
            self._weigh(line, -1)
            self._changed.notify_all()

    def _postpone(self, line: _Line, code: str, message: str) -> None:
        with self._changed:
            now = time.monotonic()
            if self._held_until <= now:
                # One pause for all that is refused together.
                pause = self._pause(self._holds)
                self._holds += 1
                self._held_until = now + pause
                log.warning("events are refused for the time being, and sent again in %.2f s: %s, %s", pause, code, message)
            # Among those that were refused, too, the order is that in which they were given.
            index = self._again
            while index > 0 and self._unsent[index - 1].place > line.place:
                index -= 1
            self._unsent.insert(index, line)
            self._again += 1
            self._changed.notify_all()

    def _fail(self, failure: PublisherClosed) -> None:
        with self._changed:
            self._failure = self._failure or failure
            left = [*self._sent, *self._unsent]
            self._sent.clear()
            self._unsent.clear()
            self._waiting = self._waiting_bytes = 0
            self._changed.notify_all()
        for line in left:
            line.pending._settle(None, self._failure)

    def _forget(self, run: "Run") -> None:
        with self._changed:
            if self._runs.get(run._key) is run:
                del self._runs[run._key]

    def _add_command(self, line: Mapping[str, Any]) -> None:
        try:
            command = _command(line)
        except (KeyError, TypeError) as fault:
            raise _Broken(f"the server has sent a command that is not as it must be: {fault}") from fault
        if command is None:
            return
        with self._changed:
            known = self._known.get(command.command_id)
            if known is None:
                self._known[command.command_id] = False
        if known is not None:
            if known:
                self._interject({"command_ack": command.command_id})
            return
        taken = self._tell_run(command)
        if self._on_command is None:
            self._settle_command(command, taken)
        elif self._commands.qsize() < _MAX_COMMANDS_WAITING:
            self._commands.put(command)
        else:
            self._settle_command(command, False)

    def _tell_run(self, command: Command) -> bool:
        if not isinstance(command, (CancelRunCommand, AnswerCommand)):
            return False
        with self._changed:
            run = self._runs.get((command.tenant_id, command.user_id, command.thread_id, command.run_id)) or self._runs.get(
                (None, command.user_id, command.thread_id, command.run_id))
        if run is None:
            return False
        if isinstance(command, CancelRunCommand):
            run.cancelled.set()
            return True
        return run._answer(command)

    def _handle_commands(self) -> None:
        assert self._on_command is not None
        while True:
            command = self._commands.get()
            if command is None:
                return
            try:
                self._on_command(command)
            except Exception:
                log.exception("on_command has failed; %s comes again", command.command_id)
                self._settle_command(command, False)
            else:
                self._settle_command(command, True)

    def _settle_command(self, command: Command, taken: bool) -> None:
        with self._changed:
            if taken:
                self._known[command.command_id] = True
                while len(self._known) > _MAX_COMMANDS_REMEMBERED:
                    self._known.popitem(last=False)
            else:
                self._known.pop(command.command_id, None)
        if taken:
            self._interject({"command_ack": command.command_id})
        else:
            log.warning("command %s (%s) is not taken here, and comes again", command.command_id, type(command).__name__)


class Run:
    """One run. Its lease is renewed until it has ended, or is left, while the publisher is there. It has one end: a run that is left
    without one ends as failed (`run_abandoned`). Methods of whole events wait for the receipt; those of pieces return at once, when there
    is room."""

    def __init__(
        self, publisher: Publisher, user_id: str, thread_id: str, run_id: str, attempt: int, tenant_id: Optional[str]
    ) -> None:
        if not (user_id and thread_id and run_id) or attempt < 1:
            raise ValueError("user_id, thread_id and run_id must not be empty, and attempt counts from 1")
        self._publisher = publisher
        self._key = (tenant_id, user_id, thread_id, run_id)
        self._attempt = attempt
        self._agent_name = "agent"
        self._is_open = False
        # Why it is over; who asks something then gets no answer any more.
        self._over_by: Optional[PublishRejected] = None
        self._is_left = False
        # How many ends of it were given, and not refused.
        self._ends = 0
        self._lock = threading.Lock()
        self._questions: Dict[str, "queue.Queue[Answer]"] = {}
        #: Set when the user wants the run to end. What becomes of it is said by its events (`cancelled_by`).
        self.cancelled = threading.Event()

    def __enter__(self) -> "Run":
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            is_to_end = self._lacks_end()
            # Where it is not known yet whether it has begun, it is ended when that is known.
            self._is_left = not is_to_end
        try:
            if is_to_end:
                self.failed(*_ABANDONED)
        finally:
            self._publisher._forget(self)

    def _lacks_end(self) -> bool:
        return self._is_open and self._over_by is None and self._ends == 0

    def _taken(self, type: str) -> None:
        """The server has taken an event of the run."""
        with self._lock:
            self._is_open = type not in _TERMINAL
        if type in _TERMINAL:
            self._publisher._forget(self)
        self._end_if_left()

    def _refused(self, type: str) -> None:
        """The server has refused an event of the run for good: if it was the end, the run still has none."""
        if type in _TERMINAL:
            with self._lock:
                self._ends -= 1
            self._end_if_left()

    def _over(self, rejected: PublishRejected) -> None:
        with self._lock:
            self._is_open, self._over_by = False, rejected
        self._publisher._forget(self)

    def _end_if_left(self) -> None:
        with self._lock:
            if not (self._is_left and self._lacks_end()):
                return
            self._is_left = False
            self._ends += 1
        # Whoever reads receipts must not wait for room.
        code, message = _ABANDONED
        self._publisher._enqueue_now(
            self._event("agent_failed", {"agent_name": self._agent_name, "error": {"code": code, "message": message}}), self)

    def started(
        self, agent_name: str, *, lease: Optional[float] = None, metadata: Optional[Mapping[str, Any]] = None,
        timeout: Optional[float] = None
    ) -> Receipt:
        """`agent_started`. `lease`, in seconds: how long it may say nothing while no request is open; None for the server's 60 s."""
        self._agent_name = agent_name
        return self._publish("agent_started", timeout, {
            "agent_name": agent_name, "lease_ms": None if lease is None else int(lease * 1000), "metadata": metadata,
            "attempt": self._attempt if self._attempt > 1 else None})

    def token(self, delta: str, timeout: Optional[float] = None) -> Pending:
        """`token`: a piece of the answer's text."""
        return self._enqueue("token", timeout, {"delta": delta})

    def thinking_delta(self, delta: str, thought_id: str, timeout: Optional[float] = None) -> Pending:
        """`thinking_delta`: a piece of a thought; pieces with one `thought_id` belong together."""
        return self._enqueue("thinking_delta", timeout, {"delta": delta, "thought_id": thought_id})

    def custom(self, name: str, value: Any, timeout: Optional[float] = None) -> Pending:
        """`custom`: an event of the application's own, with any JSON."""
        return self._publisher._enqueue(self._event("custom", {"name": name, "value": value}), self, timeout)

    def thinking(self, thought: str, timeout: Optional[float] = None) -> Receipt:
        """`agent_thinking`: a whole thought."""
        return self._publish("agent_thinking", timeout, {"thought": thought})

    def tool_executing(
        self, tool_name: str, *, call_id: Optional[str] = None, arguments: Any = None, timeout: Optional[float] = None
    ) -> Receipt:
        """`tool_executing`. Two calls of one tool that are open at a time need a `call_id`."""
        return self._publish("tool_executing", timeout, {"tool_name": tool_name, "call_id": call_id, "arguments": arguments})

    def tool_completed(
        self, tool_name: str, *, call_id: Optional[str] = None, result: Any = None, duration: Optional[float] = None,
        timeout: Optional[float] = None
    ) -> Receipt:
        """`tool_completed`, well; `duration` in seconds."""
        return self._publish("tool_completed", timeout, {
            "tool_name": tool_name, "call_id": call_id, "status": "ok", "result": result,
            "duration_ms": None if duration is None else int(duration * 1000)})

    def tool_failed(
        self, tool_name: str, code: str, message: str, *, call_id: Optional[str] = None, timeout: Optional[float] = None
    ) -> Receipt:
        """`tool_completed`, with an error."""
        return self._publish("tool_completed", timeout, {
            "tool_name": tool_name, "call_id": call_id, "status": "failed", "error": {"code": code, "message": message}})

    def ask(
        self, request_id: str, prompt: str, *, kind: str = "approval", options: Optional[Sequence[str]] = None,
        until: Optional[float] = None, timeout: Optional[float] = None
    ) -> Answer:
        """Asks somebody, and waits for the answer, over restarts of the server; `kind` is `approval`, `choice`, `text` or `external`. Asked
        again under the same id it has the answer that was given. Raises PublishTimeout after `timeout` seconds; the question stays.
        Raises PublishRejected and PublisherClosed also when the run, or the publisher, ends meanwhile."""
        answers: "queue.Queue[Answer]" = queue.Queue()
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._lock:
            if request_id in self._questions:
                raise ValueError(f"{request_id!r} is being asked already")
            self._questions[request_id] = answers
        try:
            receipt = self._publish("run_waiting", timeout, {
                "request_id": request_id, "kind": kind, "prompt": prompt, "options": None if options is None else list(options),
                "until": until})
            if receipt.status == "answered":
                return Answer(receipt.value, receipt.by or self._key[1])
            while True:
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    raise PublishTimeout(f"{request_id!r} has no answer within {timeout} s")
                try:
                    return answers.get(timeout=1.0 if left is None else min(left, 1.0))
                except queue.Empty:
                    pass
                failure = self._over_by or self._publisher._failure
                if failure is not None:
                    raise failure
        finally:
            with self._lock:
                del self._questions[request_id]

    def heartbeat(self, timeout: Optional[float] = None) -> Receipt:
        """Says that the run goes on. An open request renews its lease; one that says nothing for 15 min is called stalled all the same."""
        return self._publish("heartbeat", timeout, None)

    def wait_until(self, until: float, timeout: Optional[float] = None) -> Receipt:
        """Says that nothing is to be expected before `until` (Unix seconds, a day ahead at most)."""
        return self._publish("waiting", timeout, {"until": until})

    def completed(self, *, metadata: Optional[Mapping[str, Any]] = None, timeout: Optional[float] = None) -> Receipt:
        """`agent_completed`: the run has come to its end."""
        return self._end("agent_completed", timeout, {"metadata": metadata})

    def failed(self, code: str, message: str, timeout: Optional[float] = None) -> Receipt:
        """`agent_failed`: the run has failed."""
        return self._end("agent_failed", timeout, {"error": {"code": code, "message": message}})

    def cancelled_by(self, reason: Optional[str] = None, timeout: Optional[float] = None) -> Receipt:
        """`agent_cancelled`: the run was cancelled."""
        return self._end("agent_cancelled", timeout, {"reason": reason})

    def _end(self, type: str, timeout: Optional[float], data: Dict[str, Any]) -> Receipt:
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._lock:
            self._ends += 1
        try:
            pending = self._enqueue(type, timeout, {"agent_name": self._agent_name, **data})
        except BaseException:
            # It was not taken, for want of room or because it is no JSON.
            with self._lock:
                self._ends -= 1
            raise
        return pending.result(None if deadline is None else max(0.0, deadline - time.monotonic()))

    def _publish(self, type: str, timeout: Optional[float], data: Optional[Mapping[str, Any]]) -> Receipt:
        deadline = None if timeout is None else time.monotonic() + timeout
        pending = self._enqueue(type, timeout, data)
        return pending.result(None if deadline is None else max(0.0, deadline - time.monotonic()))

    def _enqueue(self, type: str, timeout: Optional[float], data: Optional[Mapping[str, Any]]) -> Pending:
        present = None if data is None else {name: value for name, value in data.items() if value is not None}
        return self._publisher._enqueue(self._event(type, present), self, timeout)

    def _event(self, type: str, data: Optional[Mapping[str, Any]]) -> Dict[str, Any]:
        tenant, user, thread, run = self._key
        event: Dict[str, Any] = {"user_id": user, "thread_id": thread, "run_id": run, "attempt": self._attempt, "type": type}
        if tenant is not None:
            event["tenant_id"] = tenant
        if data is not None:
            event["data"] = data
        return event

    def _answer(self, command: AnswerCommand) -> bool:
        with self._lock:
            answers = self._questions.get(command.request_id)
        if answers is None:
            return False
        answers.put(Answer(command.value, command.by))
        return True


class _Broken(Exception):
    """The server has answered what it should not have."""


class _Refused(Exception):
    """The server has refused a request as a whole."""

    def __init__(self, status: int, message: str, retry_after: Optional[float]) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        #: Why asking again would only repeat it; None where it would not.
        self.reason = {401: "unauthorized", 403: "forbidden"}.get(status) or (
            "refused" if status in (400, 405, 413, 414, 415, 426, 431) else None)


class _Tls:
    """TLS over a socket of which one thread reads while another one writes, which `ssl.SSLSocket` is not made for."""

    def __init__(self, sock: socket.socket, context: ssl.SSLContext, host: str) -> None:
        self._sock = sock
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        while True:
            try:
                self._tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self._flush()
                self._feed()
        self._flush()

    def recv(self, most: int) -> bytes:
        while True:
            with self._lock:
                try:
                    return self._tls.read(most)
                except ssl.SSLWantReadError:
                    pass
                except ssl.SSLEOFError:
                    return b""
            self._flush()
            self._feed()

    def sendall(self, data: bytes) -> None:
        with self._sending:
            with self._lock:
                self._tls.write(data)
                out = self._outgoing.read()
            self._sock.sendall(out)

    def _feed(self) -> None:
        data = self._sock.recv(_PIECE)
        with self._lock:
            if data:
                self._incoming.write(data)
            else:
                self._incoming.write_eof()

    def _flush(self) -> None:
        if self._outgoing.pending:
            with self._sending:
                with self._lock:
                    out = self._outgoing.read()
                self._sock.sendall(out)


class _Request:
    """One HTTP/1.1 request whose lines go on while its answer is read. One thread writes, one reads.

    It is spoken here: `http.client` takes an answer that breaks off between two chunks for one that has ended as it should.
    """

    def __init__(
        self, parts: urllib.parse.SplitResult, token: Optional[str], subscribes: bool, connect_timeout: float, answer_timeout: float,
        context: Optional[ssl.SSLContext]
    ) -> None:
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        query = "?commands=1" + ("&subscribe=chat_message" if subscribes else "")
        head = [
            f"POST {parts.path.rstrip('/')}/v1/events{query} HTTP/1.1", f"Host: {parts.netloc.rpartition('@')[2]}",
            "Content-Type: application/x-ndjson", "Transfer-Encoding: chunked",
        ]
        if token is not None:
            if not all("!" <= letter <= "~" for letter in token):
                raise _Refused(401, "the credential has characters that no credential has", None)
            head.append(f"Authorization: Bearer {token}")
        self._buffer = b""
        self._is_chunked = False
        #: Of the chunk, or of the body, where its length is known.
        self._left: Optional[int] = None
        self._sock = socket.create_connection((host, port), timeout=connect_timeout)
        try:
            self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._stream: Union[socket.socket, _Tls] = self._sock
            if parts.scheme == "https":
                self._stream = _Tls(self._sock, context or ssl.create_default_context(), host)
            self._stream.sendall("\r\n".join([*head, "", ""]).encode("ascii"))
            # The answer begins at once, before the first line.
            self._read_head()
            self._sock.settimeout(answer_timeout)
        except BaseException:
            self._sock.close()
            raise

    def send(self, lines: bytes) -> None:
        self._stream.sendall(b"%x\r\n%s\r\n" % (len(lines), lines))

    def end(self) -> None:
        self._stream.sendall(b"0\r\n\r\n")

    def lines(self) -> Iterator[Mapping[str, Any]]:
        """What is answered, a line each, until the answer ends as it should. Raises OSError where it does not."""
        rest = b""
        for piece in self._pieces():
            *whole, rest = (rest + piece).split(b"\n")
            if len(rest) > _LONGEST_LINE:
                raise _Broken(f"a line of the answer has more than {_LONGEST_LINE} bytes")
            for line in whole:
                if line.strip():
                    yield _object(line)
        if rest.strip():
            raise _Broken("the answer has ended in the middle of a line")

    def close(self) -> None:
        """Ends it, whoever is writing or reading."""
        try:
            self._sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # It has ended already.
        self._sock.close()

    def _pieces(self) -> Iterator[bytes]:
        while True:
            if self._is_chunked and not self._left:
                # The end of the chunk before is an empty line.
                size = self._head_line() or self._head_line()
                try:
                    self._left = int(size.split(b";")[0], 16)
                except ValueError as fault:
                    raise _Broken("the answer's chunks cannot be read") from fault
            if self._left == 0:
                return
            if not self._buffer and not self._fill():
                if self._is_chunked or self._left is not None:
                    raise ConnectionError("the server has closed the connection in the middle of its answer")
                return
            taken = len(self._buffer) if self._left is None else min(self._left, len(self._buffer))
            piece, self._buffer = self._buffer[:taken], self._buffer[taken:]
            if self._left is not None:
                self._left -= taken
            yield piece

    def _read_head(self) -> None:
        while True:
            words = self._head_line().split(b" ", 2)
            if len(words) < 2 or words[0] not in (b"HTTP/1.1", b"HTTP/1.0") or not words[1].isdigit():
                raise _Broken("what answers is not a server of HTTP/1.1")
            status = int(words[1])
            fields: Dict[str, str] = {}
            while True:
                line = self._head_line()
                if not line:
                    break
                name, _, value = line.decode("latin-1").partition(":")
                fields[name.strip().lower()] = value.strip()
            if status >= 200:
                break
        self._is_chunked = fields.get("transfer-encoding", "").lower().endswith("chunked")
        length = fields.get("content-length", "")
        self._left = 0 if self._is_chunked else int(length) if length.isdigit() else None
        if status != 200:
            retry_after = fields.get("retry-after", "")
            raise _Refused(status, self._problem(status), float(retry_after) if retry_after.isdigit() else None)

    def _problem(self, status: int) -> str:
        words = f"the server refused the request with HTTP {status}"
        self._sock.settimeout(1.0)
        try:
            # A problem document is one piece; the status says enough where it does not come.
            problem = _object(next(self._pieces(), b"{}"))
            return f"{words}, {problem['code']}: {problem['detail']}"
        except (OSError, KeyError, _Broken):
            return words

    def _head_line(self) -> bytes:
        while b"\n" not in self._buffer:
            if len(self._buffer) > _PIECE:
                raise _Broken(f"a line of the answer's head has more than {_PIECE} bytes")
            if not self._fill():
                raise ConnectionError("the server has closed the connection in the middle of its answer")
        line, self._buffer = self._buffer.split(b"\n", 1)
        return line.rstrip(b"\r")

    def _fill(self) -> bool:
        data = self._stream.recv(_PIECE)
        self._buffer += data
        return bool(data)


def _object(line: bytes) -> Mapping[str, Any]:
    try:
        answer = json.loads(line)
    except ValueError as fault:
        raise _Broken("the server has answered what is no JSON") from fault
    if not isinstance(answer, dict):
        raise _Broken("the server has answered what is no receipt")
    return answer


def _require(name: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise ValueError(f"{name} is {value}; it must be from {least} to {most}")


def _line(members: Mapping[str, Any]) -> bytes:
    return json.dumps(members, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def _command(line: Mapping[str, Any]) -> Optional[Command]:
    head = (line["command_id"], line["user_id"], line["thread_id"], line.get("tenant_id"))
    kind = line["command"]
    if kind == "cancel_run":
        return CancelRunCommand(*head, line["run_id"])
    if kind == "answer":
        return AnswerCommand(*head, line["run_id"], line["request_id"], line["value"], line["by"])
    if kind == "chat_message":
        return ChatMessageCommand(*head, line["message_id"], line["content"], line.get("data"))
    return None  # Of a later version: left to somebody who knows it.
