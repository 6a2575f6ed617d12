#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills `ampacity serve` with SIGKILL at random moments while it is under load and local processes run.

After each kill the server is started again on the same data. Then must hold:
  - every submission that was acknowledged is there, once, and ends Completed;
  - no attempt was started twice, and no two attempts of a job ran at once (each holds a lock file while it runs);
  - the journal, replayed by `ampacity replay`, gives the digest that the server had told before the kill;
  - the engine decides the journal's commands again, over all of the restarts, as they were decided;

usage: crash_test.py AMPACITY [--kills N] [--seed N]
"""

import argparse
import http.client
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

PORTFOLIO = """portfolio: crash
accelerators:
  - {name: slot, vendor: test, tdp: 10 W, idle: 1 W, gpus_per_node: 4, nodes_per_rack: 2, rack_power: 100 W, source: test}
providers: [{name: one}]
leases:
  - {name: all, provider: one, sites: [here, there], power: 1 kW, price: 2 USD/GPU-hour, starts: 2026-01-01, ends: 2040-01-01}
sites:
  - {name: here, pue: 1.1, energy_price: 50 USD/MWh, carbon: 300 g/kWh, interconnection: 1 kW, cluster: {kind: local},
     halls: [{name: h, power: 1 kW, accelerator: slot}]}
  - {name: there, pue: 1.1, energy_price: 50 USD/MWh, carbon: 300 g/kWh, interconnection: 1 kW, cluster: {kind: simulated},
     halls: [{name: h, power: 1 kW, accelerator: slot}]}
