#!/bin/sh
# SPDX-License-Identifier: MIT
# check_abi.sh lets additions pass and stops what breaks programs, shown on a toy library: one
# header, of which each case is an edited copy.
#   test_check_abi.sh TEST_FOLDER
set -eu

here=$1
if ! command -v abidiff >/dev/null 2>&1; then
    echo "SKIP: no abidiff (Debian: abigail-tools)"
    exit 77
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder/old/tvae"
cat >"$folder/old/tvae/tvae.h" <<'END'
#include <stddef.h>
#include <stdint.h>
#define TVAE_API __attribute__((visibility("default")))
typedef int32_t tvae_status;
enum {
    TVAE_RED = 0, /* first */
    TVAE_GREEN = 1
};
enum { TVAE_N_COLOURS = 2 };
typedef struct tvae_box tvae_box;
typedef struct tvae_box_options {
    size_t size;
    double width;
    int64_t names[2];
    tvae_status (*hook)(void *user, int32_t colour);
} tvae_box_options;
TVAE_API tvae_status tvae_box_create(const tvae_box_options *options, tvae_box **out);
TVAE_API double tvae_box_area(const tvae_box *box,
                              int32_t colour);
END

# The library of a header: its functions, with empty bodies.
build() {
    sed '/(\*/!s/);$/) { __builtin_trap(); }/' "$1/tvae/tvae.h" >"$1/toy.c"
    link "$1"
}

link() {
    ${CC-cc} -shared -fPIC -fvisibility=hidden -Wl,-soname,libtvae.so.0 \
        "-Wl,--version-script=$here/../../lib/tvae.map" -o "$1/libtvae.so" "$1/toy.c"
}

check() {
    sh "$here/check_abi.sh" "$1/libtvae.so" "$folder/baseline" "$folder/CHANGELOG.md" "$1" \
        >"$folder/output" 2>&1
}

# edit NAME SED_SCRIPT: a copy of the header, changed, and its library in folder/NAME.
edit() {
    mkdir -p "$folder/$1/tvae"
    sed "$2" "$folder/old/tvae/tvae.h" >"$folder/$1/tvae/tvae.h"
    if cmp -s "$folder/old/tvae/tvae.h" "$folder/$1/tvae/tvae.h"; then
        echo "case $1 changes nothing"
        exit 1
    fi
    build "$folder/$1"
}

passes() {
    edit "$1" "$2"
    if ! check "$folder/$1" || ! grep -q "$3" "$folder/output"; then
        echo "$1: should pass and say '$3'"
        cat "$folder/output"
        exit 1
    fi
}

# Fails without a word in the changelog, naming what broke; passes once that is named.
fails() {
    edit "$1" "$2"
    printf '## 0.2\n### ABI\n- New: tvae_other.\n## 0.1\n### ABI\n- `%s`\n' "$3" >"$folder/CHANGELOG.md"
    if check "$folder/$1" || ! grep -q "^  $3\$" "$folder/output"; then
        echo "$1: should fail and name $3"
        cat "$folder/output"
        exit 1
    fi
    printf '## 0.2\n### ABI\n- Changed: `%s`.\n## 0.1\n' "$3" >"$folder/CHANGELOG.md"
    if ! check "$folder/$1"; then
        echo "$1: should pass once $3 is named"
        cat "$folder/output"
        exit 1
    fi
}

build "$folder/old"
sh "$here/update.sh" "$folder/baseline" "$folder/old/libtvae.so" "$folder/old"
printf '## 0.1\n### ABI\n- First version.\n' >"$folder/CHANGELOG.md"
check "$folder/old"
if grep -q "update.sh" "$folder/output"; then
    echo "an unchanged library should have nothing to report"
    exit 1
fi

passes added_function '$a TVAE_API int32_t tvae_box_count(void);' 'update.sh'
passes added_constant 's/TVAE_GREEN = 1/&, TVAE_BLUE = 2/' 'added: TVAE_BLUE'
passes grown_count 's/TVAE_N_COLOURS = 2/TVAE_N_COLOURS = 3/' 'update.sh'
passes appended_member 's/^} tvae_box_options/    double height;\n&/' 'tvae_box_options.height'

fails removed_function '/tvae_box_create/d' tvae_box_create
fails changed_parameter 's/int32_t colour);$/int64_t colour);/; /hook/s/int64_t/int32_t/' tvae_box_area
fails changed_return 's/^TVAE_API double/TVAE_API float/' tvae_box_area
fails reordered_options '/double width;/{h;d};/names\[2\]/{G}' tvae_box_options
fails reordered_and_grown '/double width;/{h;d};/names\[2\]/{G};s/^} tvae_box/    double height;\n&/' \
    tvae_box_options
fails inserted_member 's/ *double width;/&\n    double height;/' tvae_box_options
fails removed_member '/names\[2\]/d' tvae_box_options
fails changed_member 's/double width/int64_t width/' tvae_box_options
fails changed_hook '/hook/s/int32_t colour/int64_t colour/' tvae_box_options
fails changed_constant 's/TVAE_GREEN = 1/TVAE_GREEN = 2/' TVAE_GREEN
fails removed_constant 's/TVAE_N_COLOURS = 2/TVAE_OTHER = 2/' TVAE_N_COLOURS

# Declared, but not in the library.
sed -i '/tvae_box_create/d' "$folder/added_constant/toy.c"
printf '## 0.1\n### ABI\n- First version.\n' >"$folder/CHANGELOG.md"
link "$folder/added_constant"
if check "$folder/added_constant"; then
    echo "a function missing from the library should fail"
    exit 1
fi
