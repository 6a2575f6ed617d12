#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`ampacity simulate --vary`: each variant and seed has its files; Ctrl-C leaves a comparison that says so; results of
other failures are no replicas.

usage: vary_test.py AMPACITY EXAMPLES
"""
import csv
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

from checks import check, run

ampacity, examples = sys.argv[1:3]
DESK = os.path.join(examples, "desk", "portfolio.yaml")
STARGATE = os.path.join(examples, "stargate", "portfolio.yaml")
POLICIES = os.path.join(examples, "policies", "backfill.yaml")
KALOS = os.path.join(examples, "workloads", "acme-kalos.yaml")


with tempfile.TemporaryDirectory() as work:
    def inside(name):
        return os.path.join(work, name)

    with open(KALOS) as file:
        kalos = file.read().replace("workload: acme-kalos", "workload: small")
    for name, jobs in (("short.yaml", 300), ("long.yaml", 300_000)):
        with open(inside(name), "w") as out:
            out.write(kalos.replace("jobs: 19907", f"jobs: {jobs}"))
    base = ("simulate", DESK, "--workload", inside("short.yaml"), "--from", "2028-01-03")
    varied = run(*base, "--vary", POLICIES, "--replicas", "2", "--json", "--out", inside("r.json"), "--report",
                 inside("page.html"), "--csv", inside("tables"), "--starts", inside("starts.csv"))
    check("variants play: " + varied.stderr.strip(), varied.returncode == 0)
    comparison = json.loads(varied.stdout)
    names = sorted(v["name"] for v in comparison["variants"])
    check(f"two variants at least: {names}", len(names) >= 2)
    files = sorted(os.listdir(work))
    for start, end in (("r-", "-2.json"), ("page-", "-1.html"), ("tables-", "-2"), ("starts-", "-1.csv")):
        found = [f for f in files if f.startswith(start) and f.endswith(end)]
        check(f"each variant has its {start}…{end}: {found}", len(found) == len(names))
    table = next(f for f in files if f.startswith("starts-"))
    with open(inside(table)) as file:
        rows = list(csv.DictReader(file))
    check("of each job when it started", len(rows) > 100 and all(row["workload"] == "small" for row in rows))

    lost = run(*base, "--vary", POLICIES, "--out", inside("kept.json"), "--csv", "/proc/none/tables", "--json")
    check("a folder that cannot be made is an error: " + lost.stderr.strip()[:100], lost.returncode == 6)
    check("and nothing else is lost", len(json.loads(lost.stdout)["variants"]) == len(names)
          and len([f for f in os.listdir(work) if f.startswith("kept-")]) == len(names))

    out = inside("calm.json")
    check("calm", run(*base, "--out", out).returncode == 0)
    faults = os.path.join(examples, "faults", "llama3.yaml")
    check("with failures", run(*base, "--faults", faults, "--out", inside("faulty.json")).returncode == 0)
    both = run("compare", out, inside("faulty.json"), "--json")
    check("other failures are another variant: " + both.stderr.strip(), both.returncode == 0)
    check("called by its file", [v["name"].endswith("faulty.json)") for v in json.loads(both.stdout)["variants"]]
          == [False, True])

    many = [ampacity, "simulate", STARGATE, "--workload", inside("long.yaml"), "--from", "2028-01-03",
            "--vary", POLICIES, "--replicas", "20", "--json"]
    process = subprocess.Popen(many, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(3)
    process.send_signal(signal.SIGINT)
    said, errors = process.communicate(timeout=60)
    check(f"interrupted, exit 9: it was {process.returncode}: {errors.strip()[-120:]}", process.returncode == 9)
    check("it says so", "interrupted" in errors and "of 80 simulations" in errors)
    begun = json.loads(said) if said.strip() else {"variants": []}
    check("only those that had begun are compared", sum(len(v["seeds"]) for v in begun["variants"]) < 80)
