#!/bin/sh
# SPDX-License-Identifier: MIT
# Prints what the public headers fix in numbers, one "NAME VALUE" a line: the constants, and of
# each public struct the size and every member's place ("offset+bytes").
#   list_values.sh INCLUDE_FOLDER...
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for include in "$@"; do
    set -- "$@" "-I$include"
    shift
done

cat >"$folder/list.c" <<'END'
#include <stdio.h>
#include <tvae/tvae.h>
#define CONSTANT(name) printf("%s %lld\n", #name, (long long)(name))
#define SIZE(type) printf("sizeof(%s) %zu\n", #type, sizeof(type))
#define MEMBER(type, member)                                                                 \
    printf("%s.%s %zu+%zu\n", #type, #member, offsetof(type, member),                        \
           sizeof(((type *)0)->member))
int main(void)
{
END
# One enum or struct a line, comments gone.
echo '#include <tvae/tvae.h>' | ${CC-cc} "$@" -E -P - | tr '\n' ' ' |
    sed 's/enum {/\n&/g; s/typedef struct/\n&/g; s/}/&\n/g' | awk '
    /^enum {/ {
        gsub(/enum {|}.*| /, "")
        n = split($0, constants, ",")
        for (i = 1; i <= n; i++) {
            sub(/=.*/, "", constants[i])
            if (constants[i] ~ /^TVAE_/)
                print "CONSTANT(" constants[i] ");"
        }
    }
    /^typedef struct tvae_[a-z0-9_]* {/ {
        type = $3
        gsub(/^[^{]*{|}.*/, "")
        print "SIZE(" type ");"
        n = split($0, members, ";")
        for (i = 1; i <= n; i++) {
            if (match(members[i], /\(\*[a-z0-9_]+\)/))
                member = substr(members[i], RSTART + 2, RLENGTH - 3)
            else {
                gsub(/\[[^]]*\]| *$/, "", members[i])
                if (!match(members[i], /[a-z0-9_]+$/))
                    continue
                member = substr(members[i], RSTART)
            }
            print "MEMBER(" type ", " member ");"
        }
    }' >>"$folder/list.c"
echo '}' >>"$folder/list.c"
${CC-cc} "$@" -o "$folder/list" "$folder/list.c"
"$folder/list"
