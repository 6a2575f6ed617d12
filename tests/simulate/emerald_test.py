#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""studies/emerald at Phoenix: every call is met in every minute, the rigid tier is not touched and no tier is slowed beyond
what it accepts. The last is checked against this file's own sums too. usage: emerald_test.py AMPACITY SOURCE"""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

AMPACITY, SOURCE = Path(sys.argv[1]), Path(sys.argv[2])


def main() -> None:
    with tempfile.TemporaryDirectory() as work:
        done = subprocess.run([sys.executable, SOURCE / "studies/emerald/run.py", "--ampacity", AMPACITY, "--site", "phoenix",
                               "--check", "--minutes", "--out", work], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        table, course = done.stdout.split("minute,asked_w,less_w\n")
        minutes = [[int(x) for x in line.split(",")] for line in course.split()]
        assert len(minutes) == 180 and all(less >= asked > 0 for _, asked, less in minutes), minutes
        assert table.count("| phoenix |") == 3 + 3 * 4, table
        result = json.loads((Path(work) / "phoenix-slowed-25.json").read_text())
        call = result["curtailments"][0]
        assert abs(call["asked_w"] * 4 - call["drawn_before_w"]) < 4, call
        assert call["asked_j"] == call["asked_w"] * 3 * 3600 and call["saved_j"] >= call["asked_j"], call
        # The course is what was saved: piece by piece, by the minute (a gang may end within one).
        course = [*call["course"], {"at_ms": call["until_ms"], "drawn_w": 0}]
        saved = sum((call["drawn_before_w"] - a["drawn_w"]) * (min(b["at_ms"], call["until_ms"]) - max(a["at_ms"], call["at_ms"]))
                    for a, b in zip(course, course[1:]) if call["at_ms"] < b["at_ms"] and a["at_ms"] < call["until_ms"]) / 1000
        assert abs(saved - call["saved_j"]) < 0.02 * call["saved_j"], (saved, call["saved_j"])
        stopped = json.loads((Path(work) / "phoenix-stopped-25.json").read_text())["curtailments"][0]
        assert call["slower"] > 0 and call["moved"] == 0, call
        assert stopped["slower"] == 0 and stopped["paused"] > 0, stopped
    print("ok")


main()
