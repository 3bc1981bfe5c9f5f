# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# What the scripts that test the tvae program share: sourced with $1 the program. The script then
# stands in a fresh folder of its own; `out` and `err` hold what the latest command printed.

tvae=$1
case $tvae in /*) ;; *) tvae=$PWD/$tvae ;; esac
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
failures=0

fail() {
    echo "FAILED: $1"
    sed 's/^/    stdout: /' out
    sed 's/^/    stderr: /' err
    failures=$((failures + 1))
}

# expect STATUS WHAT WORDS...: run tvae and compare its exit status.
expect() {
    wanted=$1 what=$2
    shift 2
    "$tvae" "$@" >out 2>err </dev/null
    got=$?
    [ "$got" -eq "$wanted" ] || fail "$what: exit status $got, want $wanted"
}

# finish: say how it went and end with the verdict.
finish() {
    if [ "$failures" -gt 0 ]; then
        echo "$failures checks failed"
        exit 1
    fi
    echo "all checks passed"
    exit 0
}
