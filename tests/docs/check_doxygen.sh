#!/bin/sh
# SPDX-License-Identifier: MIT
# Doxygen makes the reference of the public headers without a single warning.
#   check_doxygen.sh SOURCE_FOLDER VERSION
set -eu

if ! command -v doxygen >/dev/null 2>&1; then
    echo "SKIP doxygen is not installed: the reference was not made"
    exit 77
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$1"
TVAE_VERSION=$2 TVAE_REFERENCE_DIR=$folder doxygen docs/Doxyfile
# The closing words of the comments have become titles of paragraphs.
grep -q '<dt>Threads</dt>' "$folder/html/tensor_8h.html"
