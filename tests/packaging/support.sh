# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# For the scripts beside this one: $folder, which goes when they end, and what they all ask.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

fail() {
    echo "$1" >&2
    exit 1
}

quietly() {
    "$@" >"$folder/log" 2>&1 || {
        cat "$folder/log" >&2
        fail "failed: $*"
    }
}

expect_consumer() {
    said=$("$@") || fail "$* failed"
    case $said in "consumer of tvae "*) ;; *) fail "$* said \"$said\"" ;; esac
}

files_in() {
    find "$1" ! -type d 2>/dev/null | sed "s|^$1||" | sort
}
