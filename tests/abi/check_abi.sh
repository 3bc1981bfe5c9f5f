#!/bin/sh
# SPDX-License-Identifier: MIT
# The ABI is the baseline's, or larger: nothing was removed or changed but what the newest ABI
# section of the changelog names.
#   check_abi.sh LIBRARY BASELINE_FOLDER CHANGELOG INCLUDE_FOLDER...
# Exit status 1: an unnamed change; 77: abidiff is missing, and what could be compared is fine.
set -eu

here=$(dirname "$0")
library=$1
baseline=$2
changelog=$3
shift 3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
: >"$folder/broken"

# ---- constants and layouts: libabigail does not see constants that are passed as int32_t ----
sh "$here/list_values.sh" "$@" >"$folder/values.txt"
awk -v broken="$folder/broken" -f "$here/compare_values.awk" \
    "$baseline/values.txt" "$folder/values.txt" >"$folder/report"

# ---- what the library exports, under which version ----
nm -D --defined-only --with-symbol-versions "$library" | sed -n 's/.* \(tvae_.*\)/\1/p' |
    sort -u >"$folder/exported"
sed -n "s/.*elf-symbol-id='\([^']*\)'.*/\1/p" "$baseline/interface.abi" | sort -u |
    comm -23 - "$folder/exported" >"$folder/missing"
sed 's/.*/not exported: &/' "$folder/missing" >>"$folder/report"
sed 's/@.*//' "$folder/missing" >>"$folder/broken"

# ---- functions and types ----
if command -v abidiff >/dev/null 2>&1; then
    sh "$here/describe_interface.sh" "$folder/interface.abi" "$library" "$@"
    status=0
    abidiff --leaf-changes-only "$baseline/interface.abi" "$folder/interface.abi" \
        >"$folder/abidiff" || status=$?
    if [ "$status" -ne 0 ]; then
        cat "$folder/abidiff" >>"$folder/report"
    fi
    awk -f "$here/broken_names.awk" "$folder/abidiff" >>"$folder/broken"
    # Bits 1 and 2: abidiff itself failed; 8: something went, by whatever name.
    if [ $((status & 3)) -ne 0 ] || { [ $((status & 8)) -ne 0 ] && ! [ -s "$folder/broken" ]; }; then
        cat "$folder/report"
        echo "abidiff ended with status $status"
        exit 1
    fi
fi

# ---- judgement ----
cat "$folder/report"
awk 'inside && /^##/ { exit } inside { print } /^### ABI/ { inside = 1 }' "$changelog" \
    >"$folder/section"
unnamed=$(sort -u "$folder/broken" | while read -r name; do
    grep -qwF -- "$name" "$folder/section" || echo "  $name"
done)
if [ -n "$unnamed" ]; then
    echo "Changed in a way that breaks programs, and not named in the ABI section of $changelog:"
    echo "$unnamed"
    echo "Take it back, or name it there (docs/abi.md)."
    exit 1
fi
if [ -s "$folder/report" ]; then
    echo "Allowed. To take it into the baseline:"
    echo "  sh tests/abi/update.sh $baseline $library $*"
fi
if ! command -v abidiff >/dev/null 2>&1; then
    echo "SKIP: signatures not compared: no abidiff (Debian: abigail-tools)"
    exit 77
fi
echo "compared: $(wc -l <"$folder/values.txt") values, $(wc -l <"$folder/exported") functions"
