#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Simulates real.yaml with the series in the folder FOLDER. usage: real.sh FOLDER [more of ampacity simulate]
set -eu
here=$(dirname "$0")
folder=${1:-"$here/../../../shared/traces/energy"}
[ $# -gt 0 ] && shift
if [ ! -d "$folder" ]; then
  echo "skipped: no $folder; say where the series are: $0 FOLDER" >&2
  exit 0
fi
exec "${AMPACITY:-ampacity}" simulate "$here/real.yaml" --series "$folder" --workload "$here/workload.yaml" "$@"
