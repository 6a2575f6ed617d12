#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""MAST's question (Choudhury et al., OSDI'24) on public arrivals: four clusters with their own queues, or one global
queue over the same four?

The four virtual clusters of Philly with the most GPU time are four regions. Each gets the same share of GPUs for its
mean demand. *Siloed*: each region runs what was submitted to it. *Global*: the same four sites behind one queue, any
job at any site. Both are played by `ampacity simulate`; nothing else differs.

usage: studies/mast/run.py [--ampacity build/release/ampacity] [--load 0.85] [--out FOLDER]
"""
import argparse
import collections
import csv
import gzip
import json
import math
import os
import subprocess
import sys
import tempfile
from datetime import datetime

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
TRACE = os.path.join(os.environ.get("AMPACITY_SHARED", os.path.join(ROOT, "..", "shared")),
                     "traces", "jobs-gpu", "philly-2017-sia.csv.gz")

PORTFOLIO = """portfolio: {name}
accelerators:
  - {{name: slot, tdp: 1 kW, idle: 100 W, gpus_per_node: 8, nodes_per_rack: 1, rack_power: 12 kW}}
providers: [{{name: lab}}]
leases:
{leases}
sites:
{sites}
policy: {{max_walltime: 365 d, default_walltime: 1 d}}
"""
LEASE = ("  - {{name: lease-{0}, provider: lab, sites: [{0}], power: 100 MW, price: 2 USD/GPU-hour, starts: 2010-01-01, "
         "ends: 2100-01-01}}")
SITE = """  - name: {0}
    cluster: {{kind: simulated}}
    halls: [{{name: h, power: 100 MW, racks_per_pod: {1}, accelerator: slot}}]"""
MAP = """kind: TraceMap
trace: {name}
file: {file}
format: csv
submit: {{column: timestamp, unit: text}}
runtime: duration
gpus: num_gpus
"""


def read_trace():
    jobs = collections.defaultdict(list)
    with gzip.open(TRACE, "rt") as text:
        for row in csv.DictReader(text):
            at = datetime.strptime(row["timestamp"], "%Y-%m-%d %H:%M:%S").timestamp()
            jobs[row["cluster"]].append((at, float(row["duration"]), int(row["num_gpus"]), row))
    return jobs


def write_trace(path, rows):
    with open(path, "w", newline="") as out:
        writer = csv.DictWriter(out, ["timestamp", "duration", "num_gpus", "gpu_time", "cluster"])
        writer.writeheader()
        writer.writerows(rows)


def portfolio(name, nodes):
    sites = "\n".join(SITE.format(region, count) for region, count in nodes.items())
    leases = "\n".join(LEASE.format(region) for region in nodes)
    return PORTFOLIO.format(name=name, sites=sites, leases=leases)


def simulate(ampacity, work, name, nodes, rows):
    files = {kind: os.path.join(work, f"{name}.{kind}") for kind in ("csv", "map.yaml", "yaml", "json", "starts.csv")}
    write_trace(files["csv"], rows)
    with open(files["map.yaml"], "w") as out:
        out.write(MAP.format(name=name, file=files["csv"]))
    with open(files["yaml"], "w") as out:
        out.write(portfolio(name, nodes))
    subprocess.run([ampacity, "simulate", files["yaml"], "--workload", files["map.yaml"], "--out", files["json"],
                    "--starts", files["starts.csv"]], check=True, stdout=subprocess.DEVNULL)
    with open(files["starts.csv"], newline="") as text:
        waits = [(float(r["wait_s"]), int(r["gpus"])) for r in csv.DictReader(text) if r["wait_s"]]
    with open(files["json"]) as text:
        return waits, json.load(text)


def percentile(values, percent):
    ordered = sorted(values)
    return ordered[(len(ordered) - 1) * percent // 100]


def hours(seconds):
    return f"{seconds / 3600:.1f} h"


def weekly_ratio(jobs, gpus, begin, end):
    """The worst week: GPU-hours submitted in it over GPU-hours that there are."""
    week = 7 * 86400
    asked = collections.Counter()
    for at, duration, count, _ in jobs:
        asked[int((at - begin) // week)] += duration * count
    weeks = max(1, int((end - begin) // week))
    return max(asked[w] for w in range(weeks)) / (gpus * week)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ampacity", default=os.path.join(ROOT, "build", "release", "ampacity"))
    parser.add_argument("--load", type=float, default=0.85, help="mean demand over supply, of each region")
    parser.add_argument("--out", help="keep inputs and results here")
    args = parser.parse_args()
    if not os.path.exists(TRACE):
        sys.exit(f"{TRACE} is absent; AMPACITY_SHARED names the folder that has traces/")
    by_region = read_trace()
    largest = sorted(by_region, key=lambda r: -sum(d * g for _, d, g, _ in by_region[r]))[:4]
    names = dict(zip(largest, ("region-a", "region-b", "region-c", "region-d")))
    begin = min(j[0] for r in largest for j in by_region[r])
    end = max(j[0] for r in largest for j in by_region[r])
    nodes = {}
    for r in largest:
        demand = sum(d * g for _, d, g, _ in by_region[r]) / (end - begin)
        nodes[names[r]] = max(math.ceil(demand / args.load / 8), math.ceil(max(j[2] for j in by_region[r]) / 8))
    work = args.out or tempfile.mkdtemp(prefix="mast-")
    os.makedirs(work, exist_ok=True)

    rows, silo_waits = [], []
    for r in largest:
        jobs = by_region[r]
        waits, result = simulate(args.ampacity, work, names[r], {names[r]: nodes[names[r]]}, [j[3] for j in jobs])
        silo_waits += waits
        gpus = nodes[names[r]] * 8
        rows.append((names[r], gpus, len(jobs), weekly_ratio(jobs, gpus, begin, end), [w for w, _ in waits], result))
    everything = [j for r in largest for j in by_region[r]]
    waits, result = simulate(args.ampacity, work, "global", nodes, [j[3] for j in everything])
    total = sum(nodes.values()) * 8
    rows.append(("siloed, all four", total, len(everything), max(row[3] for row in rows),
                 [w for w, _ in silo_waits], None))
    rows.append(("one global queue", total, len(everything), weekly_ratio(everything, total, begin, end),
                 [w for w, _ in waits], result))
    print("| | GPUs | jobs | demand over supply, worst week | mean wait | p90 | p99 |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name, gpus, jobs, ratio, waits, _ in rows:
        print(f"| {name} | {gpus} | {jobs:,} | {ratio:.2f} | {hours(sum(waits) / len(waits))} | "
              f"{hours(percentile(waits, 90))} | {hours(percentile(waits, 99))} |")
    if not args.out:
        print(f"\n(inputs and results are in {work})", file=sys.stderr)


if __name__ == "__main__":
    main()
