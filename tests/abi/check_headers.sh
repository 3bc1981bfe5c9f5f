#!/bin/sh
# SPDX-License-Identifier: MIT
# Every public header compiles by itself, as C99, C11 and C++17, without a warning.
#   check_headers.sh INCLUDE_FOLDER GENERATED_INCLUDE_FOLDER
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
flags="-I$1 -I$2 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -fsyntax-only"

for header in "$1"/tvae/*.h "$2"/tvae/*.h; do
    printf '#include <tvae/%s>\ntypedef int not_empty;\n' "$(basename "$header")" >"$folder/one.c"
    cp "$folder/one.c" "$folder/one.cpp"
    # shellcheck disable=SC2086 # the flags are words
    for compiler in gcc clang; do
        command -v "$compiler" >/dev/null 2>&1 || continue
        "$compiler" -std=c99 $flags "$folder/one.c"
        "$compiler" -std=c11 $flags "$folder/one.c"
    done
    # shellcheck disable=SC2086
    for compiler in g++ clang++; do
        command -v "$compiler" >/dev/null 2>&1 || continue
        "$compiler" -std=c++17 $flags "$folder/one.cpp"
    done
done
