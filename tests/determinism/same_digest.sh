#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The same conversations give the same digest with g++ and clang++, at -O0 and -O2: the pure rooms are compiled four
# times and run. usage: same_digest.sh SOURCE_FOLDER
set -euo pipefail
source=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
files=$(ls "$source"/src/{base,units,model,protocol,fleet,ledger,policy,engine,sim}/*.cpp | grep -vE '_(test|prop|fuzz|bench)\.cpp$')
files="$files $source/tests/determinism/digest_main.cpp"
launcher=$(command -v ccache || true)
build() {  # compiler, level
  local out=$work/$1-$2
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
    digest=$("$work/$compiler-$level/digest")
    echo "$digest  $compiler -$level"
    [ -z "$want" ] && want=$digest
    [ "$digest" = "$want" ] || { echo "not the same digest" >&2; exit 1; }
  done
done
