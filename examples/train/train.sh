#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A small training run of two ranks, as one would write it for Slurm: `sbatch train.sh`.
# `ampacity submit train.sh` takes the same file.
#
#SBATCH --job-name=char-lm
#SBATCH --ntasks=2
#SBATCH --gpus=2
#SBATCH --time=00:10:00
#SBATCH --requeue
#SBATCH --signal=B:USR1@30
#SBATCH --output=%x-%j.out

set -euo pipefail

# Slurm runs a copy of this script from its spool directory, so $0 says nothing about where train.py is.
submitted_from=${SLURM_SUBMIT_DIR:-$PWD}
if [[ -z ${TRAIN_DIR:-} ]]; then
  TRAIN_DIR=$submitted_from
  [[ -f $TRAIN_DIR/train.py ]] || TRAIN_DIR=$submitted_from/examples/train
fi
if [[ ! -f $TRAIN_DIR/train.py ]]; then
  echo "train.sh: no train.py in $submitted_from; submit from its folder, or set TRAIN_DIR" >&2
  exit 2
fi

# The first python that has PyTorch. (find_spec looks for it without loading it.)
if [[ -z ${PYTHON:-} ]]; then
  for PYTHON in python3 /usr/bin/python3 ''; do
    [[ -z $PYTHON ]] && { echo "train.sh: no python3 has PyTorch; set PYTHON" >&2; exit 2; }
    "$PYTHON" -c 'import importlib.util as u, sys; sys.exit(not u.find_spec("torch"))' 2>/dev/null && break
  done
fi

# Where the ranks meet. Each restart takes another port, so that it meets no leftover of the last attempt.
job=${SLURM_JOB_ID:-0}
restarts=${SLURM_RESTART_COUNT:-0}
if [[ -z ${MASTER_ADDR:-} ]]; then
  MASTER_ADDR=127.0.0.1
  if [[ -n ${SLURM_JOB_NODELIST:-} ]] && command -v scontrol >/dev/null; then
    mapfile -t hosts < <(scontrol show hostnames "$SLURM_JOB_NODELIST")
    MASTER_ADDR=${hosts[0]:-127.0.0.1}
  fi
fi
export MASTER_ADDR
export MASTER_PORT=${MASTER_PORT:-$((20000 + (job + 1009 * restarts) % 10000))}

# A restart of the job keeps its number, and so finds its checkpoints. A first start must not find any:
# those would be of another job, from before the cluster began to count anew. They are put aside.
if [[ -z ${CHECKPOINT_DIR:-} ]]; then
  CHECKPOINT_DIR=$submitted_from/checkpoints/$job
  if [[ $restarts == 0 && -e $CHECKPOINT_DIR ]]; then
    mv -- "$CHECKPOINT_DIR" "$CHECKPOINT_DIR.before-$(date +%Y%m%d-%H%M%S)-$$"
  fi
fi

export PYTHONDONTWRITEBYTECODE=1 OMP_NUM_THREADS=1

# exec: srun takes the place of this shell, so that signals to the batch script (USR1 thirty seconds before
# the end of the time: write a checkpoint; TERM: write one and leave) reach srun, which passes them on.
# shellcheck disable=SC2086  # TRAIN_ARGS is a list of words
exec srun --kill-on-bad-exit=1 "$PYTHON" "$TRAIN_DIR/train.py" --checkpoint-dir "$CHECKPOINT_DIR" ${TRAIN_ARGS:-}
