#!/bin/sh
# SPDX-License-Identifier: MIT
# Measures which lines and branches of lib/ the tests reach (gcovr; Debian: apt-get install gcovr).
#
#   sh tests/coverage.sh [MESON TEST ARGUMENTS]
#
# TVAE_BUILD_DIR names the build folder (default build-coverage), where coverage.html is written too.
# Instruction sets that this CPU lacks are left out: their copies of the kernels cannot run here.
set -eu

cd "$(dirname "$0")/.."
sh examples/install-packages.sh tests
command -v gcovr >/dev/null 2>&1 || {
    echo "gcovr is missing: apt-get install gcovr" >&2
    exit 1
}

build=${TVAE_BUILD_DIR-build-coverage}
[ -f "$build/build.ninja" ] ||
    meson setup "$build" -Dbuildtype=debug -Doptimization=g -Db_coverage=true -Db_ndebug=true
ninja -C "$build"
find "$build" -name '*.gcda' -exec rm -f {} +
status=0
meson test -C "$build" --no-suite slow --timeout-multiplier 4 "$@" || status=$?

set -- --root . --filter lib/ --exclude lib/report/page/embed.c
for isa in avx2:avx2 avx512:avx512f; do
    grep -qw "${isa#*:}" /proc/cpuinfo ||
        set -- "$@" --exclude-directories ".*tvae_kernels_${isa%:*}.*"
done
gcovr "$@" --txt "$build/coverage.txt" \
    --html-details "$build/coverage.html" --print-summary "$build"
echo "The files least covered, with the lines that no test reaches:"
awk '/%/ && !/TOTAL/ { print $4, $0 }' "$build/coverage.txt" | sort -n | cut -d' ' -f2- |
    head -n 30
exit "$status"
