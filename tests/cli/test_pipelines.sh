#!/bin/sh
# SPDX-License-Identifier: MIT
# tvae encode, decode, sample and roll on array files.
#   test_pipelines.sh PROGRAM
set -u

# shellcheck source=tests/cli/program.sh
. "$(dirname "$0")/program.sh"
# Built with a sanitizer, too, the program is to see that memory was refused.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}allocator_may_return_null=1"

# writes FILE WORDS...: the command succeeds, says so on stdout alone, and leaves the file.
writes() {
    file=$1
    shift
    expect 0 "$*" "$@" --threads 1
    [ "$(cat out)" = "$file" ] || fail "$*: stdout is not '$file'"
    [ -s err ] && fail "$*: something on stderr"
    [ -s "$file" ] || fail "$*: no file"
}

# refuses STATUS PATTERN WORDS...: one line on stderr that matches, nothing on stdout.
refuses() {
    wanted=$1 pattern=$2
    shift 2
    expect "$wanted" "$*" "$@"
    grep -Eq "$pattern" err || fail "$*: stderr does not match '$pattern'"
    # A sanitizer adds a line of its own where an allocation is refused.
    [ "$(grep -vc AddressSanitizer err)" -eq 1 ] || fail "$*: want one line on stderr"
    [ -s out ] && fail "$*: something on stdout"
}

# shape FILE TEXT: the .npy file's header holds that shape.
shape() {
    head -c 128 "$1" | grep -aqF "'shape': ($2)" || fail "$1: its shape is not ($2)"
}
same() {
    cmp -s "$1" "$2" || fail "$1 and $2 differ"
}
differ() {
    cmp -s "$1" "$2" && fail "$1 and $2 are the same"
}

small="--set n_frames=6 --set image_size=8 --set window=3 --set batch_size=2 --threads 1"
# shellcheck disable=SC2086 # the settings are words
expect 0 "train" train sprites_quick $small --set n_capsules=3 --set capsule_dim=6 \
    --steps 5 --out run
# shellcheck disable=SC2086
expect 0 "train a plain VAE" train nontvae_dsprites $small --set n_capsules=3 \
    --set capsule_dim=6 --steps 5 --out plain

# ---- sample
writes s.npz sample run s.npz --n 5 --seed 7
writes s.npy sample run s.npy --n 5 --seed 7
shape s.npy "5, 6, 1, 8, 8"
writes other.npy sample run other.npy --n 5 --seed 8
differ s.npy other.npy
writes long.npy sample run long.npy --n 2 --frames 9
shape long.npy "2, 9, 1, 8, 8"
writes plain.npy sample plain plain.npy --n 2

# ---- decode: the capsules of a sample are its frames
writes x.npy decode run s.npz x.npy
same x.npy s.npy
writes from-file.npy decode run/model.safetensors s.npz from-file.npy
same from-file.npy s.npy

# ---- encode, and encode what was decoded
writes t.npy encode run s.npz t.npy --array x
shape t.npy "5, 6, 3, 6"
writes again.npy encode run s.npy again.npy
same t.npy again.npy
writes d.npy decode run t.npy d.npy
shape d.npy "5, 6, 1, 8, 8"
writes a.npy encode run s.npy a.npy --sample --seed 1
writes b.npy encode run s.npy b.npy --sample --seed 1
same a.npy b.npy
differ a.npy t.npy
writes c.npy encode run s.npy c.npy --sample --seed 2
differ a.npy c.npy
writes p.npy encode plain s.npy p.npy --sample
shape p.npy "5, 6, 3, 6"
writes half.npy encode run s.npy half.npy --divide 2
differ half.npy t.npy
writes t.safetensors encode run s.npy t.safetensors
writes e.npy decode run t.safetensors e.npy
same e.npy d.npy

