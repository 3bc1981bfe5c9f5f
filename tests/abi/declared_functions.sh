#!/bin/sh
# SPDX-License-Identifier: MIT
# Prints the names of the functions that the public headers declare, sorted.
#   declared_functions.sh HEADER...
set -eu

sed -e 's,/\*.*\*/,,' "$@" | tr '\n' ' ' |
    grep -oE 'TVAE_API [^;(]*\(' | grep -oE 'tvae_[a-z0-9_]+ *\(' | tr -d ' (' | sort -u
