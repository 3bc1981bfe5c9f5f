#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs the tests that use several threads under ThreadSanitizer.
#
#   sh tests/tsan.sh
#
# A child of fork() that starts threads is told to go on, which the sanitizer does not support but
# the library does. OpenBLAS, whose own threads the sanitizer cannot see into, keeps to one.
# TVAE_BUILD_DIR names the build folder (default build-tsan).
set -eu

cd "$(dirname "$0")/.."
build=${TVAE_BUILD_DIR-build-tsan}
if [ ! -f "$build/build.ninja" ]; then
    meson setup "$build" -Dbuildtype=debugoptimized -Db_sanitize=thread -Db_lundef=false
fi
names='threads loader parallel layer_thread model_infer team exchange_in_process'
for name in $names; do
    ninja -C "$build" "tests/test_$name"
done
# shellcheck disable=SC2086 # the names are words
TSAN_OPTIONS=halt_on_error=1:die_after_fork=0 OPENBLAS_NUM_THREADS=1 \
    meson test -C "$build" --no-rebuild --print-errorlogs $names
