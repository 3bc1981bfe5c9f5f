#!/bin/sh
# SPDX-License-Identifier: MIT
# A Meson project that has libtvae among its subprojects.
#   test_subproject.sh SOURCE_FOLDER
set -eu

here=$1/tests/packaging
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/subprojects"
ln -s "$1" "$folder/subprojects/tvae"
cp "$here/consumer.c" "$here/superproject/meson.build" "$folder"

if ! { meson setup "$folder/build" "$folder" --wrap-mode=forcefallback && ninja -C "$folder/build"; } \
    >"$folder/log" 2>&1; then
    cat "$folder/log" >&2
    exit 1
fi
"$folder/build/consumer"
# Tests, examples and the program are the superproject's to ask for.
if grep -qE '(test_|example_|examples/cli)' "$folder/build/build.ninja"; then
    echo "the subproject builds more than the library" >&2
    exit 1
fi
