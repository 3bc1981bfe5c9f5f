#!/bin/sh
# SPDX-License-Identifier: MIT
# Writes, as libabigail's XML, the functions that the public headers declare and their types.
#   describe_interface.sh OUTPUT LIBRARY INCLUDE_FOLDER...
#
# What is described is a shared library of those functions with empty bodies: its debug
# information holds the public interface and nothing else, whatever compiler, options and folder
# LIBRARY was built with; of LIBRARY it has the soname. The compiler sees to it that the real
# definitions agree with the headers; check_abi.sh that LIBRARY exports them.
set -eu

map=$(cd "$(dirname "$0")" && pwd)/../../lib/tvae.map
output=$1
soname=$(readelf -d "$2" | sed -n 's/.*soname: \[\(.*\)\]/\1/p')
shift 2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for include in "$@"; do
    set -- "$@" "-I$include"
    shift
done

exported='__attribute__((visibility("default")))'
echo '#include <tvae/tvae.h>' | ${CC-cc} "$@" -E -P - | tr '\n' ' ' |
    sed "s/$exported/\n&/g" | sed "/^$exported/s/);/) { __builtin_trap(); }/" >"$folder/stub.c"
(cd "$folder" && ${CC-cc} -g -shared -fPIC -fvisibility=hidden "-Wl,-soname,$soname" \
    "-Wl,--version-script=$map" -o stub.so stub.c)
abidw --no-show-locs --no-comp-dir-path --no-corpus-path --no-architecture --no-elf-needed \
    --no-parameter-names --no-write-default-sizes --drop-undefined-syms --type-id-style hash \
    "$folder/stub.so" >"$output"
