#!/bin/sh
# SPDX-License-Identifier: MIT
# examples/fetch-data.sh against a loopback web server with small stand-ins for the data.
# usage: test_fetch_data.sh SOURCE-FOLDER
set -eu
LC_ALL=C
no_proxy='*'
export LC_ALL no_proxy

script=$1/examples/fetch-data.sh
server=$1/tests/cli/range_server.py
for tool in curl python3 gzip md5sum; do
    if ! command -v "$tool" >/dev/null; then
        echo "SKIP: $tool is missing"
        exit 77
    fi
done

tmp=$(mktemp -d)
server_pid=
stop_server() {
    [ -z "$server_pid" ] || kill "$server_pid" 2>/dev/null || true
    [ -z "$server_pid" ] || wait "$server_pid" 2>/dev/null || true
    server_pid=
}
trap 'stop_server; rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM

n_failures=0
wrong() {
    echo "FAIL: $name: $*"
    sed 's/^/    stderr: /' "$tmp/err"
    n_failures=$((n_failures + 1))
}

# Runs the script; afterwards `status`, $tmp/out and $tmp/err tell how it went.
fetch() {
    : >"$tmp/log"
    status=0
    sh "$script" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null || status=$?
}

fetch_mnist() { # DIR [URL-SUFFIX]
    fetch mnist "$1" --mnist-url "$url$2" --checksums "$tmp/sums"
}

want_status() {
    [ "$status" -eq "$1" ] || wrong "exit status is $status, want $1"
}

# Exactly one sentence of the script's own on stderr, with these words.
want_sentence() {
    [ "$(grep -c '^fetch-data: ' "$tmp/err")" -eq 1 ] || wrong "want one sentence"
    grep '^fetch-data: ' "$tmp/err" | grep -qF -- "$1" || wrong "want the words: $1"
}

want_request() {
    grep -qxF -- "$1" "$tmp/log" || wrong "want the request $1, got: $(cat "$tmp/log")"
}

want_complete() { # DIR: all four files as the server has them, no partial file left
    for file in $files; do
        cmp -s "$1/$file.gz" "$tmp/www/$file.gz" || wrong "$1/$file.gz differs"
    done
    [ "$(find "$1" -name '*.part' | wc -l)" -eq 0 ] || wrong "a partial file was left"
}

# ---- stand-ins and server ---------------------------------------------------------------

files="train-images-idx3-ubyte train-labels-idx1-ubyte t10k-images-idx3-ubyte
t10k-labels-idx1-ubyte"
images=train-images-idx3-ubyte.gz
mkdir "$tmp/www"
for file in $files; do
    awk -v name="$file" 'BEGIN { for (i = 0; i < 4000; i++) print name, i * i % 10007 }' \
        >"$tmp/$file"
    printf '%s  %s\n' "$(md5sum <"$tmp/$file" | cut -d ' ' -f 1)" "$file" >>"$tmp/sums"
    gzip -n <"$tmp/$file" >"$tmp/www/$file.gz"
done
size=$(wc -c <"$tmp/www/$images")

mkfifo "$tmp/port"
: >"$tmp/log"
python3 "$server" "$tmp/www" "$tmp/log" >"$tmp/port" &
server_pid=$!
read -r port <"$tmp/port"
url=http://127.0.0.1:$port/

# ---- MNIST ------------------------------------------------------------------------------

name="mnist is downloaded whole into a new folder"
fetch_mnist "$tmp/new folder/mnist" ''
want_status 0
want_complete "$tmp/new folder/mnist"
want_request "/$images -"

name="what is there is not downloaded again"
fetch_mnist "$tmp/new folder/mnist" ''
want_status 0
[ ! -s "$tmp/log" ] || wrong "there were requests: $(cat "$tmp/log")"

name="only what is missing or damaged is downloaded"
rm "$tmp/new folder/mnist/t10k-labels-idx1-ubyte.gz"
echo damaged >"$tmp/new folder/mnist/$images"
fetch_mnist "$tmp/new folder/mnist" ''
want_status 0
want_complete "$tmp/new folder/mnist"
[ "$(wc -l <"$tmp/log")" -eq 2 ] || wrong "want two requests: $(cat "$tmp/log")"

name="a truncated partial file is resumed"
mkdir "$tmp/resume"
head -c 1000 "$tmp/www/$images" >"$tmp/resume/$images.part"
fetch_mnist "$tmp/resume" ''
want_status 0
want_complete "$tmp/resume"
want_request "/$images bytes=1000-"

name="a complete partial file is taken as it is"
mkdir "$tmp/taken"
cp "$tmp/www/$images" "$tmp/taken/$images.part"
fetch_mnist "$tmp/taken" ''
want_status 0
want_complete "$tmp/taken"
! grep -qF "$images" "$tmp/log" || wrong "the file was asked for"

name="a broken connection leaves what the next run resumes"
fetch_mnist "$tmp/drop" drop/
want_status 1
want_sentence "the connection broke"
fetch_mnist "$tmp/drop" ''
want_status 0
want_complete "$tmp/drop"
want_request "/$images bytes=$((size / 2))-"

name="a partial file that does not fit is downloaded from the start"
mkdir "$tmp/long"
cat "$tmp/www/$images" "$tmp/www/$images" | sed s/1/2/ >"$tmp/long/$images.part"
fetch_mnist "$tmp/long" ''
want_status 0
want_complete "$tmp/long"
want_request "/$images -"

name="a server without ranges is asked for the whole file"
mkdir "$tmp/norange"
head -c 1000 "$tmp/www/$images" >"$tmp/norange/$images.part"
fetch_mnist "$tmp/norange" norange/
want_status 0
want_complete "$tmp/norange"

