#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`ampacity simulate --from` a running server: the copy is the server's state, the server goes on, and what the
simulation says of the jobs that wait comes from the same engine.

usage: fork_test.py AMPACITY
"""
import csv
import datetime
import json
import os
import subprocess
import sys
import tempfile
import time

import checks
from checks import check

ampacity = sys.argv[1]
PORTFOLIO = """portfolio: live
accelerators:
  - {name: slot, tdp: 1 kW, idle: 100 W, gpus_per_node: 4, nodes_per_rack: 4, rack_power: 20 kW}
providers:
  - {name: lab}
  - {name: holder, right_of_first_refusal: {scope: all of it, response_window: 30 d, from: 2020-01-01}}
leases:
  - {name: all, provider: lab, sites: [north], power: 1 MW, price: 1 USD/GPU-hour, starts: 2020-01-01, ends: 2150-01-01}
sites:
  - name: north
    cluster: {kind: simulated}
    halls: [{name: h, power: 1 MW, racks_per_pod: RACKS, accelerator: slot}]
"""


with tempfile.TemporaryDirectory() as work:
    env = dict(os.environ, AMPACITY_DATA=os.path.join(work, "data"))
    env.pop("AMPACITY_SERVER", None)
    portfolio, larger = os.path.join(work, "p.yaml"), os.path.join(work, "more.yaml")
    for file, racks in ((portfolio, "1"), (larger, "2")):
        with open(file, "w") as out:
            out.write(PORTFOLIO.replace("RACKS", racks))
    server = subprocess.Popen([ampacity, "serve", portfolio, "--port", "0", "--log-level", "error"], env=env)
    try:
        def run(*words):
            return checks.run(*words, env=env)

        for _ in range(200):
            if run("sites").returncode == 0:
                break
            time.sleep(0.05)
        with open(os.path.join(work, "data", "server")) as file:
            url = file.read().strip()
        saves = os.path.join(work, "saves.yaml")
        with open(saves, "w") as out:
            out.write("job: saves\ngpus: 8\nwalltime: 1 h\nsimulated: {runtime: 1 h}\ncheckpoint_interval: 1 s\n"
                      "command: ['true']\n")
        begun = time.time()
        check("submitted one that saves itself", run("submit", saves).returncode == 0)
        for _ in range(5):  # two fit at once, an hour each
            submitted = run("submit", "--gpus", "8", "--walltime", "1 h", "--runtime", "1 h", "--", "true")
            check("submitted", submitted.returncode == 0)
        before = json.loads(subprocess.run(["curl", "-s", url + "/v1/state"], capture_output=True, text=True).stdout)
        starts = os.path.join(work, "starts.csv")
        played = run("simulate", "--from", url, "--json", "--starts", starts)
        check("the copy plays: " + played.stderr.strip(), played.returncode == 0)
        result = json.loads(played.stdout)
        check(f"all six jobs complete: {result['ended']}", result["ended"] == {"Completed": 6})
        check("three rounds of an hour", abs(result["makespan_ms"] - 3 * 3600_000) < 60_000)
        check("none is submitted, six are copied", (result["submitted"], result["copied"]) == (0, 6))
        with open(starts) as file:
            rows = list(csv.DictReader(file))
        check("each has its row", [row["job"] for row in rows] == list("123456"))
        check("with its times from the copy on: " + str(rows[5]), {row["state"] for row in rows} == {"Completed"}
              and float(rows[0]["submit_s"]) <= 0 and 7000 < float(rows[5]["start_s"]) < 7300
              and rows[5]["source"] == rows[5]["workload"] == "")
        owed = result["bill"]["owed_micro_usd"] / 1e6
        check(f"16 GPUs at a dollar an hour are owed, for three hours: {owed} USD", abs(owed - 48) < 0.1)
        check("its price includes the energy", result["bill"]["energy_micro_usd"] == 0 and result["facility_j"] > 0)
        soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=2)
        brief = run("simulate", "--from", url, "--json", "--until", soon.strftime("%Y-%m-%dT%H:%M:%SZ"))
        brief = json.loads(brief.stdout)
        check(f"what ran before the copy is not billed in it: {brief['bill']}",
              brief["bill"]["owed_micro_usd"] < 20_000 and brief["lease_micro_usd"] < 20_000)
        more = run("simulate", larger, "--from", url, "--json")
        check("a rack more is accepted: " + more.stderr.strip(), more.returncode == 0)
        check("it is done in two rounds", json.loads(more.stdout)["makespan_ms"] < 2.1 * 3600_000)
        signed = os.path.join(work, "signed.yaml")
        with open(portfolio) as file, open(signed, "w") as out:
            out.write(file.read().replace("sites:\n", "  - {name: next, provider: lab, sites: [north], power: 1 MW, "
                                          "price: 1 USD/GPU-hour, starts: 2149-01-01, ends: 2150-01-01}\nsites:\n"))
        refused = run("apply", signed)
        check("holder has a right, and was not asked: " + refused.stderr.strip(),
              refused.returncode == 5 and "holder" in refused.stderr)
        what_if = run("simulate", signed, "--from", url, "--json")
        check("a what-if signs nothing and asks nobody: " + what_if.stderr.strip(), what_if.returncode == 0)
        again = run("apply", signed)
        check("the server's rights are as they were", again.returncode == 5 and "holder" in again.stderr)
        other = run("simulate", "--from", url, "--policy", "backfil=none")
        check("a misspelt setting is refused with a suggestion", other.returncode == 3 and "backfill" in other.stderr)
        # A rack dies in the copy: a gang that saves itself each second goes on from its last checkpoint before the copy
        # was taken, one that never does begins again.
        with open(os.path.join(work, "dies.yaml"), "w") as out:
            out.write("kind: Faults\noutages: [{target: north/h/p1/r1, from: 2020-01-01, lasts: 1 min}]\n")
        time.sleep(max(0, begun + 5 - time.time()))
        faulty = json.loads(run("simulate", "--from", url, "--faults", os.path.join(work, "dies.yaml"),
                                "--json").stdout)
        check(f"the outage interrupts both gangs: {faulty['interrupted']}", faulty["interrupted"] == 2)
        seconds = {bar["job"]: (bar["until_ms"] - bar["from_ms"]) / 1000 for bar in faulty["largest"]
                   if bar["job"] <= 2 and bar["result"] == "Completed"}
        ran = time.time() - begun
        check(f"what was saved is not done again: {seconds}, it ran for at most {ran:.1f} s",
              3600 - ran - 1 < seconds[1] < 3600 - 3)
        check("what was not saved is", seconds[2] == 3600)
        after = json.loads(subprocess.run(["curl", "-s", url + "/v1/state"], capture_output=True, text=True).stdout)
        check("the server goes on as it was", after["waiting"] == before["waiting"] and after["live"] == before["live"])
        check("its events are its own", after["last_event"] == before["last_event"])
    finally:
        server.terminate()
        server.wait(timeout=20)
