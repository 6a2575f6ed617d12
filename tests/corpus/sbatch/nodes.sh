#!/bin/sh
#SBATCH -N 2 --gres=gpu:h100:8 --ntasks-per-node=8 -C "h100|h200"
#SBATCH -c4 -A team -q high -D /work --gpus-per-node=8 --gpus-per-task=1
#SBATCH -a 1-10 --unknown
