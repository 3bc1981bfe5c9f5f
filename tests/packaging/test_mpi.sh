#!/bin/sh
# SPDX-License-Identifier: MIT
# The library beside the library: a program outside of the tree that trains over MPI, built by
# mpicc with pkg-config and by CMake.
#   test_mpi.sh SOURCE_FOLDER
set -eu

if ! command -v mpicc >/dev/null 2>&1; then
    echo "SKIP packaging of libtvae-mpi: there is no mpicc"
    exit 77
fi
source=$1
here=$source/tests/packaging
# shellcheck source=tests/packaging/support.sh
. "$here/support.sh"
build=$folder/build
prefix=$folder/prefix

quietly meson setup "$build" "$source" --prefix "$prefix" -Dauto_features=disabled \
    -Dtraining=enabled -Dmpi=enabled -Dtests=false -Dexamples=false -Dwerror=true
quietly meson install -C "$build"
PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name tvae-mpi.pc)")
export PKG_CONFIG_PATH
libdir=$(dirname "$PKG_CONFIG_PATH")

# libtvae itself does not know MPI.
if readelf -d "$libdir/libtvae.so" | grep -i mpi; then
    fail "libtvae needs MPI (above)"
fi

# shellcheck disable=SC2046 # flags are words
mpicc -o "$folder/consumer" "$here/mpi_consumer.c" $(pkg-config --cflags --libs tvae-mpi tvae)
expect_consumer env LD_LIBRARY_PATH="$libdir" "$folder/consumer"

if command -v cmake >/dev/null 2>&1; then
    mkdir "$folder/cmake"
    cat >"$folder/cmake/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.16)
project(consumer C)
find_package(tvae 0.1 REQUIRED)
find_package(MPI REQUIRED COMPONENTS C)
add_executable(consumer $here/mpi_consumer.c)
target_link_libraries(consumer PRIVATE tvae::mpi MPI::MPI_C)
END
    quietly cmake -S "$folder/cmake" -B "$folder/cmake/build" -DCMAKE_PREFIX_PATH="$prefix"
    quietly cmake --build "$folder/cmake/build"
    expect_consumer "$folder/cmake/build/consumer"
fi
