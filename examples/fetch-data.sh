#!/bin/sh
# SPDX-License-Identifier: MIT
# Downloads the data sets that the experiments read, and checks what it got.
set -eu
LC_ALL=C
export LC_ALL

mnist_url=https://ossci-datasets.s3.amazonaws.com/mnist/
dsprites_url=https://github.com/google-deepmind/dsprites-dataset/raw/master/
dsprites_name=dsprites_ndarray_co1sh3sc6or40x32y32_64x64.npz
checksums=

usage() {
    cat <<EOF
usage: sh examples/fetch-data.sh mnist|dsprites DIR [OPTION]...

Downloads MNIST (four files, 11 MB) or dSprites (one file, 26 MB) into the folder DIR,
which is made if it is missing, and checks it. A download that was interrupted goes on
where it stopped; a file that is already there and whole is not downloaded again.

  --mnist-url URL      folder of the four MNIST files
                       (default $mnist_url)
  --dsprites-url URL   folder of the dSprites file
                       (default $dsprites_url)
  --checksums FILE     md5 sums of the uncompressed MNIST files, one "SUM NAME" a line
                       (default: those of the original files)
  --help               print this text

Exit status: 0 all there and checked, 1 failed, 2 bad usage.
EOF
}

say() {
    printf '%s\n' "$*" >&2
}

fail() {
    say "fetch-data: $*"
    exit 1
}

bad_usage() {
    say "fetch-data: $*"
    usage >&2
    exit 2
}

has() {
    command -v "$1" >/dev/null 2>&1
}

# ---- downloading ------------------------------------------------------------------------

curl_reason() { # EXIT-STATUS HTTP-CODE
    case $1 in
    6) echo "the host's name is not known (is there a network?)" ;;
    7) echo "the server cannot be reached (is there a network?)" ;;
    18 | 56) echo "the connection broke; run the same command again to go on from there" ;;
    22) echo "the server answered $2" ;;
    23) echo "the file cannot be written (is the disk full?)" ;;
    28) echo "the server is too slow; run the same command again to go on from there" ;;
    *) echo "curl ended with status $1 (see 'man curl')" ;;
    esac
}

run_curl() { # URL PART; sets curl_status and http_code
    progress=--silent
    [ ! -t 2 ] || progress=--progress-bar
    curl_status=0
    http_code=$(curl "$progress" --fail --location --connect-timeout 20 \
        --speed-limit 1 --speed-time 60 --continue-at - --output "$2" \
        --write-out '%{http_code}' "$1") || curl_status=$?
}

# Downloads URL into PART, from where an earlier attempt stopped.
download() { # URL PART
    say "downloading $1"
    run_curl "$1" "$2"
    # 33: the server cannot resume; 416: PART is no beginning of the server's file.
    if [ -s "$2" ] && { [ "$curl_status" -eq 33 ] || [ "$http_code" = 416 ]; }; then
        say "$2 cannot be resumed: downloading from the start"
        rm -f -- "$2"
        run_curl "$1" "$2"
    fi
    [ "$curl_status" -eq 0 ] ||
        fail "cannot download $1: $(curl_reason "$curl_status" "$http_code")."
}

# ---- MNIST ------------------------------------------------------------------------------

md5_of_input() {
    if has md5sum; then
        md5sum | cut -d ' ' -f 1
    elif has md5; then
        md5 -q
    else
        openssl md5 -r | cut -d ' ' -f 1
    fi
}

md5_of_gzip() { # FILE
    gzip -dc <"$1" 2>/dev/null | md5_of_input
}

mnist_checksums() {
    if [ -n "$checksums" ]; then
        cat -- "$checksums"
        return
    fi
    cat <<EOF
6bbc9ace898e44ae57da46a324031adb train-images-idx3-ubyte
a25bea736e30d166cdddb491f175f624 train-labels-idx1-ubyte
2646ac647ad5339dbf082846283269ea t10k-images-idx3-ubyte
27ae3e4e09519cfbb04c329615203637 t10k-labels-idx1-ubyte
EOF
}

wanted_md5() { # NAME
    mnist_checksums | while read -r sum name; do
        [ "$name" != "$1" ] || echo "$sum"
    done
}

fetch_mnist_file() { # NAME
    file=$dir/$1.gz
    want=$(wanted_md5 "$1")
    [ -n "$want" ] || fail "$checksums has no line for $1."

    # The library reads the plain file first, so a bad one may not stay beside a good .gz.
    if [ -f "$dir/$1" ]; then
        got=$(md5_of_input <"$dir/$1")
        [ "$got" = "$want" ] || fail "$dir/$1 is not the right file (its md5 is $got," \
            "want $want): remove it and run this again."
        say "$dir/$1 is already there"
        return
    fi
    if [ -f "$file" ]; then
        if [ "$(md5_of_gzip "$file")" = "$want" ]; then
            say "$file is already there"
            return
        fi
        say "$file is damaged and will be replaced"
    fi
    if [ ! -f "$file.part" ] || [ "$(md5_of_gzip "$file.part")" != "$want" ]; then
        download "${mnist_url%/}/$1.gz" "$file.part"
        got=$(md5_of_gzip "$file.part")
        if [ "$got" != "$want" ]; then
            rm -f -- "$file.part"
            fail "what came as $1.gz is damaged and was deleted (the md5 of its content" \
                "is $got, want $want): run this again."
        fi
    fi
    mv -f -- "$file.part" "$file" || fail "cannot write $file."
}

