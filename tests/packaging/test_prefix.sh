#!/bin/sh
# SPDX-License-Identifier: MIT
# The smallest build: its size; install, DESTDIR and uninstall; and after its prefix was moved,
# programs outside of the tree built by cc with pkg-config, by CMake and by Meson.
#   test_prefix.sh SOURCE_FOLDER
set -eu

source=$1
here=$source/tests/packaging
# shellcheck source=tests/packaging/support.sh
. "$here/support.sh"
build=$folder/build
prefix=$folder/prefix
moved=$folder/elsewhere/moved
most_bytes=409600

quietly meson setup "$build" "$source" --prefix "$prefix" -Dauto_features=disabled -Dtests=false \
    -Dexamples=false -Dwerror=true -Dpkgconfig.relocatable=true
quietly ninja -C "$build"

DESTDIR=$folder/stage quietly meson install -C "$build" --no-rebuild
[ ! -e "$prefix" ] || fail "installing into DESTDIR wrote into the prefix"
quietly meson install -C "$build" --no-rebuild
[ "$(files_in "$folder/stage$prefix")" = "$(files_in "$prefix")" ] ||
    fail "DESTDIR and the prefix hold different files"
quietly ninja -C "$build" uninstall
[ -z "$(files_in "$prefix")" ] || fail "uninstall left behind: $(files_in "$prefix")"

mkdir -p "$(dirname "$moved")"
mv "$folder/stage$prefix" "$moved"
rm -rf "$build" "$prefix" "$folder/stage"
PKG_CONFIG_PATH=$(dirname "$(find "$moved" -name tvae.pc)")
export PKG_CONFIG_PATH
libdir=$(dirname "$PKG_CONFIG_PATH")

# Without MPI there is no trace of it.
if files_in "$moved" | grep -i mpi || grep -i tvae-mpi "$PKG_CONFIG_PATH/tvae.pc" ||
    nm -D "$libdir/libtvae.so" | grep -iw 'MPI_[a-z]*\|tvae_mpi_[a-z_]*'; then
    fail "a build without MPI has something of it"
fi

strip -o "$folder/stripped" "$libdir/libtvae.so"
bytes=$(wc -c <"$folder/stripped")
echo "stripped: $bytes bytes"
[ "$bytes" -lt "$most_bytes" ] || fail "want less than $most_bytes bytes"

# shellcheck disable=SC2046 # flags are words
cc -o "$folder/shared" "$here/consumer.c" $(pkg-config --cflags --libs tvae)
expect_consumer env LD_LIBRARY_PATH="$libdir" "$folder/shared"
# shellcheck disable=SC2046
cc -o "$folder/static" "$here/consumer.c" \
    $(pkg-config --static --cflags --libs tvae | sed 's/-ltvae/-l:libtvae.a/')
expect_consumer env LD_LIBRARY_PATH= "$folder/static"

mkdir "$folder/external"
cp "$here/consumer.c" "$here/external/meson.build" "$folder/external"
quietly meson setup "$folder/external/build" "$folder/external"
quietly ninja -C "$folder/external/build"
expect_consumer env LD_LIBRARY_PATH="$libdir" "$folder/external/build/consumer"

if command -v cmake >/dev/null 2>&1; then
    quietly cmake -S "$here/cmake" -B "$folder/cmake" -DCMAKE_PREFIX_PATH="$moved"
    quietly cmake --build "$folder/cmake"
    expect_consumer "$folder/cmake/shared"
    expect_consumer "$folder/cmake/static"
else
    echo "SKIP packaging: no cmake, so find_package(tvae) was not tried"
fi
