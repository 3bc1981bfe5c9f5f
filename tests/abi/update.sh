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
mkdir -p "$baseline"
sh "$here/list_values.sh" "$@" >"$baseline/values.txt"
sh "$here/describe_interface.sh" "$baseline/interface.abi" "$library" "$@"
