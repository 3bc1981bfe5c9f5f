#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs a program as several ranks on this machine.
#   run_ranks.sh N_RANKS WANTED_EXIT_STATUS PROGRAM [ARGUMENT]...
set -eu

if ! command -v mpirun >/dev/null 2>&1; then
    echo "SKIP mpi: there is no mpirun (Debian: openmpi-bin)"
    exit 77
fi
n_ranks=$1
wanted=$2
shift 2
# Open MPI: run as root (in a container), and more ranks than CPUs; 5.0 has other names for that.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1 PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe

status=0
mpirun -n "$n_ranks" "$@" || status=$?
[ "$status" -ne 77 ] || exit 77
if [ "$status" -ne "$wanted" ]; then
    echo "exit status $status, want $wanted"
    exit 1
fi
