#!/bin/sh
# SPDX-License-Identifier: MIT
# Every C++ header compiles by itself without a warning and defines no macro outside TVAE_; all
# together compile with each compiler, as C++17 and C++20, and without exceptions.
#   check_headers.sh CPP_FOLDER INCLUDE_FOLDER GENERATED_INCLUDE_FOLDER
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
flags="-I$1 -I$2 -I$3 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -fsyntax-only"

for header in "$1"/tvae.hpp "$1"/tvae/*.hpp; do
    name=${header#"$1"/}
    echo "#include <$name>" >"$folder/$(basename "$name" .hpp).cpp"
    if grep -n '^# *define' "$header" | grep -v 'define TVAE_'; then
        echo "$name: a macro outside TVAE_ (above)"
        exit 1
    fi
done
# shellcheck disable=SC2086 # the flags are words
g++ -std=c++17 $flags "$folder"/*.cpp
# shellcheck disable=SC2086
for compiler in g++ clang++; do
    command -v "$compiler" >/dev/null 2>&1 || continue
    "$compiler" -std=c++17 $flags "$folder/tvae.cpp"
    "$compiler" -std=c++17 $flags -fno-exceptions "$folder/tvae.cpp"
    "$compiler" -std=c++20 $flags "$folder/tvae.cpp"
done
