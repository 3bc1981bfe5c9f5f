#!/bin/sh
# SPDX-License-Identifier: MIT
# Run by `meson dist`: puts the library's committed sources where the tree has a link to its
# top, so that the source distribution builds alone.
set -eu

library=$MESON_DIST_ROOT/subprojects/tvae
rm -f "$library"
mkdir "$library"
git -C "$MESON_SOURCE_ROOT/../.." archive HEAD meson.build meson_options.txt LICENSE include lib |
    tar -x -C "$library"
