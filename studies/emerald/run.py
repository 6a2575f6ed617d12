#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Emerald AI's field test (Phoenix, May 2025: 256 GPUs, 25 % less power for three hours, service kept) played by `ampacity
simulate`, and the same call at the scale of Abilene (400,320 GPUs).

Jobs are of four tiers, as the test tagged them: tier 0 must not be touched, tiers 1 to 3 put up with 10, 25 and 50 % less
throughput. Every case is played twice from the same seed: without the call, which says what the site draws when it is told
and how long each job runs by itself; and with it. Nothing else differs.

usage: studies/emerald/run.py [--ampacity build/release/ampacity] [--site phoenix|abilene|both] [--minutes] [--check] [--out FOLDER]
  --minutes  the course of the first case, minute by minute
  --check    end with an error if a call was missed by a watt in any minute, or a tier was not kept
"""
import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta, timezone

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
CALLED = datetime(2025, 5, 3, 23, 50, tzinfo=timezone.utc)  # 16:50 in Phoenix on the day of the test
NOTICE, LASTS, GRACE = timedelta(minutes=10), timedelta(hours=3), timedelta(minutes=2)  # the load goes down a grace before
SLOWEST = {"tier-0": None, "tier-1": 90, "tier-2": 75, "tier-3": 50}
MIX = {"tier-0": 20, "tier-1": 20, "tier-2": 30, "tier-3": 30}  # % of the jobs: an assumption

SITES = {
    "phoenix": {
        "gpus": 256, "jobs": 420,
        "sizes": [(8, 50), (16, 30), (32, 15), (64, 5)],
        "accelerators": "accelerators: [{name: A100, tdp: 400 W, idle: 50 W, gpus_per_node: 8, nodes_per_rack: 4, rack_power: 26 kW}]",
        "hall": "{name: h, power: 250 kW, racks_per_pod: 8, accelerator: A100}",
    },
    "abilene": {
        "gpus": 400320, "jobs": 24000,
        "sizes": [(8, 3000), (72, 3000), (288, 1500), (576, 900), (1152, 500), (4608, 90), (9216, 35), (18432, 10), (50040, 2)],
        "accelerators": "",
        "hall": "{name: h, count: 8, power: 136 MW, pods: 5, racks_per_pod: 139, accelerator: GB200}",
    },
}
PORTFOLIO = """portfolio: {site}
{accelerators}
providers: [{{name: oracle}}]
leases:
  - {{name: lease, provider: oracle, sites: [{site}], power: 2 GW, price: 2 USD/GPU-hour, starts: 2020-01-01, ends: 2040-01-01}}
sites:
  - name: {site}
    pue: 1.10
    cluster: {{kind: simulated}}
    halls: [{hall}]
policy: {{grace: 2 min, max_waiting: 1000000}}
"""
WORKLOAD = """kind: Synthetic
workload: {name}
from: {begins}
until: 2025-05-04T12:00:00Z
jobs: {jobs}
sizes: [{sizes}]
durations: [{{shortest: 10 min, p50: 2 h, p90: 8 h, p99: 18 h, longest: 36 h}}]
walltimes: [{{factor: 1.5}}]
checkpoints: {{share: 100 %, interval: 30 min}}
teams: [{teams}]
{more}
"""
# What else each tier says in a case; `slowest` is of the tier unless the case leaves it out.
CASES = [
    ("25 % less", 25, True),
    ("40 % less", 40, True),
    ("25 % less, nobody may be slowed", 25, False),
]


def stamp(at):
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def team_says(tier, may_slow):
    """Of the tiers that may be touched: paces as tagged; or else tier 1 shrinks, tier 2 pauses, tier 3 moves."""
    if tier == "tier-0":
        return ", requeue: false", ""
    if may_slow:
        return f", slowest: {SLOWEST[tier]} %, pausable: {'true' if tier == 'tier-3' else 'false'}", ""
    if tier == "tier-1":
        return "", "elastic: {share: 100 %, least: 50 %, from_gpus: 16}"
    return (", pausable: true" if tier == "tier-2" else ""), ""


def write_inputs(folder, site, may_slow):
    world = SITES[site]
    with open(os.path.join(folder, "portfolio.yaml"), "w") as out:
        out.write(PORTFOLIO.format(site=site, **world))
    files = []
    # A workload is elastic as a whole: tier 1, which shrinks where nobody may be slowed, is one of its own.
    for name, members, begins in (("tiers", ("tier-0", "tier-2", "tier-3"), "2025-05-03"), ("tier-1", ("tier-1",), "2025-05-03T00:07:00Z")):
        says = {tier: team_says(tier, may_slow) for tier in members}
        path = os.path.join(folder, f"{name}-{'slowed' if may_slow else 'stopped'}.yaml")
        with open(path, "w") as out:
            out.write(WORKLOAD.format(
                name=name, begins=begins, jobs=world["jobs"] * sum(MIX[tier] for tier in members) // 100,
                teams=", ".join(f"{{name: {tier}, weight: {MIX[tier]}{says[tier][0]}}}" for tier in members),
                more=says[members[0]][1],
                sizes=", ".join(f"{{gpus: {g}, weight: {w}}}" for g, w in world["sizes"][::-1 if name == "tier-1" else 1])))
        files.append(path)
    return files


def simulate(ampacity, folder, name, site, workloads, watts, begins, notice):
    """One run; the call is in a file of faults. Returns the result and the starts of all jobs."""
    paths = {kind: os.path.join(folder, f"{name}.{kind}") for kind in ("faults.yaml", "json", "starts.csv")}
    with open(paths["faults.yaml"], "w") as out:
        out.write(f"kind: Faults\ncurtailments: [{{site: {site}, power: {watts} W, from: {stamp(begins)}, "
                  f"lasts: {int(LASTS.total_seconds())} s, notice: {int(notice.total_seconds())} s}}]\n")
    command = [ampacity, "simulate", os.path.join(folder, "portfolio.yaml")]
    for path in workloads:
        command += ["--workload", path]
    command += ["--faults", paths["faults.yaml"], "--until", "2025-05-06", "--out", paths["json"], "--starts", paths["starts.csv"]]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    with open(paths["json"]) as text:
        result = json.load(text)
    with open(paths["starts.csv"], newline="") as text:
        starts = {(row["team"], row["source"]): row for row in csv.DictReader(text)}
    return result, starts


def called_at(result, starts):
    """The instant of the call as the starts have it: they count from the first job of the first workload."""
    first = min(float(row["submit_s"]) for row in starts.values())
    return first + CALLED.timestamp() - result["from_ms"] / 1000


def minutes_of(call):
    """Of each minute of the call: how much less is drawn than when it was called."""
    course, drawn, minutes = list(call["course"]), call["drawn_before_w"], []
    for at in range(call["at_ms"], call["until_ms"], 60_000):
        while course and course[0]["at_ms"] <= at:
            drawn = course.pop(0)["drawn_w"]
        minutes.append(call["drawn_before_w"] - drawn)
    return minutes


def tiers(before, after, called_s):
    """Of each tier, jobs that ran when the site was called: how many, how many were stopped, and how much longer they took."""
    table = {}
    for tier in SLOWEST:
        ran = [(before[key], after[key]) for key in before
               if key[0] == tier and before[key]["start_s"] and before[key]["end_s"]
               and float(before[key]["start_s"]) <= called_s < float(before[key]["end_s"])]
        stopped = [pair for pair in ran if int(pair[1]["attempts"]) > int(pair[0]["attempts"])]
        longer = [float(b["end_s"]) - float(b["start_s"]) - float(a["end_s"]) + float(a["start_s"])
                  for a, b in ran if b["end_s"] and int(b["attempts"]) == int(a["attempts"])]
        worked_less = sum(int(a["gpus"]) * x for (a, _), x in zip((p for p in ran if p[1]["end_s"] and p not in stopped), longer))
        table[tier] = (len(ran), len(stopped), longer, worked_less / 3600)
    return table


def checked(case, call, minutes, table, may_slow):
    problems = []
    if min(minutes) < call["asked_w"]:
        problems.append(f"{case}: a minute with {min(minutes)} W of {call['asked_w']} W")
    if call["saved_j"] < call["asked_j"] or call["least_w"] < call["asked_w"]:
        problems.append(f"{case}: {call['saved_j']} J of {call['asked_j']} J, at least {call['least_w']} W")
    ran, stopped, longer, _ = table["tier-0"]
    if ran == 0 or stopped or any(abs(x) > 0.001 for x in longer):
        problems.append(f"{case}: tier 0 was touched: {ran} ran, {stopped} stopped, {longer}")
    for tier, slowest in SLOWEST.items():
        most = (LASTS + GRACE).total_seconds() * (100 - (slowest or 100)) / 100
        if may_slow and table[tier][2] and max(table[tier][2]) > most + 1:
            problems.append(f"{case}: {tier} took {max(table[tier][2])} s longer, more than {most} s")
    return problems


def mean(values):
    return sum(values) / len(values) if values else 0


def play(ampacity, folder, site, case, percent, may_slow, baselines):
    workloads = write_inputs(folder, site, may_slow)
    kind = "slowed" if may_slow else "stopped"
    if kind not in baselines:  # called of one watt, a year ahead: nothing follows but a figure of the draw
        far = timedelta(days=300)
        baselines[kind] = simulate(ampacity, folder, f"{site}-{kind}-before", site, workloads, 1, CALLED + far, far)
    before, before_starts = baselines[kind]
    drawn = before["curtailments"][0]["drawn_before_w"]
    name = f"{site}-{kind}-{percent}"
    after, starts = simulate(ampacity, folder, name, site, workloads, drawn * percent // 100, CALLED + NOTICE, NOTICE)
    call = after["curtailments"][0]
    table = tiers(before_starts, starts, called_at(before, before_starts))
    minutes = minutes_of(call)
    lost = after["lost_by_cause_gpu_ms"].get("Curtailed", 0) / 3_600_000
    print(f"| {site} | {case} | {call['drawn_before_w'] / 1e3:,.1f} | {call['asked_w'] / 1e3:,.1f} | {min(minutes) / 1e3:,.1f} | "
          f"{mean(minutes) / 1e3:,.1f} | {call['saved_j'] / 3.6e9:,.3f} of {call['asked_j'] / 3.6e9:,.3f} | {call['slower']:,} | "
          f"{call['smaller']:,} | {call['paused']:,} | {call['moved']:,} | {lost:,.1f} | {sum(t[3] for t in table.values()):,.1f} |")
    return call, minutes, table


def show_tiers(rows):
    print("\n| site | case | tier | ran when called | of them stopped or resized | the others: minutes longer, mean | most | may be |")
    print("| --- | --- | --- | ---: | ---: | ---: | ---: | ---: |")
    for site, case, may_slow, table in rows:
        for tier, (ran, stopped, longer, _) in table.items():
            slowest = SLOWEST[tier] if may_slow else None
            bound = f"{(LASTS + GRACE).total_seconds() / 60 * (100 - slowest) / 100:.1f}" if slowest else "0"
            print(f"| {site} | {case} | {tier[-1]} | {ran:,} | {stopped:,} | {round(mean(longer) / 60, 3) + 0:.1f} | "
                  f"{round(max(longer, default=0) / 60, 3) + 0:.1f} | {bound} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ampacity", default=os.path.join(ROOT, "build", "release", "ampacity"))
    parser.add_argument("--site", choices=[*SITES, "both"], default="both")
    parser.add_argument("--minutes", action="store_true", help="the course of the first case")
    parser.add_argument("--check", action="store_true", help="fail if a call was missed or a tier not kept")
    parser.add_argument("--out", help="keep inputs and results here")
    args = parser.parse_args()
    folder = args.out or tempfile.mkdtemp(prefix="emerald-")
    os.makedirs(folder, exist_ok=True)
    print("| site | case | drew, kW | asked, kW | least shed of any minute | mean | MWh not drawn | slower | smaller | paused | moved "
          "| GPU-hours lost | put off |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    rows, problems, course = [], [], None
    for site in SITES if args.site == "both" else [args.site]:
        baselines = {}
        for case, percent, may_slow in CASES:
            call, minutes, table = play(args.ampacity, folder, site, case, percent, may_slow, baselines)
            course = course or (call["asked_w"], minutes)
            rows.append((site, case, may_slow, table))
            problems += checked(f"{site}, {case}", call, minutes, table, may_slow)
    show_tiers(rows)
    if args.minutes:
        print("\nminute,asked_w,less_w")
        for minute, less in enumerate(course[1]):
            print(f"{minute},{course[0]},{less}")
    if not args.out:
        print(f"\n(inputs and results are in {folder})", file=sys.stderr)
    if args.check and problems:
        sys.exit("\n".join(problems))


if __name__ == "__main__":
    main()
