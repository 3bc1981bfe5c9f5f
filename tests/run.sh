#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs what is missing (Debian, Ubuntu), builds the library and runs every test.
#
#   sh tests/run.sh [MESON TEST ARGUMENTS]      as: sh tests/run.sh --suite golden
#
# TVAE_BUILD_DIR names the build folder (default build-tests), TVAE_MESON_OPTIONS adds options
# to its set-up (as -Db_sanitize=address,undefined), TVAE_GOLDEN_DIR the golden numbers.
set -eu

cd "$(dirname "$0")/.."
sh examples/install-packages.sh tests

build=${TVAE_BUILD_DIR-build-tests}
if [ ! -f "$build/build.ninja" ]; then
    # shellcheck disable=SC2086 # the options are words
    meson setup "$build" -Dbuildtype=debugoptimized ${TVAE_MESON_OPTIONS-}
fi
ninja -C "$build"

status=0
meson test -C "$build" --print-errorlogs "$@" >"$build/tests.log" 2>&1 || status=$?
cat "$build/tests.log"
grep -h '^SKIP' "$build/meson-logs/testlog.txt" | sort -u || true

count() { sed -n "s/^$1: *\([0-9]*\).*/\1/p" "$build/tests.log" | tail -n 1; }
failed=$(($(count Fail) + $(count Timeout) + $(count 'Unexpected Pass')))
echo "$(($(count Ok) + $(count 'Expected Fail'))) passed, $failed failed, $(count Skipped) skipped"
exit "$status"