policy: {requeue_limit: 5, requeue_backoff: 100 ms, requeue_backoff_max: 200 ms, grace: 1 s}
"""

# Holds a lock for as long as it runs: a second process of the job would find it taken.
JOB = """#!/bin/bash
echo "$AMPACITY_JOB_ID.$AMPACITY_ATTEMPT" >> "$MARKS/started"
exec 9> "$MARKS/lock.$AMPACITY_JOB_ID"
flock -n 9 || echo "$AMPACITY_JOB_ID.$AMPACITY_ATTEMPT" >> "$MARKS/twice"
sleep 0.$((RANDOM % 6))
echo "$AMPACITY_JOB_ID.$AMPACITY_ATTEMPT" >> "$MARKS/ended"
"""


class World:
    def __init__(self, ampacity: str, folder: Path) -> None:
        self.ampacity, self.folder, self.data, self.marks = ampacity, folder, folder / "data", folder / "marks"
        self.marks.mkdir()
        (folder / "portfolio.yaml").write_text(PORTFOLIO)
        self.server: subprocess.Popen | None = None
        self.acknowledged: dict[str, int] = {}
        self.lock = threading.Lock()
        self.stop = threading.Event()

    def start(self) -> None:
        (self.data / "server").unlink(missing_ok=True)
        with open(self.folder / "serve.log", "a") as log:
            self.server = subprocess.Popen([self.ampacity, "serve", str(self.folder / "portfolio.yaml"), "--data",
                                            str(self.data), "--port", "0"], stdout=log, stderr=log)
        deadline = time.monotonic() + 60
        while not (self.data / "server").exists():
            if self.server.poll() is not None or time.monotonic() > deadline:
                sys.exit("the server did not come up:\n" + (self.folder / "serve.log").read_text()[-3000:])
            time.sleep(0.01)

    def kill(self) -> None:
        assert self.server
        self.server.send_signal(signal.SIGKILL)
        self.server.wait()

    def call(self, method: str, target: str, body: dict | None = None) -> dict:
        address = (self.data / "server").read_text().strip().removeprefix("http://").split(":")
        token = (self.data / "token").read_text().strip()
        connection = http.client.HTTPConnection(address[0], int(address[1]), timeout=20)
        try:
            connection.request(method, target, json.dumps(body) if body else None,
                               {"Authorization": "Bearer " + token})
            answer = connection.getresponse()
            text = answer.read()
            if answer.status >= 300:
                raise RuntimeError(f"{answer.status} {text!r}")
            return json.loads(text)
        finally:
            connection.close()

    def submit_for_ever(self, number: int, seed: int) -> None:
        """Each request id is sent until it is acknowledged, as a careful client does."""
        rng = random.Random(seed)
        count = 0
        while not self.stop.is_set():
            request = f"client-{number}-{count}"
            count += 1
            job = {"name": request, "gpus": rng.choice([1, 1, 2, 4]), "launch": "Script", "script": JOB,
                   "environment": {"MARKS": str(self.marks)}, "retries": 0, "sites": ["here"],
                   "simulated_runtime": 300}
            if rng.random() < 0.5:
                job["sites"] = ["there"]
            while True:
                try:
                    answer = self.call("POST", "/v1/jobs", {"request": request, "job": job})
                except (OSError, http.client.HTTPException, ValueError, IndexError):
                    time.sleep(0.02)
                    continue
                with self.lock:
                    self.acknowledged[request] = answer["job"]
                break
            time.sleep(rng.random() * 0.15)

    def told_digest(self) -> tuple[int, str] | None:
        try:
            state = self.call("GET", "/v1/state")
        except (OSError, http.client.HTTPException, ValueError, IndexError):
            return None
        return state["last_event"], state["digest"]

    def check_replay(self, event: int, digest: str) -> None:
        out = subprocess.run([self.ampacity, "replay", "--data", str(self.data), "--until", str(event), "--json"],
                             capture_output=True, text=True)
        assert out.returncode == 0, out.stderr
        assert json.loads(out.stdout)["digest"] == digest, f"event {event}: the replay has another digest"

    def check_redecided(self, digest: str) -> None:
        out = subprocess.run([self.ampacity, "replay", "--data", str(self.data), "--decide", "--json"],
                             capture_output=True, text=True)
        assert out.returncode == 0, out.stdout + out.stderr
        assert json.loads(out.stdout)["digest"] == digest, "what is decided again has another digest"

    def lines(self, name: str) -> list[str]:
        file = self.marks / name
        return file.read_text().split() if file.exists() else []


def settle(world: World) -> dict[int, dict]:
    """Until every job has ended."""
    deadline = time.monotonic() + 240
    while True:
        jobs: dict[int, dict] = {}
        before = 0
        while True:
            page = world.call("GET", f"/v1/jobs?limit=10000&before={before}")
            jobs.update({job["id"]: job for job in page["jobs"]})
            before = page.get("before", 0)
            if not before:
                break
        waiting = [j for j in jobs.values() if j["state"] in ("Waiting", "Starting", "Running", "Stopping")]
        if not waiting:
            return jobs
        if time.monotonic() > deadline:
            sys.exit(f"{len(waiting)} jobs do not end, such as {waiting[0]}")
        time.sleep(0.2)


def judge(world: World, jobs: dict[int, dict]) -> None:
    missing = [r for r, job in world.acknowledged.items() if job not in jobs]
    assert not missing, f"acknowledged and lost: {missing[:5]}"
    assert len(set(world.acknowledged.values())) == len(world.acknowledged), "two request ids share a job"
    names = [job["name"] for job in jobs.values()]
    assert len(set(names)) == len(names), "a request became two jobs"
    bad = [j for j in jobs.values() if j["state"] != "Completed"]
    assert not bad, f"{len(bad)} jobs did not complete, such as {bad[0]}"
    started = world.lines("started")
    assert len(set(started)) == len(started), "an attempt was started twice"
    assert not world.lines("twice"), f"ran twice at once: {world.lines('twice')}"
    assert sorted(started) == sorted(world.lines("ended")), "a process was killed by the server's death"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("ampacity")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    args = parser.parse_args()
    print(f"crash test: {args.kills} kills, --seed {args.seed}", flush=True)
    rng = random.Random(args.seed)
    folder = Path(tempfile.mkdtemp(prefix="ampacity-crash-"))
    world = World(args.ampacity, folder)
    world.start()
    clients = [threading.Thread(target=world.submit_for_ever, args=(i, args.seed + i), daemon=True) for i in range(4)]
    for client in clients:
        client.start()
    compared = 0
    for kill in range(args.kills):
        time.sleep(rng.random() * 0.35)
        told = world.told_digest()
        if rng.random() < 0.5:
            time.sleep(rng.random() * 0.05)
        world.kill()
        if told and kill % 4 == 0:
            world.check_replay(*told)
            compared += 1
        world.start()
    world.stop.set()
    for client in clients:
        client.join(60)
    jobs = settle(world)
    judge(world, jobs)
    told = world.told_digest()
    assert told
    world.kill()
    world.check_replay(*told)
    world.check_redecided(told[1])
    print(f"passed: {args.kills} kills, {len(world.acknowledged)} acknowledged jobs, {len(world.lines('started'))} local "
          f"attempts, {compared + 1} digests compared", flush=True)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
