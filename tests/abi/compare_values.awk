# SPDX-License-Identifier: MIT
# compare_values.awk BASELINE CURRENT, both as list_values.sh prints them: reports every
# difference, and adds the name of what changed or went to the file `broken`.
# Sizes of structs and the TVAE_N_ counts of callers' arrays may grow.
function may_grow(name) { return name ~ /^(sizeof\(|TVAE_N_)/ }
function owner(name)
{
    gsub(/^sizeof\(|\)$|\..*/, "", name)
    return name
}
NR == FNR { before[$1] = $2; next }
!($1 in before) { print "added: " $1; next }
$2 != before[$1] {
    print "changed: " $1 ", " before[$1] " is now " $2
    if (!may_grow($1) || $2 + 0 < before[$1] + 0)
        print owner($1) >>broken
}
{ delete before[$1] }
END {
    for (name in before) {
        print "removed: " name
        print owner(name) >>broken
    }
}
