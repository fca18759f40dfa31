#!/bin/bash
# One table by as many processes as the array has elements, one GPU each. From the repository:
#   sbatch --array=0-7 docs/examples/slurm_join.sh --table d2sm_table1 --profile paper \
#     --data-root DIR --out STORE
# Repository, data and store have the same paths on all nodes. Options of sbatch before the script's
# name go before the lines below: --partition, --account, --gres=gpu:a100:1, ...
#SBATCH --job-name=retable
#SBATCH --gres=gpu:1
#SBATCH --cpus-per-task=8
#SBATCH --mem=64G
#SBATCH --time=24:00:00
#SBATCH --requeue
# A requeued element goes on in the same log.
#SBATCH --open-mode=append
# Two minutes before its time is over the process is told, as at a preemption: it writes a
# checkpoint and ends with status 75.
#SBATCH --signal=TERM@120
set -euo pipefail

# As many threads in every element: sums, and so the last bits, depend on it on a CPU.
export OMP_NUM_THREADS=$SLURM_CPUS_PER_TASK

# What SLURM signals at once is a step, which srun makes; this shell only has to outlive the signal.
trap : TERM
status=0
srun --cpus-per-task="$SLURM_CPUS_PER_TASK" .venv/bin/python reproduce.py "$@" --join || status=$?

# 75: told to stop, with work left; 143: so early that it could not answer. "incomplete" leaves alone
# what SLURM has requeued already or the user has cancelled. The number of the job alone could mean
# the whole array.
if [ "$status" = 75 ] || [ "$status" = 143 ]; then
  job=${SLURM_ARRAY_JOB_ID:-$SLURM_JOB_ID}${SLURM_ARRAY_TASK_ID:+_$SLURM_ARRAY_TASK_ID}
  scontrol requeue incomplete "$job" || true
fi
exit "$status"
