#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds every fuzzer and runs each for some seconds from its corpus in tests/corpus; stops at the first finding.
# usage: tools/fuzz.sh [SECONDS, 60 by default] [FUZZER...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
seconds=${1:-60}
shift || true
if [ $# = 0 ]; then
  for source in src/*/*_fuzz.cpp; do set -- "$@" "$(basename "$source" .cpp)"; done
fi
cmake --preset fuzz >/dev/null
ninja -C build/fuzz --quiet "$@"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for fuzzer in "$@"; do
  corpus=tests/corpus/${fuzzer%_fuzz}
  mkdir -p "$work/$fuzzer"  # what it finds on the way goes there, not into the repository
  log=$work/$fuzzer.log
  if ! "build/fuzz/$fuzzer" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=4096 -artifact_prefix="./$fuzzer-" \
    "$work/$fuzzer" $([ -d "$corpus" ] && echo "$corpus") >"$log" 2>&1; then
    tail -n 40 "$log"
    echo "$fuzzer: FOUND something; the input is in ./$fuzzer-*" >&2
    exit 1
  fi
  echo "$fuzzer: $(grep '^Done' "$log")"
done
