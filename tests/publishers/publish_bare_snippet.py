#!/usr/bin/env python3
"""What docs/publish.md shows. usage: publish_bare_snippet.py URL"""
import json
import sys
import urllib.request

server = sys.argv[1]

event = {"user_id": "ada", "thread_id": "t1", "run_id": "r1", "type": "token", "data": {"delta": "Hello"}, "idempotency_key": "r1.1"}
request = urllib.request.Request(server + "/v1/events", json.dumps(event).encode(), {"Content-Type": "application/json"})
print(urllib.request.urlopen(request).read().decode())
