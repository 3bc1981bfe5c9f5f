#!/bin/sh
# SPDX-License-Identifier: MIT
# Every public header compiles by itself and in any order, as C99, C11 and C++17, without a
# warning; defines no macro outside TVAE_; and declares C functions to C++, too.
#   check_headers.sh INCLUDE_FOLDER GENERATED_INCLUDE_FOLDER
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
flags="-I$1 -I$2 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror"
headers=$({ cd "$1" && printf '%s\n' tvae/*.h; cd "$2" && printf '%s\n' tvae/*.h; })
backwards=$(echo "$headers" | sort -r)

include() { printf '#include <%s>\n' "$@"; }

# Each alone, and each first with the others after it in both orders.
n=0
for header in $headers; do
    n=$((n + 1))
    { include "$header"; echo 'typedef int not_empty;'; } >"$folder/alone$n.c"
    # shellcheck disable=SC2086 # the lists are words
    include "$header" $headers >"$folder/first$n.c"
    # shellcheck disable=SC2086
    include "$header" $backwards >"$folder/backwards$n.c"
done
for source in "$folder"/*.c; do
    cp "$source" "${source%.c}.cpp"
done

# The address of every function, as C++ refers to it.
{
    # shellcheck disable=SC2086
    include $headers
    sh "$(dirname "$0")/declared_functions.sh" "$1"/tvae/*.h |
        sed 's/.*/decltype(\&&) address_of_& = \&&;/'
} >"$folder/addresses.cc"

# macros_of COMPILER STANDARD LANGUAGE: those of the headers that the system's do not define.
macros_of() {
    include stddef.h stdint.h | "$1" "-std=$2" -dM -E -x "$3" - | sort >"$folder/system"
    # shellcheck disable=SC2086 # the flags are words
    include $headers | "$1" "-std=$2" $flags -dM -E -x "$3" - | sort |
        comm -13 "$folder/system" - | awk '{ print $2 }'
}

check() {
    compiler=$1
    standard=$2
    language=$3
    shift 3
    command -v "$compiler" >/dev/null 2>&1 || return 0
    # shellcheck disable=SC2086
    "$compiler" "-std=$standard" $flags -fsyntax-only "$@"
    if macros_of "$compiler" "$standard" "$language" | grep -v '^TVAE_'; then
        echo "$compiler -std=$standard: macros outside TVAE_ (above)"
        exit 1
    fi
    echo "$compiler -std=$standard: $n headers"
}

for compiler in gcc clang; do
    check "$compiler" c99 c "$folder"/*.c
    check "$compiler" c11 c "$folder"/*.c
done
for compiler in g++ clang++; do
    check "$compiler" c++17 c++ "$folder"/*.cpp
    command -v "$compiler" >/dev/null 2>&1 || continue
    # shellcheck disable=SC2086
    "$compiler" -std=c++17 $flags -c -o "$folder/addresses.o" "$folder/addresses.cc"
    if ! nm -u "$folder/addresses.o" | grep -q 'U tvae_'; then
        echo "$compiler: refers to no function of the library"
        exit 1
    fi
    if nm -u "$folder/addresses.o" | grep '_Z.*tvae_'; then
        echo "$compiler: functions with C++ linkage (above)"
        exit 1
    fi
done
