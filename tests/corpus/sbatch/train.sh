#!/bin/bash
#SBATCH --job-name=char-lm -p gpu
#SBATCH --ntasks=2 --gpus=2 # two
#SBATCH -t 1-02:03:04 --requeue -o %x-%j.out
#SBATCH --signal=B:USR1@60 --export=ALL,A=1
srun x
