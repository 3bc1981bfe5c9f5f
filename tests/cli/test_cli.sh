#!/bin/sh
# SPDX-License-Identifier: MIT
# The tvae program as a user meets it: exit statuses, messages, run folders.
#   test_cli.sh PROGRAM
set -u

# shellcheck source=tests/cli/program.sh
. "$(dirname "$0")/program.sh"

# says FILE PATTERN WHAT: the file has a line that matches.
says() {
    grep -Eq "$2" "$1" || fail "$3: no line matches '$2'"
}

# one_sentence WHAT: stderr is exactly one line.
one_sentence() {
    [ "$(wc -l <err)" -eq 1 ] || fail "$1: want one line on stderr"
}

small="--set n_capsules=3 --set capsule_dim=6 --set n_frames=6 --set image_size=8
--set window=3 --set batch_size=2 --set log_steps=5 --set checkpoint_steps=10 --threads 1"

# ---- usage
expect 2 "no command"
says err 'usage' "no command"
expect 0 "help" --help
says out 'tvae train' "help"
expect 0 "version" --version
says out '^tvae [0-9]+\.[0-9]+\.[0-9]+$' "version"
expect 2 "unknown command" trian
expect 0 "list" list
for name in tvae_Lpartial_mnist bubbles_mnist nontvae_mnist tvae_Lpartial_dsprites \
    nontvae_dsprites sprites_quick; do
    says out "^$name " "list"
done
expect 0 "list of keys" list --keys
says out '^off_diagonal ' "list of keys"
expect 0 "doctor" doctor
says out '^BLAS kernel' "doctor"
expect 2 "train without experiment" train
expect 2 "unknown experiment" train sprites_quik
says err 'sprites_quick' "unknown experiment names the nearest"
expect 2 "unknown option" train sprites_quick --stpes 3
expect 2 "option without value" train sprites_quick --steps
expect 2 "unknown key" train sprites_quick --set learning_rat=1
says err 'learning_rate' "unknown key names the nearest"
expect 2 "value out of range" train sprites_quick --set learning_rate=-1
expect 2 "value that is no number" train sprites_quick --set batch_size=many
expect 2 "both totals" train sprites_quick --steps 3 --epochs 3
expect 2 "eval without run" eval
expect 2 "eval with a bad number" eval run --samples 0
expect 2 "an empty value" train sprites_quick --data ''
says err "must follow '--data'" "an empty value"
expect 2 "an empty value after =" train sprites_quick --out=
expect 2 "no steps" train sprites_quick --steps=-1
says err 'integer from 0 to ' "no steps"
expect 2 "no epochs" train sprites_quick --epochs 0
expect 2 "steps beyond 64 bits" train sprites_quick --steps 99999999999999999999
expect 2 "a value for a flag" train sprites_quick --resume=1
expect 2 "a number with blanks" eval run --samples ' 5'
expect 2 "an empty command" ''
mkdir folder.json
expect 1 "a folder as configuration" train folder.json
one_sentence "a folder as configuration"
expect 1 "eval of no run" eval no-such-run
one_sentence "eval of no run"
expect 1 "figures of no run" figures no-such-run
one_sentence "figures of no run"
expect 1 "missing configuration file" train no-such-file.json
one_sentence "missing configuration file"

# ---- a run from start to pictures
# shellcheck disable=SC2086 # the settings are words
expect 0 "train" train sprites_quick $small --steps 20 --out run
says out '^run$' "train prints the folder"
for file in config.json log.jsonl model.safetensors; do
    [ -s "run/$file" ] || fail "train leaves $file"
done
[ "$(wc -l <run/log.jsonl)" -eq 4 ] || fail "train logs every 5 of 20 steps"
expect 1 "train into a run that has a checkpoint" train sprites_quick --out run
one_sentence "train into a run that has a checkpoint"
says err 'resume' "the refusal says what to do"
expect 0 "eval" eval run --sequences 8 --samples 2
says out '^log-likelihood' "eval prints a table"
says out '^CapCorr posX' "eval prints CapCorr"
says out '^prediction error, 1 ahead +[0-9]' "eval prints how the next frame is predicted"
says out '^  copying the last frame +[0-9]' "eval prints what copying would do"
[ -s run/summary.json ] || fail "eval leaves summary.json"
expect 0 "figures" figures run
says out '^run/figures/reconstructions\.png$' "figures names its pictures"
[ -s run/figures/reconstructions.png ] || fail "figures leaves reconstructions.png"

# ---- standard streams: full, closed
if [ -c /dev/full ]; then
    "$tvae" list >/dev/full 2>err
    [ $? -eq 1 ] || fail "a full stdout: want exit status 1"
    one_sentence "a full stdout"
fi
# shellcheck disable=SC2086
"$tvae" train sprites_quick $small --steps 5 --out closed >&- 2>&- <&-
"$tvae" eval closed --sequences 2 --samples 1 >out 2>err || fail "eval after closed streams"

