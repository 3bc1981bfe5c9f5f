#!/bin/sh
# SPDX-License-Identifier: MIT
# examples/mpi/train.sh trains on two ranks, and one process goes on from there.
#   test_mpi_script.sh PROGRAM SOURCE_FOLDER
set -eu

if ! command -v mpirun >/dev/null 2>&1 || [ "$(nproc)" -lt 2 ]; then
    echo "SKIP: no mpirun, or fewer than two CPUs to bind ranks to"
    exit 77
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# In a container all is done by root.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

RANKS=2 TVAE=$1 sh "$2/examples/mpi/train.sh" sprites_quick --set image_size=16 \
    --set batch_size=4 --set log_steps=1 --steps 3 --out "$folder/run" >"$folder/out" 2>"$folder/err" ||
    { cat "$folder/err"; exit 1; }
[ "$(cat "$folder/out")" = "$folder/run" ] # rank 0 alone talks
grep -q '"n_ranks": 2' "$folder/run/config.json"
"$1" train sprites_quick --set image_size=16 --set batch_size=8 --set log_steps=1 --steps 5 \
    --out "$folder/run" --resume --threads 1 2>/dev/null >/dev/null
grep -q '"n_ranks": 1' "$folder/run/config.json"
[ "$(grep -c '"loss"' "$folder/run/log.jsonl")" = 5 ]
echo "3 steps of two ranks, and 2 of one process"
