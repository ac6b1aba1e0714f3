#!/usr/bin/env python3
"""A backend in a process of its own, with the standard library alone: publishes a run, and does what its user wants of it.

usage: run_with_commands.py PORT USER THREAD RUN [--no-acks]

It keeps one request of many events open (POST /v1/events?commands=1&subscribe=chat_message) and reads its answer meanwhile:
receipts, and commands between them. It asks for an approval and says what was answered, ends the run when it is cancelled, and
repeats what the user writes. Each command is acknowledged when it comes; one that comes again, under the same command_id, is
acknowledged and not done again. What it reads it prints, a line each, for the test that started it.
"""
import http.client
import json
import sys
import threading


class Request:
    """One HTTP request whose body goes on while its answer is read."""

    def __init__(self, port, query):
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._connection.putrequest("POST", "/v1/events" + query)
        self._connection.putheader("Content-Type", "application/x-ndjson")
        self._connection.putheader("Transfer-Encoding", "chunked")
        self._connection.endheaders()
        self._sending = threading.Lock()
        # The answer begins at once, before the first line.
        self.response = self._connection.response_class(self._connection.sock, method="POST")
        self.response.begin()

    def send(self, **line):
        body = json.dumps(line).encode() + b"\n"
        with self._sending:
            self._connection.send(b"%x\r\n%s\r\n" % (len(body), body))

    def end(self):
        with self._sending:
            self._connection.send(b"0\r\n\r\n")

    def lines(self):
        for line in self.response:
            if line.strip():
                yield json.loads(line)


def main():
    port, user, thread, run = int(sys.argv[1]), *sys.argv[2:5]
    acknowledges = "--no-acks" not in sys.argv
    request = Request(port, "?commands=1&subscribe=chat_message")
    done = set()

    def publish(type, data):
        request.send(user_id=user, thread_id=thread, run_id=run, type=type, data=data)

    def do(command):
        if command["command"] == "answer":
            publish("token", {"delta": "yes" if command["value"] else "no"})
        elif command["command"] == "chat_message":
            publish("token", {"delta": "you said " + command["content"]})
        elif command["command"] == "cancel_run":
            publish("agent_cancelled", {"agent_name": "python", "reason": "the user wants it"})
            request.end()

    publish("agent_started", {"agent_name": "python"})
    publish("run_waiting", {"request_id": "q1", "kind": "approval", "prompt": "Delete the draft?"})
    for line in request.lines():
        print(json.dumps(line), flush=True)
        if "command" not in line:
            continue
        if acknowledges:
            request.send(command_ack=line["command_id"])
        if line["command_id"] not in done and acknowledges:
            done.add(line["command_id"])
            do(line)


main()
