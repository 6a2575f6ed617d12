#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A curtailment survives the death of the server: a real server on a simulated cluster is killed while one call is on and another ahead.

usage: curtailment_restart_test.py AMPACITY SOURCE_FOLDER
"""

import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

AMPACITY, SOURCE = os.path.abspath(sys.argv[1]), Path(sys.argv[2]).resolve()
FOLDER = Path(tempfile.mkdtemp(prefix="ampacity-curtailment-"))
DATA, DESK = FOLDER / "data", FOLDER / "portfolio.yaml"
HOUR = 3_600_000


def start() -> subprocess.Popen:
    (DATA / "server").unlink(missing_ok=True)
    log = open(FOLDER / "serve.log", "a")
    server = subprocess.Popen([AMPACITY, "serve", str(DESK), "--data", str(DATA), "--port", "0"], stderr=log, stdout=log)
    for _ in range(600):
        if (DATA / "server").exists():
            return server
        assert server.poll() is None, (FOLDER / "serve.log").read_text()
        time.sleep(0.05)
    raise AssertionError("the server did not come up")


def call(method: str, target: str, body: object = None) -> dict:
    host, port = (DATA / "server").read_text().strip().removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=30)
    headers = {"Authorization": "Bearer " + (DATA / "token").read_text().strip()}
    connection.request(method, target, json.dumps(body) if body is not None else None, headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    assert answer.status in (200, 201), f"{method} {target}: {answer.status} {text}"
    return json.loads(text) if text else {}


def until(true, what: str) -> None:
    for _ in range(600):
        if true():
            return
        time.sleep(0.05)
    raise AssertionError(f"not within 30 s: {what}; {calls()}")


def calls() -> dict:
    return {c["name"]: c for c in call("GET", "/v1/curtailments")["curtailments"]}


def curtail(name: str, watts: int, begins: int) -> dict:
    now = call("GET", "/v1/state")["now_ms"]
    return call("POST", "/v1/curtailments", {"by": "grid", "curtailment": {
        "name": name, "site": "attic", "power": watts, "from": now + begins, "until": now + begins + HOUR}})


def main() -> None:
    DESK.write_text((SOURCE / "examples/desk/portfolio.yaml").read_text().replace("kind: local", "kind: simulated"))
    server = start()
    try:
        slower = call("POST", "/v1/jobs", {"job": {"name": "slower", "gpus": 4, "sites": ["attic"], "slowest": 300_000, "walltime": 2 * HOUR,
                                                   "simulated_runtime": HOUR, "command": ["true"]}})["job"]
        until(lambda: call("GET", f"/v1/jobs/{slower}")["job"]["state"] == "Running", "the job runs")
        first, second = curtail("first", 10, 0), curtail("second", 30, 15_000)
        assert first["begun"] and first["slowed_jobs"] == [slower] and first["less_w"] >= 10, first
        assert not second["begun"], second
        server.kill()  # as a crash: nothing is written at the end
        server.wait(20)
        server = start()
        after = calls()
        for called in (first, second):
            for member in ("asked_w", "from_ms", "until_ms", "drawn_before_w", "ceiling_w"):
                assert after[called["name"]][member] == called[member], (called, after)
        assert after["first"]["begun"] and after["first"]["slowed_jobs"] == [slower], after
        assert after["first"]["drawn_w"] == first["drawn_w"], "the pace came through the restart"
        until(lambda: calls()["second"]["begun"], "the call that was ahead begins after the restart")
        deeper = calls()["second"]
        assert deeper["drawn_w"] < first["drawn_w"] and deeper["less_w"] >= 30, deeper
        for name in ("second", "first"):
            call("DELETE", f"/v1/curtailments/{name}?by=grid")
        assert calls() == {}
        again = curtail("measure", 1, HOUR)
        assert again["drawn_before_w"] == first["drawn_before_w"], "the load is back as it was"
        digest = call("GET", "/v1/state")["digest"]
        server.terminate()
        assert server.wait(20) == 0
        done = subprocess.run([AMPACITY, "replay", "--data", str(DATA), "--json"], capture_output=True, text=True)
        assert json.loads(done.stdout)["digest"] == digest, done.stdout + done.stderr
        print("ok")
    finally:
        if server.poll() is None:
            server.kill()


main()
shutil.rmtree(FOLDER)  # kept where something failed: its log tells
