#!/usr/bin/env python3
"""A backend on clients/python/netra_pipeline.py: asks, is spoken to, is cancelled, and is refused what it must not say.

usage: publish_with_client.py URL

It prints what it has seen, a line of JSON each, for the test that started it.
"""
import json
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "clients", "python"))
from netra_pipeline import ChatMessageCommand, Publisher, PublishRejected, PublishTimeout  # noqa: E402


def say(**what):
    print(json.dumps(what), flush=True)


def main():
    spoken = threading.Event()

    def on_command(command):
        say(command=type(command).__name__)
        if isinstance(command, ChatMessageCommand):
            spoken.set()

    with Publisher(sys.argv[1], on_command=on_command, subscribe_to_messages=True, first_pause=0.02, longest_pause=0.5) as publisher:
        with publisher.run("ada", "t1", "r1") as run:
            say(started=run.started("python", lease=30).seq)
            answer = run.ask("q1", "Which one?", kind="choice", options=["red", "green"])
            say(answer=answer.value, by=answer.by, again=run.ask("q1", "Which one?", kind="choice", options=["red", "green"]).value)
            assert spoken.wait(20)
            for part in range(500):
                run.token(f"{part} ")
            assert run.cancelled.wait(20)
            say(end=run.cancelled_by("as the user wants").seq)
        try:
            publisher.publish({"user_id": "ada", "thread_id": "t1", "run_id": "r1", "type": "token", "data": {"delta": "late"}})
        except PublishRejected as rejected:
            say(rejected=rejected.code)
        try:
            with publisher.run("ada", "t1", "r2") as left:
                left.started("python")
                raise KeyError("a fault of the backend")
        except KeyError:
            say(waiting=publisher.waiting)
        try:
            with publisher.run("ada", "t1", "r3") as slow:
                slow.started("python")
                slow.ask("q1", "Nobody answers?", timeout=0.1)
        except PublishTimeout:
            say(timeout=True)
        try:
            with publisher.run("ada", "t1", "r4") as refused:
                refused.started("python")
                refused.completed(metadata={"text": "x" * 300 * 1024})
        except PublishRejected as rejected:
            say(end=rejected.code)
        try:
            with publisher.run("ada", "t1", "r5") as unknown:
                unknown.started("python", timeout=0)
        except PublishTimeout:
            say(unknown=True)
        for _ in range(2):
            # Without `with` a run is forgotten when it has ended.
            short = publisher.run("ada", "t1", "r6")
            try:
                short.started("python")
                short.completed()
            except PublishRejected as rejected:
                say(again=rejected.code)


main()
