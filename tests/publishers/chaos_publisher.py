#!/usr/bin/env python3
"""Publishers of the client chaos, with clients/python/netra_pipeline.py: runs one after the other, until standard input ends.

usage: chaos_publisher.py URL NAME COUNT EVENTS_PER_SECOND USER...

Each of COUNT publishers has a name and keys of its own. When standard input ends, each comes to the end of its run, waits for all receipts,
and prints them: a line a publisher, {"publisher":...,"receipts":[[key, seq, user],...],"rejected":[...]}.
"""
import json
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "clients", "python"))
from netra_pipeline import Publisher  # noqa: E402

TOKENS = 8


def publish(url, name, pause, users, over, results):
    rejected = []
    pending = []
    with Publisher(url, first_pause=0.05, longest_pause=1.0, answer_timeout=3.0, close_timeout=60.0,
                   on_rejected=lambda refusal: rejected.append(str(refusal))) as publisher:
        number = 0
        while not over.is_set():
            user = users[number % len(users)]
            run = f"{name}-{number}"
            number += 1

            def send(type, part, **data):
                key = f"{run}.{part}"
                event = {"user_id": user, "thread_id": "chaos", "run_id": run, "attempt": 1, "type": type, "data": data,
                         "idempotency_key": key}
                pending.append((key, publisher.enqueue(event), user))
                over.wait(pause)

            send("agent_started", 0, agent_name=name, metadata={"key": f"{run}.0"}, lease_ms=600000)
            for part in range(1, TOKENS + 1):
                send("token", part, delta=f"{run}.{part};")
            send("custom", TOKENS + 1, name="key", value=f"{run}.{TOKENS + 1}")
            send("agent_completed", TOKENS + 2, agent_name=name, metadata={"key": f"{run}.{TOKENS + 2}"})
        publisher.flush(60.0)
    results.append({
        "publisher": name, "receipts": [[key, waiting.result(0).seq, user] for key, waiting, user in pending], "rejected": rejected})


def main():
    url, name, count, rate = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
    over, results = threading.Event(), []
    threads = [
        threading.Thread(target=publish, args=(url, f"{name}{i}", 1.0 / rate, sys.argv[5 + i % 2:] or sys.argv[5:], over, results))
        for i in range(count)
    ]
    for thread in threads:
        thread.start()
    sys.stdin.read()
    over.set()
    for thread in threads:
        thread.join()
    for result in results:
        print(json.dumps(result), flush=True)
    if len(results) != count:
        sys.exit("a publisher has failed")


main()
