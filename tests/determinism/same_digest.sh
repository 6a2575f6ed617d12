#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The same conversations and the same simulation give the same digest with g++ and clang++, at -O0 and -O2: the pure
# rooms are compiled four times and run. A room is compiled as one file, because most of the time goes into headers.
# usage: same_digest.sh SOURCE_FOLDER
set -euo pipefail
source=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"  # relative names: ccache knows them again
sources_of() { find "$source/src/$1" -maxdepth 1 -name '*.cpp' | grep -vE '_(test|prop|fuzz|bench)\.cpp$' | LC_ALL=C sort; }
for room in base units model protocol fleet ledger policy engine sim; do
  sources_of $room | sed 's/.*/#include "&"/' > $room.cpp
done
files="$(ls ./*.cpp) $source/tests/determinism/digest_main.cpp"
launcher=$(command -v ccache || true)
build() {  # compiler, level
  local out=$1-$2
  mkdir -p "$out"
  # shellcheck disable=SC2086
  printf '%s\n' $files | xargs -P 2 -I{} sh -c \
    "$launcher $1 -std=c++20 -$2 -ffp-contract=off -w -DXXH_INLINE_ALL -I$source/src -I$source/tests -c {} -o $out/\$(echo {} | md5sum | cut -c1-12).o"
  "$1" "$out"/*.o -lfmt -o "$out/digest"
}
want=
for compiler in g++ clang++; do
  for level in O0 O2; do
    build $compiler $level
    digest=$(./$compiler-$level/digest)
    echo "$digest  $compiler -$level"
    [ -z "$want" ] && want=$digest
    [ "$digest" = "$want" ] || { echo "not the same digest" >&2; exit 1; }
  done
done
