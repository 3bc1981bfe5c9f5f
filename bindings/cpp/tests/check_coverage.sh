#!/bin/sh
# SPDX-License-Identifier: MIT
# Every handle of the C headers has a class, and every C function is called by the C++ headers
# or stands in left_out.txt.
#   check_coverage.sh SOURCE_ROOT
set -eu

cpp=$1/bindings/cpp
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat "$cpp"/tvae/*.hpp >"$folder/all.hpp"
status=0
headers=$(printf '%s\n' "$1"/include/tvae/*.h | grep -v '/mpi\.h$') # that is libtvae-mpi's

# shellcheck disable=SC2086 # the list is words
for name in $(sed -n 's/^typedef struct \(tvae_[a-z_]*\) \1;.*/\1/p' $headers); do
    if ! tr '\n' ' ' <"$folder/all.hpp" | grep -qE "handle<([a-z_]+, *)?$name, *${name}_destroy"; then
        echo "no class holds $name"
        status=1
    fi
done

sed 's/#.*//; s/ .*//' "$cpp/tests/left_out.txt" | grep . | sort >"$folder/left_out"
# shellcheck disable=SC2086
sh "$1/tests/abi/declared_functions.sh" $headers >"$folder/declared"
grep -oE 'tvae_[a-z0-9_]+' "$folder/all.hpp" | sort -u >"$folder/mentioned"
comm -23 "$folder/declared" "$folder/mentioned" >"$folder/unmentioned"
if ! diff "$folder/left_out" "$folder/unmentioned" >"$folder/difference"; then
    echo "left_out.txt (<) and the functions that no C++ header calls (>) differ:"
    cat "$folder/difference"
    status=1
fi
[ "$status" -ne 0 ] || echo "$(wc -l <"$folder/declared") functions, $(wc -l <"$folder/left_out") left out"
exit "$status"
