#!/bin/sh
# SPDX-License-Identifier: MIT
# Fuzzes what reads hostile files, under AddressSanitizer and UndefinedBehaviourSanitizer;
# needs clang with libFuzzer.
#
#   sh tests/fuzz/run.sh [SECONDS [TARGET...]]       default: 20 seconds a target, all
#
# Prints each target's executions. What it finds lies in build-fuzz/findings, to be run
# again with the target's replay program; the inputs that reached something new stay in
# build-fuzz/corpus for the next run. Inputs worth keeping go into tests/fuzz/corpus, whose
# seeds build-fuzz/tests/fuzz/make_seeds tests/fuzz/corpus writes.
#
# TVAE_BUILD_DIR names the build folder (default build-fuzz).
set -eu

cd "$(dirname "$0")/../.."
source=$(pwd)
build=${TVAE_BUILD_DIR-build-fuzz}
seconds=${1-20}
[ $# -eq 0 ] || shift

if [ ! -f "$build/build.ninja" ]; then
    CC=clang meson setup "$build" -Dbuildtype=debugoptimized -Dfuzz=true \
        -Db_sanitize=address,undefined -Db_lundef=false >/dev/null
fi
ninja -C "$build" fuzzers >"$build/fuzzers.log" || { cat "$build/fuzzers.log"; exit 1; }
cd "$build"
mkdir -p findings

# Inputs are files in memory where there is such a folder; nothing stays behind.
parent=${TMPDIR:-/tmp}
[ ! -w /dev/shm ] || parent=/dev/shm
TMPDIR=$(mktemp -d "$parent/tvae-fuzz-XXXXXX")
export TMPDIR UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
trap 'rm -rf "$TMPDIR"' EXIT
trap 'exit 130' INT TERM

if [ $# -eq 0 ]; then
    for file in "$source"/tests/fuzz/fuzz_*.c; do
        name=${file##*/fuzz_}
        set -- "$@" "${name%.c}"
    done
fi
status=0
for target; do
    mkdir -p "corpus/$target"
    if "tests/fuzz/fuzz_$target" -max_total_time="$seconds" -max_len=4096 -timeout=20 \
        -rss_limit_mb=2048 -malloc_limit_mb=300 -print_final_stats=1 \
        -dict="$source/tests/fuzz/numbers.dict" \
        -artifact_prefix="findings/$target-" "corpus/$target" \
        "$source/tests/fuzz/corpus/$target" >"fuzz_$target.log" 2>&1; then
        sed -n "s/^stat::number_of_executed_units: */$target: executions /p" \
            "fuzz_$target.log"
    else
        tail -n 60 "fuzz_$target.log"
        echo "$target: a finding, see $build/findings" >&2
        status=1
    fi
done
exit "$status"
