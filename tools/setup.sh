# SPDX-License-Identifier: Apache-2.0
# Sourced by quickstart and test: installs the Debian packages of some groups of tools/packages.txt, saying which
# and why, and nothing when all are there. usage: setup_packages ASSUME_YES GROUP...

setup_packages() {
  local yes=$1 list group package why missing=() lines=()
  shift
  list=$root/tools/packages.txt
  while read -r group package why; do
    [[ $group == \#* || -z $group ]] && continue
    [[ " $* " == *" $group "* ]] || continue
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' && continue
    missing+=("$package")
    lines+=("$(printf '  %-22s %s' "$package" "$why")")
  done <"$list"
  [ ${#missing[@]} -eq 0 ] && return 0
  if ! command -v apt-get >/dev/null; then
    echo "These Debian packages are missing, and there is no apt-get here: ${missing[*]}" >&2
    return 1
  fi
  echo "Installing ${#missing[@]} Debian packages (apt-get, from the mirrors that this machine uses):"
  printf '%s\n' "${lines[@]}"
  local as_root=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { echo "Not root and no sudo: install them yourself and run this again." >&2; return 1; }
    as_root=(sudo)
    if [ "$yes" != yes ]; then
      read -r -p "Go on with sudo apt-get install? [Y/n] " answer
      [[ ${answer:-y} == [Yy]* ]] || return 1
    fi
  fi
  local log; log=$(mktemp)
  "${as_root[@]}" apt-get update -q >"$log" 2>&1 &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends "${missing[@]}" >>"$log" 2>&1 ||
    { tail -n 15 "$log" >&2; echo "apt-get failed; the whole log is in $log" >&2; return 1; }
  rm -f "$log"
}
