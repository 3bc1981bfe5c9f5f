#!/bin/sh
# SPDX-License-Identifier: MIT
# Prints the names of the functions that the public headers declare, sorted.
#   declared_functions.sh INCLUDE_FOLDER
set -eu

sed -e 's,/\*.*\*/,,' "$1"/tvae/*.h | tr '\n' ' ' |
    grep -oE 'TVAE_API [^;(]*\(' | grep -oE 'tvae_[a-z0-9_]+ *\(' | tr -d ' (' | sort -u