name="a plain file is accepted, a wrong one is named"
mkdir "$tmp/plain"
for file in $files; do
    cp "$tmp/$file" "$tmp/plain"
done
fetch_mnist "$tmp/plain" ''
want_status 0
[ ! -s "$tmp/log" ] || wrong "there were requests: $(cat "$tmp/log")"
echo wrong >"$tmp/plain/t10k-images-idx3-ubyte"
fetch_mnist "$tmp/plain" ''
want_status 1
want_sentence "plain/t10k-images-idx3-ubyte is not the right file"

name="a corrupted file is refused and deleted"
mv "$tmp/www/$images" "$tmp/good"
printf 'other content\n' | gzip -n >"$tmp/www/$images"
fetch_mnist "$tmp/corrupted" ''
want_status 1
want_sentence "is damaged and was deleted"
[ -z "$(find "$tmp/corrupted" -type f)" ] || wrong "a file was left"
mv "$tmp/good" "$tmp/www/$images"

name="the original files' checksums are the default"
fetch mnist "$tmp/default" --mnist-url "$url"
want_status 1
want_sentence "want 6bbc9ace898e44ae57da46a324031adb"

name="a missing file is told with the server's answer"
mv "$tmp/www/$images" "$tmp/good"
fetch_mnist "$tmp/missing" ''
want_status 1
want_sentence "the server answered 404"
mv "$tmp/good" "$tmp/www/$images"

# ---- dSprites ---------------------------------------------------------------------------

archive=dsprites_ndarray_co1sh3sc6or40x32y32_64x64.npz

# An archive whose headers claim these shapes; `metadata` is a pickle that would, if it
# were loaded, leave the file "unpickled".
make_archive() { # IMGS-SHAPE LATENTS-SHAPE
    python3 - "$tmp/www/$archive" "$1" "$2" "$tmp/unpickled" <<'EOF'
import os, pickle, struct, sys, zipfile

class Trap:
    def __reduce__(self):
        return os.mkdir, (sys.argv[4],)

def npy(descr, shape):
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}"
    header = header.ljust(117) + "\n"
    return b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header.encode() + bytes(9)

with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as archive:
    archive.writestr("metadata.npy", npy("|O", "()") + pickle.dumps(Trap()))
    archive.writestr("imgs.npy", npy("|u1", sys.argv[2]))
    archive.writestr("latents_classes.npy", npy("<i8", sys.argv[3]))
EOF
}

name="dsprites with the right shapes is accepted, once"
make_archive '(737280, 64, 64)' '(737280, 6)'
fetch dsprites "$tmp/sprites" --dsprites-url "$url"
want_status 0
cmp -s "$tmp/sprites/$archive" "$tmp/www/$archive" || wrong "the file differs"
fetch dsprites "$tmp/sprites" --dsprites-url "$url"
want_status 0
[ ! -s "$tmp/log" ] || wrong "there were requests: $(cat "$tmp/log")"
[ ! -e "$tmp/unpickled" ] || wrong "metadata was unpickled"

name="dsprites with an archive that fails its CRC is refused"
cp "$tmp/www/$archive" "$tmp/good"
python3 - "$tmp/www/$archive" <<'EOF'
import sys
with open(sys.argv[1], "r+b") as file:
    content = bytearray(file.read())
    content[content.index(b"imgs.npy") + 20] ^= 0xff
    file.seek(0)
    file.write(content)
EOF
fetch dsprites "$tmp/crc" --dsprites-url "$url"
want_status 1
want_sentence "CRC check failed"
[ -z "$(find "$tmp/crc" -type f)" ] || wrong "a file was left"

name="a truncated dsprites archive is resumed"
mv "$tmp/good" "$tmp/www/$archive"
mkdir "$tmp/sprites2"
head -c 100 "$tmp/www/$archive" >"$tmp/sprites2/$archive.part"
fetch dsprites "$tmp/sprites2" --dsprites-url "$url"
want_status 0
want_request "/$archive bytes=100-"

name="dsprites images of a wrong shape are refused"
make_archive '(10, 64, 64)' '(737280, 6)'
fetch dsprites "$tmp/shape" --dsprites-url "$url"
want_status 1
want_sentence "imgs is not bytes of shape (737280, 64, 64)"
[ -z "$(find "$tmp/shape" -type f)" ] || wrong "a file was left"

name="dsprites latents of a wrong shape are refused"
make_archive '(737280, 64, 64)' '(737280, 5)'
fetch dsprites "$tmp/shape" --dsprites-url "$url"
want_status 1
want_sentence "latents_classes is not int64 of shape (737280, 6)"

# ---- usage, and no server ---------------------------------------------------------------

name="bad usage is told and ends with 2"
fetch
want_status 2
want_sentence "mnist or dsprites"
fetch cifar "$tmp/x"
want_status 2
want_sentence "unknown data set cifar"
fetch mnist
want_status 2
want_sentence "into which folder"
fetch mnist "$tmp/x" extra
want_status 2
want_sentence "too many: extra"
fetch mnist "$tmp/x" --mnist-url
want_status 2
want_sentence "--mnist-url needs a value"
fetch mnist "$tmp/x" --frobnicate
want_status 2
want_sentence "unknown option --frobnicate"
[ ! -e "$tmp/x" ] || wrong "a folder was made"
fetch --help
want_status 0
grep -q '^usage: ' "$tmp/out" || wrong "no usage text"

name="a folder that cannot be made is told"
fetch_mnist "$tmp/sums/below" ''
want_status 1
want_sentence "cannot make the folder"

name="a stopped server is told"
stop_server
fetch_mnist "$tmp/stopped" ''
want_status 1
want_sentence "the server cannot be reached"

[ "$n_failures" -eq 0 ] || exit 1
echo "all cases passed"
