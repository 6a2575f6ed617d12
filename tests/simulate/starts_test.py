#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`ampacity simulate --starts` on a flat machine: every start of every job is that of the reference schedules.

usage: starts_test.py AMPACITY SOURCE_FOLDER   (skips with a message where ../shared/reference-schedules is absent)
"""
import csv
import gzip
import os
import subprocess
import sys
import tempfile

ampacity, source = sys.argv[1], sys.argv[2]
folder = os.path.join(os.environ.get("AMPACITY_SHARED", os.path.join(source, "..", "shared")), "reference-schedules")
if not os.path.isdir(folder):
    print(f"skipped: {folder} is absent")
    sys.exit(0)
PROCS = {"sdsc-sp2-5k": 128, "nasa-ipsc": 128, "lublin-256": 256, "synth-100k": 4096}
if os.environ.get("AMPACITY_SANITIZED") == "1":  # the large one is left to the release build
    del PROCS["synth-100k"]

PORTFOLIO = """portfolio: flat
accelerators:
  - {{name: slot, tdp: 1 kW, idle: 100 W, gpus_per_node: 1, nodes_per_rack: 32, rack_power: 40 kW}}
providers: [{{name: lab}}]
leases:
  - {{name: all, provider: lab, sites: [site], power: 100 MW, price: 1 USD/GPU-hour, starts: 2000-01-01, ends: 2150-01-01}}
sites:
  - name: site
    cluster: {{kind: simulated}}
    halls: [{{name: h, power: 100 MW, racks_per_pod: {racks}, nodes_per_rack: {nodes}, accelerator: slot}}]
policy: {{backfill: {backfill}, max_walltime: 365 d}}
"""
MAP = """kind: TraceMap
trace: {name}
file: {file}
format: csv
job: job
submit: submit
runtime: runtime
walltime: estimate
gpus: procs
"""


def starts_of(file):
    with open(file, newline="") as rows:
        return {int(r["source"]): int(float(r["start_s"])) for r in csv.DictReader(rows)}


wrong = 0
with tempfile.TemporaryDirectory() as work:
    for name, procs in PROCS.items():
        with gzip.open(os.path.join(folder, name + ".starts.csv.gz"), "rt") as text:
            expected = list(csv.DictReader(text))
        first = 0
        with gzip.open(os.path.join(folder, name + ".jobs.csv.gz"), "rt") as text:
            first = int(next(csv.DictReader(text))["submit"])
        trace = os.path.join(work, name + ".yaml")
        with open(trace, "w") as out:
            out.write(MAP.format(name=name, file=os.path.abspath(os.path.join(folder, name + ".jobs.csv.gz"))))
        for backfill, column in (("none", "fcfs"), ("easy", "easy_batch_own")):
            portfolio = os.path.join(work, f"{name}-{backfill}.yaml")
            with open(portfolio, "w") as out:
                out.write(PORTFOLIO.format(racks=procs // 32, nodes=32, backfill=backfill))
            table = os.path.join(work, f"{name}-{backfill}.csv")
            subprocess.run([ampacity, "simulate", portfolio, "--workload", trace, "--starts", table], check=True,
                           stdout=subprocess.DEVNULL)
            ours = starts_of(table)
            differ = [r["job"] for r in expected if ours.get(int(r["job"])) != int(r[column]) - first]
            print(f"{name}: {len(expected) - len(differ)} of {len(expected)} starts equal {column}")
            if differ or len(ours) != len(expected):
                print(f"  differ, among others: {differ[:3]}", file=sys.stderr)
                wrong += 1
sys.exit(1 if wrong else 0)
