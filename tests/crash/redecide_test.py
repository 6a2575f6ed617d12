#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The engine is a function of its commands and their instants: what a live server recorded is decided again.

A server runs jobs on a simulated cluster, is told everything that people and operations tell one, and is killed in the
middle of it; twice. `ampacity replay --decide` then decides the journal's commands at their recorded instants: every
event must come out byte by byte, and the digest must be the one that the server told.

usage: redecide_test.py AMPACITY [--seed N]
"""
import argparse
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

PORTFOLIO = """portfolio: redecide
accelerators:
  - {name: slot, tdp: 1 kW, idle: 100 W, gpus_per_node: 4, nodes_per_rack: 4, rack_power: 20 kW}
providers: [{name: lab}]
leases:
  - {name: all, provider: lab, sites: [north, south], power: 1 MW, price: 1 USD/GPU-hour, starts: 2020-01-01, ends: 2150-01-01}
sites:
  - {name: north, cluster: {kind: simulated}, halls: [{name: h, power: 1 MW, racks_per_pod: RACKS, accelerator: slot}]}
  - {name: south, cluster: {kind: simulated}, halls: [{name: h, power: 1 MW, racks_per_pod: 1, accelerator: slot}]}
teams: [{name: vision, weight: 2}, {name: audio}]
priority_classes:
  - {name: normal, value: 0}
  - {name: high, value: 10, preempts: true}
policy: {requeue_limit: 5, requeue_backoff: 100 ms, requeue_backoff_max: 200 ms, grace: 300 ms, min_runtime: 0 s}
"""


def check(what, ok):
    print(("ok   " if ok else "FAIL ") + what, flush=True)
    if not ok:
        sys.exit(1)


class Server:
    def __init__(self, ampacity, work):
        self.ampacity, self.work, self.data = ampacity, work, os.path.join(work, "data")
        self.env = dict(os.environ, AMPACITY_DATA=self.data)
        self.env.pop("AMPACITY_SERVER", None)
        self.process = None

    def portfolio(self, name, racks):
        path = os.path.join(self.work, name)
        with open(path, "w") as out:
            out.write(PORTFOLIO.replace("RACKS", str(racks)))
        return path

    def run(self, *words):
        return subprocess.run([self.ampacity, *words], env=self.env, capture_output=True, text=True, timeout=60)

    def start(self, portfolio):
        announced = os.path.join(self.data, "server")
        if os.path.exists(announced):
            os.remove(announced)
        self.process = subprocess.Popen([self.ampacity, "serve", portfolio, "--port", "0", "--log-level", "error"],
                                        env=self.env)
        for _ in range(400):
            if os.path.exists(announced) and self.run("sites").returncode == 0:
                return
            time.sleep(0.05)
        check("the server comes up", False)

    def kill(self):
        """Tells what it was just before."""
        state = self.run("events", "--json")  # everything that was decided is durable
        check("it answers before it is killed", state.returncode == 0)
        with open(os.path.join(self.data, "server")) as file:
            url = file.read().strip()
        told = json.loads(subprocess.run(["curl", "-s", url + "/v1/state"], capture_output=True, text=True).stdout)
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        return told


def converse(server, rng, larger, steps):
    """What people and operations say, at random."""
    node = "north/h/p1/r1/n%d"
    for _ in range(steps):
        job = str(rng.randint(1, 60))
        n = node % rng.randint(1, 4)
        gpus = rng.choice([1, 2, 4, 8, 16, 24])
        words = rng.choice([
            ["submit", "--gpus", str(gpus), "--walltime", "1 min", "--runtime", f"{rng.randint(50, 1500)} ms",
             "--team", rng.choice(["vision", "audio"]), "--priority", rng.choice(["normal", "normal", "high"]),
             "--", "true"]] * 6 + [
            ["submit", "--gpus", "16", "--gpus-min", "4", "--walltime", "1 min", "--runtime", "900 ms", "--team",
             "vision", "--", "true"],
            ["cancel", job], ["hold", job], ["release", job], ["drain", n], ["resume", n], ["node", "down", n],
            ["node", "up", n], ["policy", "set", "backfill=" + rng.choice(["easy", "conservative", "none"])],
            ["submit", "--gpus", "4000", "--", "true"], ["apply", larger]])
        server.run(*words)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("ampacity")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    args = parser.parse_args()
    print(f"--seed {args.seed}", flush=True)
    rng = random.Random(args.seed)
    with tempfile.TemporaryDirectory() as work:
        server = Server(args.ampacity, work)
        small, large = server.portfolio("p.yaml", 2), server.portfolio("more.yaml", 3)
        for portfolio, life in ((small, "first"), (large, "second")):
            server.start(portfolio)
            converse(server, rng, large, 120)
            told = server.kill()
            out = server.run("replay", "--decide", "--json")
            check(f"{life} life: every command gives its events again: {out.stdout.strip()} {out.stderr[:600]}",
                  out.returncode == 0 and json.loads(out.stdout)["same"])
            again = json.loads(out.stdout)
            evolved = json.loads(server.run("replay", "--json").stdout)
            check("its digest is that of the events", again["digest"] == evolved["digest"])
            live = json.loads(server.run("replay", "--until", str(told["last_event"]), "--json").stdout)
            check("and the live server's, at the event that it told", live["digest"] == told["digest"])
        journal = sqlite3.connect(os.path.join(server.data, "journal.db"))
        kinds = dict(journal.execute("select kind, count(*) from commands group by kind").fetchall())
        check(f"of all kinds: {kinds}", all(kind in kinds for kind in (
            "Configure", "SubmitJob", "CancelJob", "ReportStarted", "ReportEnded", "ReportNode", "Drain", "Resume",
            "SetPolicy", "HoldJob")))
        together = journal.execute("select count(*) from (select at_ms from commands group by at_ms having count(*) > 1)")
        print(f"     {together.fetchone()[0]} instants with several commands")
        # The audit can fail: one walltime that is recorded otherwise, and the journal departs there.
        journal.execute("update commands set body = json_set(body, '$.policy.grace', 299) where kind = 'SetPolicy' and "
                        "seq = (select min(seq) from commands where kind = 'SetPolicy' and refusal is null)")
        journal.commit()
        journal.close()
        out = server.run("replay", "--decide", "--json")
        check(f"another command gives other events: exit {out.returncode}, {out.stderr[:200]}",
              out.returncode == 7 and not json.loads(out.stdout)["same"])


if __name__ == "__main__":
    main()
