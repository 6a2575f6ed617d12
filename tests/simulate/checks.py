# SPDX-License-Identifier: Apache-2.0
"""What the tests of `ampacity simulate` share: a check that names itself, and a run of the binary, the first argument."""
import subprocess
import sys


def check(what, ok):
    print(("ok   " if ok else "FAIL ") + what)
    if not ok:
        sys.exit(1)


def run(*words, env=None):
    return subprocess.run([sys.argv[1], *words], env=env, capture_output=True, text=True, timeout=120)
