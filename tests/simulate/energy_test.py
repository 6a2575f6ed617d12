#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prices and carbon by the hour through the command line: the example with its made-up series, checked against this
file's own sums; real series where they are; the live server bills by the same hours. usage: energy_test.py AMPACITY SOURCE"""

import csv
import datetime
import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

AMPACITY, SOURCE = Path(sys.argv[1]), Path(sys.argv[2])
ENERGY = SOURCE / "examples/energy"
PARTS = ("it_j", "facility_j", "energy_micro_usd", "carbon_g")


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def run(*command, expect=0) -> subprocess.CompletedProcess:
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True,
                          env={**os.environ, "AMPACITY": str(AMPACITY)})
    check(done.returncode == expect, f"{command} ended with {done.returncode}: {done.stderr}{done.stdout}")
    return done


def ties(result: dict):
    for member in PARTS:
        whole, idle = result[member], result["idle"][member]
        check(sum(s[member] for s in result["sites"]) == whole, f"sites: {member}")
        check(sum(s["idle"][member] for s in result["sites"]) == idle, f"idle: {member}")
        for parts in ("teams", "leases", "size_classes"):
            check(sum(p[member] for p in result[parts]) + idle == whole, f"{parts}: {member}")


def series(file: Path, zone: str, column: str, scale: int) -> list[int]:
    with file.open() as lines:
        return [round(float(row[column]) * scale) for row in csv.DictReader(lines) if row["zone"] == zone]


def test_example(folder: Path):
    out = folder / "r.json"
    run(AMPACITY, "simulate", ENERGY / "portfolio.yaml", "--workload", ENERGY / "workload.yaml", "--until", "2028-03-20",
        "--out", out, "--csv", folder / "tables", "--report", folder / "page.html")
    result = json.loads(out.read_text())
    ties(result)
    used = {(s["site"], s["what"]): s for s in result["series"]}
    check(set(used) == {("windy", "energy_price"), ("windy", "carbon"), ("sunny", "energy_price")}, used)
    begun, ended = result["from_ms"], result["simulated_until_ms"]
    check(used["windy", "carbon"]["repeated_ms"] == ended - used["windy", "carbon"]["until_ms"] > 0, used)
    check(result["series"][0]["repaired_hours"] == 0, "nothing is missing")
    prices = series(ENERGY / "made-up.csv", "WINDY", "price_usd_mwh", 1_000_000)
    starts = used["windy", "energy_price"]["from_ms"]
    for sample in result["samples"][::50]:
        hour = (sample["at_ms"] - starts) // 3_600_000
        check(sample["sites"][0]["price_micro_usd_mwh"] == prices[hour % 168], f"the price of hour {hour}")
        check(sample["sites"][1]["carbon_mg_kwh"] == 333_000, "one figure all the time")
    windy = result["sites"][0]
    mean = windy["energy_micro_usd"] / (windy["facility_j"] / 3.6e9)
    check(min(prices) < mean < max(prices), f"{mean} micro-USD a MWh on the mean")
    check(begun < ended, "time went by")
    head = (folder / "tables/series.csv").read_text().splitlines()
    check(len(head) == 4 and head[0].startswith("site,what,source,from_ms"), head)
    check("idle_carbon_g" in (folder / "tables/sites.csv").read_text(), "sites.csv has idle")