# ---- resume: 20 + 20 steps are 40
# shellcheck disable=SC2086
expect 0 "train 40" train sprites_quick $small --steps 40 --out whole
# shellcheck disable=SC2086
expect 0 "resume to 40" train sprites_quick $small --steps 40 --out run --resume
cmp -s run/model.safetensors whole/model.safetensors || fail "20 + 20 steps equal 40"
# shellcheck disable=SC2086
expect 0 "resume of a finished run" train sprites_quick $small --steps 40 --out run --resume
# shellcheck disable=SC2086
expect 1 "resume with another rate" train sprites_quick $small --steps 50 --out run \
    --resume --set learning_rate=0.5
says err 'learning_rate' "the refusal names the key"
# shellcheck disable=SC2086
expect 0 "resume of nothing starts" train sprites_quick $small --steps 5 --out fresh --resume

# ---- Ctrl-C saves
# shellcheck disable=SC2086
"$tvae" train sprites_quick $small --steps 100000000 --out stopped >out 2>err &
process=$!
tries=0
until [ -s stopped/model.safetensors ] || [ "$tries" -ge 300 ]; do
    sleep 0.1
    tries=$((tries + 1))
done
kill -TERM "$process"
wait "$process"
got=$?
[ "$got" -eq 130 ] || fail "interrupted: exit status $got, want 130"
says err 'resume' "the interrupted run says how to continue"

# ---- SIGKILL leaves a run that resumes
# shellcheck disable=SC2086
"$tvae" train sprites_quick $small --steps 100000000 --out killed >out 2>err &
process=$!
tries=0
until [ -s killed/model.safetensors ] || [ "$tries" -ge 300 ]; do
    sleep 0.1
    tries=$((tries + 1))
done
kill -KILL "$process"
wait "$process" 2>/dev/null
steps=$(($(sed -n 's/.*"step": *\([0-9]*\).*/\1/p' killed/log.jsonl | tail -n 1) + 20))
# shellcheck disable=SC2086
expect 0 "resume after SIGKILL" train sprites_quick $small --steps "$steps" --out killed --resume
# shellcheck disable=SC2086
expect 0 "the same unbroken" train sprites_quick $small --steps "$steps" --out unbroken
cmp -s killed/model.safetensors unbroken/model.safetensors ||
    fail "a killed and resumed run equals an unbroken one"

# ---- data that is missing or damaged: one sentence, exit status 1
bytes() {
    for byte in "$@"; do
        # shellcheck disable=SC2059 # the octal escape is the format
        printf "\\$(printf %o "$byte")"
    done
}
idx_images() { # magic's last byte, count
    bytes 0 0 8 "$1" 0 0 0 "$2" 0 0 0 4 0 0 0 4
    i=0
    while [ $i -lt $(($2 * 16)) ]; do
        bytes $((i % 251))
        i=$((i + 1))
    done
}
idx_labels() {
    bytes 0 0 8 1 0 0 0 "$1"
    i=0
    while [ $i -lt "$1" ]; do
        bytes $((i % 10))
        i=$((i + 1))
    done
}
make_mnist() {
    mkdir -p "$1"
    idx_images 3 10 >"$1/train-images-idx3-ubyte"
    idx_labels 10 >"$1/train-labels-idx1-ubyte"
    idx_images 3 4 >"$1/t10k-images-idx3-ubyte"
    idx_labels 4 >"$1/t10k-labels-idx1-ubyte"
}
mnist="train tvae_Lpartial_mnist --set n_capsules=2 --set batch_size=2 --steps 2 --threads 1"
make_mnist good
# shellcheck disable=SC2086
expect 0 "small IDX files of another size" $mnist --data good --out mnist
# shellcheck disable=SC2086
expect 1 "no data" $mnist --out m0
one_sentence "no data"
says err '\-\-data' "no data"
mkdir -p empty
# shellcheck disable=SC2086
expect 1 "an empty folder" $mnist --data empty --out m1
one_sentence "an empty folder"
make_mnist magic
idx_images 4 10 >magic/train-images-idx3-ubyte
# shellcheck disable=SC2086
expect 1 "wrong magic number" $mnist --data magic --out m2
one_sentence "wrong magic number"
make_mnist counts
idx_labels 9 >counts/train-labels-idx1-ubyte
# shellcheck disable=SC2086
expect 1 "a label count that differs" $mnist --data counts --out m3
one_sentence "a label count that differs"
make_mnist cut
gzip cut/train-images-idx3-ubyte
head -c 60 cut/train-images-idx3-ubyte.gz >cut/part
mv cut/part cut/train-images-idx3-ubyte.gz
# shellcheck disable=SC2086
expect 1 "a truncated .gz" $mnist --data cut --out m4
one_sentence "a truncated .gz"

# ---- a full disk
# A small file system if we may mount one; else the limit on file sizes, which fails alike.
if mkdir tiny && mount -t tmpfs -o size=64k tmpfs tiny 2>/dev/null; then
    # shellcheck disable=SC2086
    expect 1 "a full disk" train sprites_quick $small --steps 20 --out tiny/run
    umount tiny
else
    trap '' XFSZ
    # shellcheck disable=SC2086,SC3045
    (ulimit -f 16 && exec "$tvae" train sprites_quick $small --steps 20 --out tiny/run) \
        >out 2>err </dev/null
    got=$?
    [ "$got" -eq 1 ] || fail "a full disk: exit status $got, want 1"
fi
one_sentence "a full disk"

finish
