#!/bin/sh
# SPDX-License-Identifier: MIT
# Refreshes the ABI baseline: after an addition, or after a change that CHANGELOG.md names.
#   update.sh BASELINE_FOLDER LIBRARY INCLUDE_FOLDER...
# as: sh tests/abi/update.sh tests/abi/baseline build/lib/libtvae.so include build/include
set -eu

here=$(dirname "$0")
baseline=$1
library=$2
shift 2
# Made whole before anything is replaced.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
sh "$here/list_values.sh" "$@" >"$folder/values.txt"
sh "$here/describe_interface.sh" "$folder/interface.abi" "$library" "$@"
mkdir -p "$baseline"
cp "$folder/values.txt" "$folder/interface.abi" "$baseline/"
