#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The same conversations and the same simulation give the same digest with g++ and clang++, at -O0 and -O2: the pure
# rooms are compiled four times and run. A room is compiled as one file, because most of the time goes into headers;
# all of them stand in one queue, the longest first, so that no core idles between two builds.
# usage: same_digest.sh SOURCE_FOLDER
set -euo pipefail
source=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"  # relative names: ccache knows them again
sources_of() { find "$source/src/$1" -maxdepth 1 -name '*.cpp' | grep -vE '_(test|prop|fuzz|bench)\.cpp$' | LC_ALL=C sort; }
rooms="engine sim policy ledger model fleet protocol units base"
for room in $rooms; do
  sources_of "$room" | sed 's/.*/#include "&"/' > "$room.cpp"
done
printf '#include "%s/tests/determinism/digest_main.cpp"\n' "$source" > digest_main.cpp
export launcher="" source
command -v ccache > /dev/null && launcher=ccache
for level in O2 O0; do
  for file in $rooms digest_main; do
    for compiler in clang++ g++; do
      mkdir -p "$compiler-$level"
      echo "$compiler $level $file"
    done
  done
done | xargs -P 2 -L 1 sh -c '$launcher $0 -std=c++20 -$1 -ffp-contract=off -w -DXXH_INLINE_ALL -I$source/src \
  -I$source/tests -c $2.cpp -o $0-$1/$2.o'
want=
for compiler in g++ clang++; do
  for level in O0 O2; do
    out=$compiler-$level
    "$compiler" "$out"/*.o -lfmt -o "$out/digest"
    digest=$("./$out/digest")
    echo "$digest  $compiler -$level"
    [ -z "$want" ] && want=$digest
    [ "$digest" = "$want" ] || { echo "not the same digest" >&2; exit 1; }
  done
done
