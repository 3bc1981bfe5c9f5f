#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs, with apt, the Debian packages that building libtvae needs and that are missing.
#
#   sh examples/install-packages.sh          to build the library and the programs
#   sh examples/install-packages.sh tests    to run the tests as well
set -eu

packages="gcc libc6-dev pkg-config meson ninja-build libopenblas-dev zlib1g-dev libzip-dev
libpng-dev libjansson-dev librandom123-dev"
if [ "${1-}" = tests ]; then
    packages="$packages g++ check cmake curl python3 binutils valgrind libc6-dbg abigail-tools"
fi

if ! command -v dpkg-query >/dev/null 2>&1 || ! command -v apt-get >/dev/null 2>&1; then
    missing=
    for tool in cc pkg-config meson ninja; do
        command -v "$tool" >/dev/null 2>&1 || missing="$missing $tool"
    done
    for library in openblas zlib libzip libpng jansson; do
        pkg-config --exists "$library" 2>/dev/null || missing="$missing $library"
    done
    if [ -n "$missing" ]; then
        echo "This machine has no apt. Missing:$missing" >&2
        echo "Please install what corresponds to these Debian packages:" >&2
        echo "$packages" | tr '\n' ' ' >&2
        echo >&2
        exit 1
    fi
    exit 0
fi

missing=
for package in $packages; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || missing="$missing $package"
done
if [ -z "$missing" ]; then
    exit 0
fi

as_root=
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null 2>&1; then
        echo "Please install these packages as root, then run this again:" >&2
        echo "    apt-get install$missing" >&2
        exit 1
    fi
    as_root=sudo
fi
echo "Installing with apt:$missing"
# shellcheck disable=SC2086 # the lists are words
$as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
