#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Files of faults on the command line: outages of a CSV file (plain, .gz, by a mapping), lifetimes of units, and what
`ampacity advise checkpoint` says of a gang.

usage: faults_test.py AMPACITY SOURCE
"""
import gzip
import json
import os
import sys
import tempfile

from checks import check, run

source = sys.argv[2]
PORTFOLIO = """portfolio: two-racks
accelerators:
  - {name: slot, tdp: 1 kW, idle: 100 W, gpus_per_node: 4, nodes_per_rack: 4, rack_power: 20 kW}
providers: [{name: lab}]
leases:
  - {name: all, provider: lab, sites: [north], power: 1 MW, price: 1 USD/GPU-hour, starts: 2020-01-01, ends: 2150-01-01}
sites:
  - name: north
    cluster: {kind: simulated}
    halls: [{name: h, power: 1 MW, racks_per_pod: 2, accelerator: slot}]
"""
WORKLOAD = """kind: Synthetic
workload: w
from: 2028-01-01
until: 2028-02-01
jobs: 200
sizes: [{gpus: 16, weight: 1}]
durations: [{up_to: 16, p50: 4 h, p90: 8 h, p99: 12 h, longest: 24 h}]
checkpoints: {share: 100 %, interval: 30 min}
"""
OUTAGES = """target,from,until,cause
north/h/p1/r1,2028-01-05 00:00:00,2028-01-05 12:00:00,power shelf
north/h/p1/r1,2028-01-05 06:00:00,2028-01-05 18:00:00,power shelf
south/h,2028-01-06 00:00:00,2028-01-06 12:00:00,elsewhere
north/h/p1/r2,2028-01-07 00:00:00,,unknown
"""


with tempfile.TemporaryDirectory() as work:
    def file(name, text, packed=False):
        path = os.path.join(work, name)
        with (gzip.open(path, "wt") if packed else open(path, "w")) as out:
            out.write(text)
        return path

    portfolio, workload = file("p.yaml", PORTFOLIO), file("w.yaml", WORKLOAD)

    def play(faults, *words):
        return run("simulate", portfolio, "--workload", workload, "--faults", faults, "--json", *words)

    plain = play(file("o.csv", OUTAGES))
    check("a CSV file of outages is played: " + plain.stderr.strip(), plain.returncode == 0)
    result = json.loads(plain.stdout)
    records = list(result["fault_records"].values())[0]
    check(f"two joined, one elsewhere, one without an end: {records}",
          records == {"read": 4, "refused": {"nowhere in the portfolio": 1, "without a beginning or an end": 1},
                      "repaired": {"overlaps the one before it: joined": 1}})
    check("one outage, of the rack, for 18 hours", result["sites"][0]["outages"] == 1
          and result["time"]["out_gpu_ms"] == 16 * 18 * 3_600_000)
    check("the note says what is left out", "left out" in plain.stderr)

    file("r.csv.gz", OUTAGES.replace("target,", "place,").replace("north/h/p1/r1", "R1"), packed=True)
    mapped = file("f.yaml", "kind: Faults\noutages_file:\n  file: r.csv.gz\n  target: place\n"
                  "  targets: {R1: north/h/p1/r1}\n  from: {column: from, unit: text}\n"
                  "  until: {column: until, unit: text}\n  cause: cause\n")
    same = json.loads(play(mapped).stdout)
    check("by a mapping, packed: the same digest", same["digest"] == result["digest"])
    nowhere = play(file("n.csv", OUTAGES.replace("north", "west")))
    check("none of its places: refused, with what to do", nowhere.returncode == 2 and "`targets`" in nowhere.stderr)
    bad = play(file("b.csv", OUTAGES.replace("2028-01-06 12:00:00", "noon")))
    check("a cell that is no time: by line and column", bad.returncode == 3 and "b.csv:4:" in bad.stderr)

    lives = "kind: Faults\nlifetimes: {file: lives.csv, lasts: {column: days, unit: hours}, event: event, %s}\n" \
            "restart_time: 5 min\ncheckpoint_time: 30 s\n"
    file("lives.csv", "days,event\n" + "".join(f"{30 + i},{'died' if i % 2 else ''}\n" for i in range(200)))
    dying = json.loads(play(file("l.yaml", lives % "mean_repair: 10 min")).stdout)
    check(f"GPUs die: {dying['interrupted']} gangs interrupted", dying["interrupted"] > 10)
    again = json.loads(play(os.path.join(work, "l.yaml")).stdout)
    other = json.loads(play(os.path.join(work, "l.yaml"), "--seed", "2").stdout)
    check("same seed, same digest; another one, another",
          dying["digest"] == again["digest"] and dying["digest"] != other["digest"])
    summary = run("simulate", portfolio, "--workload", workload, "--faults", os.path.join(work, "l.yaml")).stdout
    check("the summary says how often to save", "best every" in summary and "every 30 min 00 s, as now" in summary)

    llama = os.path.join(source, "examples", "faults", "llama3.yaml")
    advice = run("advise", "checkpoint", "--gpus", "16384", "--faults", llama, "--interval", "1 h", "--json")
    advice = json.loads(advice.stdout)
    # 50,677 GPU-hours between interruptions (Llama 3, table 5)
    mtbf = 50_677 * 3_600_000 / 16_384
    check(f"Llama 3's mean time between failures: {advice}",
          abs(advice["mean_between_failures_ms"] / mtbf - 1) < 0.01)
    check("Young's interval, within a few per cent of Daly's",
          abs(advice["best_interval_ms"] / (2 * 30_000 * mtbf) ** 0.5 - 1) < 0.05)
    check("an hour loses more", advice["lost_ppm"] > advice["best_lost_ppm"] > 0)
    text = run("advise", "checkpoint", "--gpus", "16384", "--faults", llama).stdout
    check("in words: " + text.strip().replace("\n", "; "), "16,384 GPUs fail every 3 h" in text)
    check("a misspelt duration is refused", run("advise", "checkpoint", "--gpus", "8", "--faults", llama,
                                                "--interval", "often").returncode == 2)
    racks = file("racks.yaml", "kind: Faults\ncauses: [{cause: shelf, unit: rack, mean_between: 100 h}]\n"
                 "checkpoint_time: 30 s\n")
    wide = run("advise", "checkpoint", "--gpus", "32", "--faults", racks, "--portfolio", portfolio, "--json")
    check("a portfolio says how many racks a gang has",
          json.loads(wide.stdout)["mean_between_failures_ms"] == 50 * 3_600_000)
    check("nothing fails: refused, with what to do",
          "no checkpoint is needed" in run("advise", "checkpoint", "--gpus", "8", "--faults", mapped,
                                           "--checkpoint-time", "30 s").stderr)

    titan = os.path.join(source, "examples", "faults", "titan-lifetimes.yaml")
    if os.path.exists(os.path.join(source, "..", "shared", "traces", "failures", "titan-gpu-gc_full.csv.gz")):
        real = json.loads(play(titan).stdout)
        check("Titan's lives are read", real["fault_records"] and not real["partial"])
    else:
        print("skipped: Titan's lives are not there")
