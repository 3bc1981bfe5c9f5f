#!/bin/sh
# SPDX-License-Identifier: MIT
# The shared library exports the functions that the public headers declare, and nothing else.
#   check_symbols.sh LIBRARY HEADER...
set -eu

library=$1
shift
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

nm -D --defined-only "$library" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' |
    sort -u >"$folder/exported"
sh "$(dirname "$0")/declared_functions.sh" "$@" >"$folder/declared"
if ! diff "$folder/declared" "$folder/exported" >"$folder/difference"; then
    echo "declared in the headers (<) and exported by the library (>) differ:"
    cat "$folder/difference"
    exit 1
fi
echo "$(wc -l <"$folder/exported") functions declared and exported"
