#!/bin/sh
# SPDX-License-Identifier: MIT
# Trains an experiment on several ranks, each bound to cores of its own:
#
#   RANKS=4 THREADS=2 HOSTS=examples/mpi/hostfile sh examples/mpi/train.sh \
#       tvae_Lpartial_mnist --data /data/mnist --out run
#
# Without HOSTS all ranks run on this machine. TVAE names the program, MPIRUN that of Open MPI.
# Where mpirun is ended, by Ctrl-C or SIGTERM, the ranks have SAVE_SECONDS to save the run.
set -eu

threads=${THREADS-1}
exec "${MPIRUN-mpirun}" -n "${RANKS-2}" ${HOSTS:+--hostfile "$HOSTS"} \
    --map-by "slot:PE=$threads" --bind-to core \
    --mca odls_base_sigkill_timeout "${SAVE_SECONDS-60}" \
    "${TVAE-tvae}" train "$@" --threads "$threads"
