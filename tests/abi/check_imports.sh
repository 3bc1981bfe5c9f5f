#!/bin/sh
# SPDX-License-Identifier: MIT
# The shared library starts no program and no shell, ends no process, handles no signal and names no
# temporary file in an unsafe way.
#   check_imports.sh LIBRARY
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

nm -D --undefined-only "$1" | sed 's/.* //; s/@.*//' | sort -u >"$folder/imported"
grep -qx 'rename' "$folder/imported" # else the list is not what it should be
if grep -xE 'system|popen|wordexp|v?fork|(f?exec|posix_spawn).*|mktemp|tmpnam(_r)?|tempnam|gets|strcpy|strcat|v?sprintf|signal|sigaction|exit|_exit|abort' \
    "$folder/imported" >"$folder/found"; then
    echo "the library must not import:"
    cat "$folder/found"
    exit 1
fi
echo "$(wc -l <"$folder/imported") functions imported, none of the forbidden ones"