# ---- roll
expect 0 "roll" roll t.npy r.npy --shift 2
shape r.npy "5, 6, 3, 6"
differ r.npy t.npy
expect 0 "roll back" roll r.npy back.npy --shift -2
same back.npy t.npy
expect 0 "roll once round" roll t.npy round.npy --shift=6
same round.npy t.npy
expect 0 "roll the frames" roll t.npy r1.npy --shift 1 --axis 1
expect 0 "the same, counted from the end" roll t.npy r2.npy --shift -5 --axis -3
same r1.npy r2.npy
differ r1.npy r.npy
# Six numbers 0..5, rolled by one: 5 0 1 2 3 4.
npy() {
    printf '\223NUMPY\001\000\106\000%-69s\n' \
        "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }"
    # shellcheck disable=SC2059 # the octal escapes are the format
    printf "$1"
}
npy '\000\001\002\003\004\005' >six.npy
npy '\002\000\001\005\003\004' >want.npy
expect 0 "roll six numbers" roll six.npy six-rolled.npy --shift 1
expect 0 "write what is wanted" roll want.npy six-wanted.npy --shift 0
same six-rolled.npy six-wanted.npy

# ---- roll by fractions of a place
expect 0 "a whole number with a point" roll t.npy whole.npy --shift 2.0
same whole.npy r.npy
expect 0 "the same in another notation" roll t.npy whole.npy --shift=+20e-1
same whole.npy r.npy
# Three places by a half: a one among zeros becomes 2/3 2/3 -1/3.
npy '\006\003\003\003\006\003' >six.npy
npy '\005\005\002\002\005\005' >want.npy
expect 0 "roll by half a place" roll six.npy six-rolled.npy --shift 0.5
expect 0 "write what is wanted" roll want.npy six-wanted.npy --shift 0
same six-rolled.npy six-wanted.npy
# Two rows of an alternating sign, the Nyquist component of an even axis: lost halfway.
npy '\007\007\007\003\003\003' >six.npy
npy '\005\005\005\005\005\005' >want.npy
expect 0 "lose the Nyquist component" roll six.npy six-rolled.npy --shift -1.5 --axis 0
expect 0 "write what is wanted" roll want.npy six-wanted.npy --shift 0
same six-rolled.npy six-wanted.npy

# ---- wrong words: one sentence, and status 2; wrong files: status 1
refuses 2 'want a run or model' encode run s.npy
refuses 2 'one word too many' decode run s.npz o.npy more
refuses 2 'ends in .npy' encode run s.npy o.txt
refuses 2 'ends in .npy' sample run ''
refuses 2 'ends in .npy' sample run .npy
refuses 2 '\-\-n is' sample run o.npy --n 0
refuses 2 '\-\-n is' sample run o.npy --n=99999999999999999999
refuses 2 '\-\-frames is' sample run o.npy --frames -1
refuses 2 '\-\-divide is' encode run s.npy o.npy --divide 0
refuses 2 '\-\-shift' roll t.npy o.npy
for shift in 1.5x 0x2 nan inf 1e300 ' 1' .; do
    refuses 2 '\-\-shift is' roll t.npy o.npy --shift "$shift"
done
refuses 2 'a value must follow' roll t.npy o.npy --shift=
refuses 1 '4 axes' roll t.npy o.npy --shift 1 --axis 4
refuses 1 'no run folder or model' encode nowhere s.npy o.npy
refuses 1 'no run folder or model' sample '' o.npy
refuses 1 'run folder|config.json' sample . o.npy
refuses 1 'model_load|archive_load' sample s.npy o.npy
refuses 1 'nothing.npy' encode run nothing.npy o.npy
refuses 1 'run' encode run run o.npy
refuses 1 "no tensor|q" encode run s.npz o.npy --array q
refuses 1 'axes' encode run six.npy o.npy
refuses 1 'want' encode run t.npy o.npy
refuses 1 'capsules' decode run s.npy o.npy
refuses 1 'out of memory' sample run o.npy --n 16777216 --frames 16777216
refuses 1 'nowhere' sample run nowhere/o.npy --n 1
[ -e o.npy ] && fail "a refused command left its output"
# Bytes that nobody divided are worth a line.
npy_bytes() {
    printf '\223NUMPY\001\000\106\000%-69s\n' \
        "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 1, 8, 8), }"
    head -c 64 /dev/zero | tr '\000' '\310'
}
npy_bytes >bytes.npy
expect 0 "encode bytes" encode run bytes.npy o.npy
grep -q 'divide 255' err || fail "encode bytes: no word about --divide"

finish
