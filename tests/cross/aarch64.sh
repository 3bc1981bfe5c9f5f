#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds the library for 64-bit ARM (the portable kernels) on a Debian machine of another kind
# and runs its unit, numerics and golden tests under qemu.
#
#   sh tests/cross/aarch64.sh           all of them: about six minutes on two cores
#   sh tests/cross/aarch64.sh short     those of kernels, layers, models and golden numbers: three
#
# The cross compiler and qemu are installed with apt (as root); the arm64 libraries are only
# unpacked, into build-aarch64-root, and the packages of this machine stay as they are.
# TVAE_DEBIAN_MIRROR names the mirror. What cannot be had ends the script with a line SKIP.
set -eu

cd "$(dirname "$0")/../.."
root=$PWD/build-aarch64-root
build=$PWD/build-aarch64
mirror=${TVAE_DEBIAN_MIRROR-http://deb.debian.org/debian}
libraries="libc6-dev libopenblas-pthread-dev zlib1g-dev libzip-dev libpng-dev libjansson-dev
librandom123-dev check"

skip() {
    echo "SKIP aarch64: $1"
    exit 0
}

install_tools() {
    for tool in aarch64-linux-gnu-gcc qemu-aarch64 meson ninja pkg-config; do
        command -v "$tool" >/dev/null || missing=yes
    done
    [ -n "${missing-}" ] || return 0
    [ "$(id -u)" -eq 0 ] || skip "needs root to install gcc-aarch64-linux-gnu and qemu-user"
    {
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
            gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user meson ninja-build pkg-config
    } >/dev/null || skip "apt cannot install gcc-aarch64-linux-gnu and qemu-user"
}

# apt of an imaginary arm64 machine, with all its state in one folder.
make_apt() {
    apt=$1
    mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$apt/parts"
    : >"$apt/status"
    echo "deb $mirror $VERSION_CODENAME main" >"$apt/sources.list"
    cat >"$apt/apt.conf" <<EOF
APT::Architecture "arm64";
APT::Architectures { "arm64"; };
APT::Install-Recommends "false";
APT::Sandbox::User "";
Debug::NoLocking "true";
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "$apt/parts";
Dir::State::status "$apt/status";
Dir::State::lists "$apt/lists";
Dir::Cache "$apt";
EOF
}

# Absolute links are to lead into the root, and update-alternatives would have made three.
link_libraries() {
    find "$1" -type l -lname '/*' | while read -r link; do
        ln -sfn "$1$(readlink "$link")" "$link"
    done
    for file in libopenblas.so libopenblas.so.0 pkgconfig/openblas.pc; do
        ln -sfn "$1/usr/lib/aarch64-linux-gnu/openblas-pthread/$file" \
            "$1/usr/lib/aarch64-linux-gnu/$file"
    done
}

unpack_libraries() {
    [ ! -f "$root/complete" ] || return 0
    rm -rf "$root"
    make_apt "$root/apt"
    # shellcheck disable=SC2086 # the list is words
    {
        APT_CONFIG=$root/apt/apt.conf apt-get update -qq &&
            APT_CONFIG=$root/apt/apt.conf apt-get install -y -qq --download-only $libraries
    } >/dev/null || skip "the arm64 packages of $VERSION_CODENAME cannot be had from $mirror"
    for package in "$root"/apt/archives/*.deb; do
        dpkg-deb -x "$package" "$root"
    done
    link_libraries "$root"
    rm -r "$root/apt"
    printf "[constants]\nroot = '%s'\n" "$root" >"$root/root.ini"
    touch "$root/complete"
}

[ "$(uname -m)" != aarch64 ] || skip "this machine is one: run tests/run.sh"
# shellcheck source=/dev/null
[ ! -f /etc/os-release ] || . /etc/os-release
[ "${ID-}" = debian ] || skip "needs Debian, for its arm64 packages"
install_tools
unpack_libraries

if [ ! -f "$build/build.ninja" ]; then
    meson setup "$build" --cross-file "$root/root.ini" --cross-file tests/cross/aarch64.ini \
        -Dbuildtype=debugoptimized
fi
ninja -C "$build"
suites="--suite unit --suite numerics --suite golden"
tests=
if [ "${1-}" = short ]; then
    tests=$(meson test -C "$build" --list 2>/dev/null | sed -n 's|.* / ||p' |
        grep -E '^(code_path|gemm|kernels|sparse|tile|vector_math|layer_|model|golden_)')
fi
# Emulated, a test takes some ten times as long.
status=0
# shellcheck disable=SC2086 # the lists are words
CK_TIMEOUT_MULTIPLIER=10 meson test -C "$build" --print-errorlogs --timeout-multiplier 4 \
    $suites $tests || status=$?
grep -h '^SKIP' "$build/meson-logs/testlog.txt" | sort -u || true
exit "$status"
