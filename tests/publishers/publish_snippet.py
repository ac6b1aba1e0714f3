#!/usr/bin/env python3
"""What docs/publish.md and clients/python/README.md show. usage: publish_snippet.py URL"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "clients", "python"))
from netra_pipeline import Publisher  # noqa: E402

server = sys.argv[1]

with Publisher(server) as publisher:  # outside of Development: token="nk_…", or a function that returns one
    with publisher.run("ada", "t1", "r1") as run:
        run.started("my-agent")
        for word in ("Hello", ", ", "world"):
            run.token(word)  # returns when there is room; .result() waits for the receipt
        print(run.completed())
