#!/bin/sh
# SPDX-License-Identifier: MIT
# Measures which lines and branches of lib/ the tests reach, and fails below 95 % of the lines or
# 85 % of the branches (gcovr; Debian: apt-get install gcovr).
#
#   sh tests/coverage.sh [MESON TEST ARGUMENTS]   the whole suite; each function with lines that no
#                                                 test reaches must be in docs/coverage-left-out.md
#   sh tests/coverage.sh short                    the C tests alone: unit and numerics
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
    meson setup "$build" -Dbuildtype=debug -Doptimization=g -Db_coverage=true -Db_ndebug=true \
        -Dc_args=-fprofile-update=atomic # threads count, too
find "$build" -name '*.gcda' -exec rm -f {} +
is_short=no
if [ "${1-}" = short ]; then
    is_short=yes
    set -- --no-suite paths --suite unit --suite numerics
else
    ninja -C "$build"
fi
status=0
meson test -C "$build" --no-suite slow --timeout-multiplier 4 "$@" || status=$?

set -- --root . --filter lib/ --exclude lib/report/page/embed.c
for isa in avx2:avx2 avx512:avx512f; do
    grep -qw "${isa#*:}" /proc/cpuinfo ||
        set -- "$@" --exclude-directories ".*tvae_kernels_${isa%:*}.*"
done
gcovr "$@" --txt "$build/coverage.txt" --json "$build/coverage.json" \
    --html-details "$build/coverage.html" --print-summary \
    --fail-under-line 95 --fail-under-branch 85 "$build" || status=1
if [ "$is_short" = yes ]; then
    exit "$status"
fi
echo "The files least covered, with the lines that no test reaches:"
awk '/%/ && !/TOTAL/ { print $4, $0 }' "$build/coverage.txt" | sort -n | cut -d' ' -f2- |
    head -n 30
python3 tests/coverage/check_left_out.py "$build/coverage.json" docs/coverage-left-out.md ||
    status=1
exit "$status"