def test_nothing_but_idle(folder: Path):
    """One job, ended long before: what is left is idle, and by hand."""
    (folder / "one.yaml").write_text("kind: Synthetic\nworkload: one\nseed: 1\nfrom: 2028-03-06\nuntil: 2028-03-06T01:00:00Z\n"
                                     "jobs: 1\nsizes: [{gpus: 72, weight: 1}]\ndurations: [{up_to: 72, shortest: 1 h, "
                                     "p50: 1 h, p90: 1 h, p99: 1 h, longest: 1 h}]\n")
    out = folder / "one.json"
    run(AMPACITY, "simulate", ENERGY / "portfolio.yaml", "--workload", folder / "one.yaml", "--from", "2028-03-06",
        "--until", "2028-03-13", "--out", out)
    result = json.loads(out.read_text())
    ties(result)
    sunny = next(s for s in result["sites"] if s["name"] == "sunny")
    check(sunny["attempts"] == 0 and sunny["it_j"] == sunny["idle"]["it_j"] > 0, sunny)
    watts, rest = divmod(sunny["it_j"], 7 * 24 * 3_600)  # 432 GPUs, each idle with its part of the rack
    check(rest == 0 and watts % 432 == 0, f"{watts} W")
    prices = series(ENERGY / "made-up.csv", "SUNNY", "price_usd_mwh", 1_000_000)
    expected = sum(watts * 1.25 * 3_600 * p for p in prices) / 3.6e9
    check(abs(sunny["energy_micro_usd"] - expected) <= 1, f"{sunny['energy_micro_usd']}, by hand {expected}")
    check(sunny["carbon_g"] == sunny["facility_j"] * 333 // 3_600_000, sunny["carbon_g"])


def test_check(folder: Path):
    said = run(AMPACITY, "check", ENERGY / "portfolio.yaml").stdout
    check("2 sites, 1 leases, 3 series" in said, said)
    text = (ENERGY / "portfolio.yaml").read_text()
    (folder / "typo.yaml").write_text(text.replace("zone: SUNNY", "zone: SUNY"))
    said = run(AMPACITY, "check", folder / "typo.yaml", "--series", ENERGY, expect=3).stderr
    check("(did you mean 'SUNNY'?)" in said and "typo.yaml:41:" in said, said)
    lines = (ENERGY / "made-up.csv").read_text().splitlines()
    del lines[20:23]
    (folder / "made-up.csv").write_text("\n".join(lines) + "\n")
    (folder / "portfolio.yaml").write_text(text)
    said = run(AMPACITY, "check", folder / "portfolio.yaml").stdout
    check("3 series (6 hours repaired)" in said, said)
    done = run(AMPACITY, "simulate", folder / "portfolio.yaml", "--workload", ENERGY / "workload.yaml", "--json")
    check("hours repaired" in done.stderr, done.stderr)
    check(json.loads(done.stdout)["series"][0]["repaired_hours"] == 3, "the result says so")


def test_real(folder: Path):
    shared = Path(os.environ.get("AMPACITY_SHARED", SOURCE / "../shared")) / "traces/energy"
    done = run(ENERGY / "real.sh", shared, "--out", folder / "real.json")
    if not shared.exists():
        check("skipped" in done.stderr, done.stderr)
        print(f"skipped: no {shared}")
        return
    result = json.loads((folder / "real.json").read_text())
    ties(result)
    check(len(result["series"]) == 4, "four series")
    for used in result["series"]:
        check(used["repeated_ms"] == result["simulated_until_ms"] - result["from_ms"], "2028 is after 2024")


LIVE = """portfolio: live
accelerators:
  - {name: slot, tdp: 1 kW, idle: 100 W, gpus_per_node: 4, nodes_per_rack: 4, rack_power: 20 kW}
providers: [{name: lab}]
leases:
  - {name: all, provider: lab, sites: [north], power: 1 MW, price: 1 USD/GPU-hour, starts: 2020-01-01, ends: 2150-01-01}
sites:
"""
SITE = """  - name: NAME
    energy_price: {series: today.csv, time: utc, value: price, unit: USD/MWh}
    carbon: {series: today.csv, time: utc, value: price, unit: g/kWh}
    cluster: {kind: simulated}
    halls: [{name: h, power: 1 MW, accelerator: slot}]
"""


def write_live(folder: Path, begin: datetime.datetime, sites: int, hours: int):
    with (folder / "today.csv").open("w") as out:
        print("utc,price", file=out)
        for hour in range(hours):
            print(f"{begin + datetime.timedelta(hours=hour):%Y-%m-%d %H:%M},{800 + (hour * 37) % 1000}", file=out)
    names = ["north", *(f"more-{i}" for i in range(sites - 1))]
    (folder / "live.yaml").write_text(LIVE + "".join(SITE.replace("NAME", name) for name in names))


def too_large(folder: Path, method: str, target: str, mib: int) -> int:
    host, _, port = (folder / "data/server").read_text().strip().removeprefix("http://").partition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=30)
    connection.putrequest(method, target)
    connection.putheader("Content-Length", str(mib << 20))
    connection.endheaders()  # the answer comes before the body does
    return connection.getresponse().status


def test_live(folder: Path):
    """A server bills by the hour, takes a portfolio of more than 4 MiB, and has it again after a restart."""
    env = {**os.environ, "AMPACITY_DATA": str(folder / "data")}
    env.pop("AMPACITY_SERVER", None)

    def ask(*words):
        return subprocess.run([AMPACITY, *words], env=env, capture_output=True, text=True, timeout=60)

    def serve():
        server = subprocess.Popen([AMPACITY, "serve", folder / "live.yaml", "--port", "0", "--log-level", "error"], env=env)
        for _ in range(200):
            if ask("sites").returncode == 0:
                return server
            time.sleep(0.05)
        raise AssertionError("the server does not answer")

    begin = datetime.datetime.now(datetime.timezone.utc).replace(minute=0, second=0, microsecond=0)
    write_live(folder, begin, 1, 24)
    server = serve()
    try:
        check(ask("submit", "--gpus", "8", "--walltime", "1 min", "--runtime", "1 s", "--", "true").returncode == 0, "submitted")
        for _ in range(200):
            job = json.loads(ask("job", "1", "--json").stdout)["job"]
            if job["state"] == "Completed":
                break
            time.sleep(0.05)
        check(job["state"] == "Completed", job)
        bought = job["usage"]["energy_cost_micro_usd"] / (job["usage"]["facility_j"] / 3.6e9) / 1e6
        check(799.9 < bought < 837.1, f"the first hour, or the second, not {bought} USD/MWh")
        check(too_large(folder, "POST", "/v1/jobs", 5) == 413, "only a PUT may be so large")
        check(too_large(folder, "PUT", "/v1/portfolio", 33) == 413, "nor may a PUT be larger than 32 MiB")
        write_live(folder, begin - datetime.timedelta(days=1_800), 8, 43_848)
        applied = ask("apply", folder / "live.yaml")
        check(applied.returncode == 0 and "in force" in applied.stdout, applied.stderr)
    finally:
        server.terminate()
        server.wait(timeout=20)
    server = serve()
    try:
        again = ask("apply", folder / "live.yaml")
        check("nothing changed" in again.stdout, again.stdout + again.stderr)
    finally:
        server.terminate()
        server.wait(timeout=20)


def main():
    with tempfile.TemporaryDirectory() as folder:
        for test in (test_check, test_example, test_nothing_but_idle, test_real, test_live):
            test(Path(folder))
            print("ok", test.__name__)


if __name__ == "__main__":
    main()
