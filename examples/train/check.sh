#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Does the example survive what it is an example of? Two ranks by hand on loopback: one is killed, both are
# restarted, both are stopped, and train.sh finishes the run; the loss must be that of a run that nobody
# disturbed, to the last digit. About a minute. Prints PASS or FAIL; leaves nothing behind.

set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
pids=()
steps=120
every=20
common=(--steps "$steps" --checkpoint-every "$every" --timeout 30)
export PYTHONDONTWRITEBYTECODE=1 MASTER_ADDR=127.0.0.1

clean_up() {
  for pid in ${pids[@]+"${pids[@]}"}; do
    [[ -n $pid ]] && kill -KILL "$pid" 2>/dev/null
  done
  rm -rf "$work"
}
trap clean_up EXIT

fail() {
  echo "FAIL: $*"
  tail -n 15 "$work"/*.log 2>/dev/null
  exit 1
}
tell() { echo "  $*"; }
now() { date +%s%N; }
since() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.2f", (b - a) / 1e9 }'; }

if [[ -z ${PYTHON:-} ]]; then
  for PYTHON in python3 /usr/bin/python3; do
    "$PYTHON" -c 'import importlib.util as u, sys; sys.exit(not u.find_spec("torch"))' 2>/dev/null && break
  done
fi
export PYTHON

# start NAME: the two ranks of an attempt, with their output in NAME-0.log and NAME-1.log.
start() {
  MASTER_PORT=$("$PYTHON" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  export MASTER_PORT
  pids=()
  for rank in 0 1; do
    RANK=$rank WORLD_SIZE=2 "$PYTHON" "$here/train.py" --checkpoint-dir "$folder" "${common[@]}" \
      >"$work/$1-$rank.log" 2>&1 &
    pids+=($!)
  done
}

# wait_for TEXT FILE: until the line is there; the run must not end before.
wait_for() {
  for _ in $(seq 600); do
    grep -qE "$1" "$2" && return
    kill -0 "${pids[0]}" 2>/dev/null || fail "rank 0 ended before it said '$1'"
    sleep 0.1
  done
  fail "rank 0 did not say '$1' within 60 s"
}

# ended RANK: waits for it and gives its exit code; its number may then be another process's, so forget it.
ended() {
  local code
  wait "${pids[$1]}" 2>/dev/null
  code=$?
  pids[$1]=
  return $code
}
value() { "$PYTHON" -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$folder/metrics.json" "$1"; }
resumed_step() { sed -n 's/^resumed from step //p' "$1"; }

began=$(now)

folder=$work/checkpoints/7  # as train.sh will name it
start killed
wait_for "^checkpoint step $((2 * every)) " "$work/killed-0.log"
kill -KILL "${pids[1]}"
killed=$(now)
ended 1
ended 0
code=$?
[[ $code -eq 1 ]] || fail "rank 0 ended with $code after rank 1 was killed, not with 1"
took=$(since "$killed")
awk -v t="$took" 'BEGIN { exit !(t < 5) }' || fail "rank 0 needed $took s to see that rank 1 was killed"
grep -q "^train.py: a peer is gone" "$work/killed-0.log" || fail "rank 0 did not say that a peer is gone"
! grep -q Traceback "$work/killed-0.log" || fail "rank 0 printed a traceback"
tell "rank 1 killed: rank 0 ended with 1 after $took s: $(grep '^train.py:' "$work/killed-0.log")"

restarted=$(now)
start stopped
wait_for "^(resumed|started) from" "$work/stopped-0.log"
from=$(resumed_step "$work/stopped-0.log")
[[ ${from:-0} -ge $((2 * every)) ]] || fail "the second attempt resumed from step ${from:-0}"
tell "restarted: resumed from step $from, $(since "$restarted") s after the start"
wait_for "^step " "$work/stopped-0.log"
stopping=$(now)
kill -TERM "${pids[@]}"
for rank in 0 1; do
  ended $rank
  code=$?
  [[ $code -eq 143 ]] || fail "rank $rank ended with $code after SIGTERM, not with 143"
done
stop_step=$(sed -n 's/^stopped by SIGTERM at step //p' "$work/stopped-0.log")
[[ -f $folder/step-$(printf %08d "${stop_step:-0}").pt ]] || fail "there is no checkpoint of step '$stop_step'"
tell "SIGTERM: both ended with 143 after $(since "$stopping") s, checkpoint of step $stop_step"

# The end of the run through the batch script, from a spooled copy and with a stand-in for srun.
mkdir "$work/bin" "$work/spool"
cp "$here/train.sh" "$work/spool/script"
cat >"$work/bin/srun" <<'SRUN'
#!/bin/bash
while [[ $1 == --* ]]; do shift; done
SLURM_PROCID=1 "$@" & other=$!
SLURM_PROCID=0 "$@" || exit
wait $other
SRUN
chmod +x "$work/bin/srun"
(cd "$work" && env -u MASTER_ADDR -u MASTER_PORT -u CHECKPOINT_DIR PATH="$work/bin:$PATH" TRAIN_DIR="$here" \
  SLURM_SUBMIT_DIR="$work" SLURM_JOB_ID=7 SLURM_NTASKS=2 SLURM_RESTART_COUNT=2 TRAIN_ARGS="${common[*]}" \
  "$work/spool/script") >"$work/script-0.log" 2>&1 || fail "train.sh ended with $?"
[[ $(resumed_step "$work/script-0.log") == "$stop_step" ]] || fail "train.sh did not resume from step $stop_step"
[[ $(value steps) -eq $steps && $(value restarts) -eq 2 ]] || fail "metrics.json is wrong: $(cat "$folder/metrics.json")"
[[ $(value learned) == True ]] || fail "the held-out loss is not below the unigram baseline"
disturbed=$(value val_loss)
tell "train.sh: resumed from step $stop_step and finished; held-out $disturbed, unigram $(value unigram_loss)"

folder=$work/checkpoints/8
start whole
for rank in 0 1; do ended $rank || fail "rank $rank of the undisturbed run failed"; done
[[ $(value val_loss) == "$disturbed" ]] || fail "undisturbed run: held-out $(value val_loss), and not $disturbed"
tell "undisturbed run: the same held-out loss to the last digit"

echo "PASS in $(since "$began") s"
