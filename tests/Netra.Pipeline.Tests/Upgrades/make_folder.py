"""Starts a server of an older version three times, and leaves its data folder.

usage: python3 make_folder.py <Netra.Pipeline.Server.dll> <folder>

The first server lets events expire, the second ends well, and the third is killed in the middle of its runs. What the tests know of the
folder is in UpgradeTests.cs.
"""
import http.client
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

SERVER, FOLDER = sys.argv[1], sys.argv[2]
PORT = 5187
LONG = [
    "--Netra:Streams:Retention=3650.00:00:00",
    "--Netra:Delivery:DeadLetterRetention=3650.00:00:00",
    "--Netra:Publish:IdempotencyWindow=30.00:00:00",
]
QUICK = ["--Netra:Delivery:FirstRetry=00:00:01", "--Netra:Delivery:Tries=1", "--Netra:Delivery:MaxRetryPause=00:00:01"]


class Server:
    def __init__(self, data, *options):
        self.process = subprocess.Popen(
            ["dotnet", SERVER, f"--urls=http://127.0.0.1:{PORT}", f"--Netra:DataDirectory={data}", *LONG, *options],
            env={**os.environ, "ASPNETCORE_ENVIRONMENT": "Development"}, stdout=subprocess.DEVNULL)
        wait_for(lambda: ask("GET", "/readyz")[0] == 200, "the server is ready")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)

    def kill(self):
        self.process.kill()
        self.process.wait(30)


class Page:
    """An event stream that acknowledges only what it is told to."""

    def __init__(self, user, cursor=""):
        self.user, self.events, self.welcome = user, [], None
        self.connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
        self.connection.request("GET", f"/v1/stream?user_id={user}{cursor}", headers={"Accept": "text/event-stream"})
        self.response = self.connection.getresponse()
        threading.Thread(target=self.read, daemon=True).start()
        wait_for(lambda: self.welcome, f"{user} is welcome")

    def read(self):
        try:
            for line in self.response:
                if line.startswith(b"data:"):
                    message = json.loads(line[5:])
                    if message["type"] == "welcome":
                        self.welcome = message
                    elif "seq" in message:
                        self.events.append(message)
        except (OSError, ValueError, AttributeError, http.client.HTTPException):
            pass

    def post(self, what, body):
        status, answer = ask("POST", f"/v1/stream/{self.welcome['connection_id']}/{what}?user_id={self.user}", body)
        assert status == 204, (status, answer)

    def ack(self, seq):
        wait_for(lambda: any(event["seq"] == seq for event in self.events), f"{self.user} has {seq}")
        self.post("ack", {"seq": seq})

    def close(self):
        self.connection.sock.shutdown(2)
        self.connection.close()


def wait_for(condition, what):
    until = time.monotonic() + 60
    while True:
        try:
            if condition():
                return
        except OSError:
            pass
        if time.monotonic() > until:
            sys.exit(f"not within 60 s: {what}")
        time.sleep(0.05)


