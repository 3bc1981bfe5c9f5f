#!/bin/sh
# SPDX-License-Identifier: MIT
# docs/configuration.md holds the table of keys that the program prints, and every
# configuration that it prints is one that it takes.
#   test_keys.sh PROGRAM SOURCE_FOLDER
set -eu

tvae=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

"$tvae" list --keys --markdown >"$folder/want"
sed -n '/^| key /,/^$/p' "$2/docs/configuration.md" | sed '/^$/d' >"$folder/got"
if ! diff "$folder/want" "$folder/got"; then
    echo "docs/configuration.md is out of date: put the output of"
    echo "'tvae list --keys --markdown' in place of its table"
    exit 1
fi

"$tvae" list --json >"$folder/all.json"
[ "$(grep -c '"summary":' "$folder/all.json")" = "$("$tvae" list | wc -l)" ] ||
    { echo "list --json lacks an experiment"; exit 1; }
"$tvae" list --json sprites_quick >"$folder/own.json"
"$tvae" train "$folder/own.json" --set image_size=8 --set n_capsules=2 --set steps=1 \
    --threads 1 --out "$folder/run" 2>/dev/null >/dev/null
grep -q '"n_capsules": 2' "$folder/run/config.json"
status=0
"$tvae" list --json sprites_slow 2>"$folder/err" || status=$?
[ $status = 2 ] && grep -q sprites_quick "$folder/err"
