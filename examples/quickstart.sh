#!/bin/sh
# SPDX-License-Identifier: MIT
# From a fresh clone to a trained Topographic VAE: installs what is missing (Debian, Ubuntu),
# builds the library, trains a small TVAE and its plain-VAE twin on procedural sprites (nothing
# is downloaded), and shows what the topography does.
#
#   sh examples/quickstart.sh [SEED]
set -eu

seed=${1-1}
case $seed in
*[!0-9]* | '')
    echo "usage: sh examples/quickstart.sh [SEED], SEED a whole number" >&2
    exit 2
    ;;
esac

cd "$(dirname "$0")/.."
sh examples/install-packages.sh

build=build
echo "Building into $build ..."
mkdir -p "$build"
if ! { { [ -f "$build/build.ninja" ] || meson setup "$build" -Dtests=false; } &&
    ninja -C "$build"; } >"$build/quickstart.log" 2>&1; then
    tail -n 30 "$build/quickstart.log" >&2
    echo "The build failed; all of its output is in $build/quickstart.log" >&2
    exit 1
fi
tvae=$build/examples/cli/tvae

# A finished or interrupted quickstart of the same seed is continued, another one kept aside.
out=quickstart-run
if [ -d "$out" ] && [ "$(cat "$out/seed" 2>/dev/null)" != "$seed" ]; then
    aside=$out-$(cat "$out/seed" 2>/dev/null || echo older)
    rm -rf "$aside"
    mv "$out" "$aside"
    echo "The quickstart of another seed was moved to $aside."
fi
mkdir -p "$out"
echo "$seed" >"$out/seed"

echo "Training a Topographic VAE on sequences of moving sprites ..."
"$tvae" train sprites_quick --seed "$seed" --out "$out/tvae" --resume >/dev/null
echo "Training a plain VAE on the same sequences ..."
"$tvae" train sprites_quick_vae --seed "$seed" --out "$out/vae" --resume >/dev/null

echo
"$tvae" eval "$out/tvae" "$out/vae"
cat <<'TEXT'

CapCorr is the correlation of how far the capsules roll with how far the sprite really moved:
near 1 for the TVAE, low for the plain VAE. Most of that comes from the shifting prior itself: even an
untrained TVAE's capsules roll in time. What training adds is that the roll means the movement:
see the likelihood, and the pictures.

Pictures (those with "train" in their names show training sequences, the others unseen ones):
TEXT
"$tvae" figures "$out/tvae" "$out/vae"
cat <<TEXT

Look first at $out/tvae/figures/traversal_*.png: the top row is the true sequence, the middle
one its reconstruction, and the bottom one is decoded from a single frame whose capsules were
rolled step by step.
TEXT