def ask(method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
    headers = {"Content-Type": "application/json"} if body is not None else {}
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    response = connection.getresponse()
    text = response.read()
    connection.close()
    return response.status, json.loads(text) if text[:1] in (b"{", b"[") else text


def publish(user, run, kind, data, **more):
    status, answer = ask("POST", "/v1/events", {"user_id": user, "thread_id": "t1", "run_id": run, "type": kind, "data": data, **more})
    assert status in (200, 201, 202), (status, answer)
    return answer


def begin(user, run, **more):
    publish(user, run, "agent_started", {"agent_name": "poet", **more})


def tell(user, run, tokens, delta="x"):
    for _ in range(tokens):
        publish(user, run, "token", {"delta": delta})


def complete(user, run):
    publish(user, run, "agent_completed", {"agent_name": "poet", "result": {"answer": run}})


def letters():
    return ask("GET", "/v1/dead-letters")[1]["dead_letters"]


def first_life(data):
    server = Server(data, "--Netra:Log:Sqlite:RetainedBytes=65536")
    begin("eve", "old")
    complete("eve", "old")
    begin("fay", "long")
    tell("fay", "long", 20, "y" * 4096)
    wait_for(lambda: len(letters()) >= 2, "what was oldest has expired")
    complete("fay", "long")
    server.stop()


def second_life(data):
    server = Server(data, *QUICK)

    # Two devices: what one confirmed from the beginning, and the other from where it came in.
    begin("ada", "r1")
    tell("ada", "r1", 130)
    complete("ada", "r1")
    first = Page("ada", "&seq=0")
    first.ack(100)
    first.close()
    second = Page("ada")
    assert second.welcome["seq"] == 132
    begin("ada", "r2")
    second.ack(133)
    tell("ada", "r2", 20)
    second.ack(148)
    second.close()

    # Four critical events that a page got and never confirmed.
    page = Page("bob", "&seq=0")
    for run in ("waits", "again", "dropped", "late"):
        begin("bob", run)
    wait_for(lambda: len([letter for letter in letters() if letter["user_id"] == "bob"]) == 4, "bob's events are dead letters")
    page.close()
    numbers = {letter["event"]["run_id"]: letter["dead_letter_id"] for letter in letters() if letter["user_id"] == "bob"}
    status, answer = ask("POST", f"/v1/dead-letters/{numbers['again']}/replay")
    assert status in (201, 202), (status, answer)
    assert ask("DELETE", f"/v1/dead-letters/{numbers['dropped']}")[0] == 204

    publish("gus", "keyed", "agent_started", {"agent_name": "poet"}, idempotency_key="order-1")
    publish("gus", "keyed", "token", {"delta": "once"}, idempotency_key="order-2")

    author = {"author": "ops"}
    status, answer = ask(
        "POST", "/monitoring/websocket/emergency/alert", {"title": "by hand", "message": "left on", "severity": "high", **author})
    assert status == 201, answer
    status, answer = ask(
        "POST", f"/monitoring/websocket/alerts/{answer['id']}/acknowledge", {**author, "comment": "seen", "timeout_s": 86400})
    assert status == 200, answer
    status, answer = ask(
        "POST", "/monitoring/websocket/silences", {**author, "rule": "high_latency", "comment": "quiet", "duration_s": 86400})
    assert status == 201, answer
    status, answer = ask("PUT", "/monitoring/websocket/rules/no_connections", {**author, "for_s": 77})
    assert status == 200, answer
    server.stop()


def third_life(data):
    server = Server(data, *QUICK)

    # The last of bob's four is confirmed late, by a page that has no part in the others.
    epoch = Page("gus").welcome["epoch"]
    page = Page("bob", f"&epoch={epoch}&seq=3&from=3")
    page.ack(4)
    wait_for(lambda: any(letter["state"] == "acknowledged" for letter in letters()), "the dead letter is settled")
    page.close()
    begin("cyd", "leased", lease_ms=86400000)
    begin("cyd", "plain")
    tell("cyd", "plain", 3)
    begin("cyd", "waits")
    publish("cyd", "waits", "waiting", {"until": time.time() + 80000})
    page = Page("dan", "&seq=0")
    page.post("messages", {"type": "chat_message", "id": "m1", "thread_id": "t1", "content": "Count slowly to 100"})
    wait_for(lambda: len(page.events) >= 6, "the embedded run speaks")
    page.ack(3)

    # What was confirmed is saved every two seconds; what comes after that is counted from its rows at the next start.
    time.sleep(3)
    tell("cyd", "plain", 3)
    server.kill()


def pack(path):
    database = sqlite3.connect(path)
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.execute("VACUUM")
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


with tempfile.TemporaryDirectory() as data:
    first_life(data)
    second_life(data)
    third_life(data)
    os.makedirs(FOLDER, exist_ok=True)
    for name in ("netra.db", "alerts.db"):
        pack(os.path.join(data, name))
        shutil.copyfile(os.path.join(data, name), os.path.join(FOLDER, name))
        print(name, os.path.getsize(os.path.join(FOLDER, name)), "bytes")
    print(os.listdir(data))