fetch_mnist() {
    has gzip || fail "gzip is missing: install it (Debian: apt install gzip)."
    has md5sum || has md5 || has openssl ||
        fail "no program for md5 sums: install md5sum, md5 or openssl" \
            "(Debian: apt install coreutils)."
    [ -z "$checksums" ] || [ -r "$checksums" ] || fail "cannot read $checksums."
    for name in train-images-idx3-ubyte train-labels-idx1-ubyte \
        t10k-images-idx3-ubyte t10k-labels-idx1-ubyte; do
        fetch_mnist_file "$name"
    done
    echo "MNIST is complete in $dir"
}

# ---- dSprites ---------------------------------------------------------------------------

zip_is_intact() { # FILE: reads every member and compares its CRC
    if has unzip; then
        unzip -tqq "$1" >/dev/null 2>&1
    else
        python3 -c 'import sys, zipfile
sys.exit(zipfile.ZipFile(sys.argv[1]).testzip() is not None)' "$1" 2>/dev/null
    fi
}

zip_head() { # FILE MEMBER: the first bytes of the member, as text
    if has unzip; then
        unzip -p "$1" "$2" 2>/dev/null | dd bs=1 count=256 2>/dev/null
    else
        python3 -c 'import sys, zipfile
member = zipfile.ZipFile(sys.argv[1]).open(sys.argv[2])
sys.stdout.buffer.write(member.read(256))' "$1" "$2" 2>/dev/null
    fi | tr -cd '[:print:]'
}

# Sets `problem` to what is wrong with the archive, or to nothing. The member `metadata` is
# a Python pickle: its CRC is compared, and it is not looked into.
check_dsprites() { # FILE
    problem=
    if ! zip_is_intact "$1"; then
        problem="it is no intact .npz archive (CRC check failed)"
        return
    fi
    case $(zip_head "$1" imgs.npy) in
    *"'descr': '|u1'"*"'shape': (737280, 64, 64)"*) ;;
    *)
        problem="its member imgs is not bytes of shape (737280, 64, 64)"
        return
        ;;
    esac
    case $(zip_head "$1" latents_classes.npy) in
    *"'descr': '<i8'"*"'shape': (737280, 6)"*) ;;
    *) problem="its member latents_classes is not int64 of shape (737280, 6)" ;;
    esac
}

fetch_dsprites() {
    has unzip || has python3 ||
        fail "the archive cannot be checked: install unzip or python3" \
            "(Debian: apt install unzip)."
    file=$dir/$dsprites_name
    if [ -f "$file" ]; then
        check_dsprites "$file"
        if [ -z "$problem" ]; then
            say "$file is already there"
            echo "dSprites is complete in $dir"
            return
        fi
        say "$file will be replaced: $problem"
    fi
    problem=missing
    [ ! -f "$file.part" ] || check_dsprites "$file.part"
    if [ -n "$problem" ]; then
        download "${dsprites_url%/}/$dsprites_name" "$file.part"
        check_dsprites "$file.part"
        if [ -n "$problem" ]; then
            rm -f -- "$file.part"
            fail "what came as $dsprites_name was deleted, $problem: run this again."
        fi
    fi
    mv -f -- "$file.part" "$file" || fail "cannot write $file."
    echo "dSprites is complete in $dir"
}

# ---- arguments --------------------------------------------------------------------------

what=
dir=
while [ $# -gt 0 ]; do
    case $1 in
    --mnist-url | --dsprites-url | --checksums)
        [ -n "${2-}" ] || bad_usage "$1 needs a value."
        case $1 in
        --mnist-url) mnist_url=$2 ;;
        --dsprites-url) dsprites_url=$2 ;;
        --checksums) checksums=$2 ;;
        esac
        shift
        ;;
    -h | --help)
        usage
        exit 0
        ;;
    -*) bad_usage "unknown option $1." ;;
    *)
        if [ -z "$what" ]; then
            what=$1
        elif [ -z "$dir" ]; then
            dir=$1
        else
            bad_usage "one argument too many: $1."
        fi
        ;;
    esac
    shift
done
case $what in
mnist | dsprites) ;;
'') bad_usage "say what to download: mnist or dsprites." ;;
*) bad_usage "unknown data set $what, want mnist or dsprites." ;;
esac
[ -n "$dir" ] || bad_usage "say into which folder to download."
has curl || fail "curl is missing: install it (Debian: apt install curl)."
mkdir -p -- "$dir" 2>/dev/null || fail "cannot make the folder $dir."

"fetch_$what"
