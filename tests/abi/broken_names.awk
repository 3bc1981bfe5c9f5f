# SPDX-License-Identifier: MIT
# broken_names.awk, over what `abidiff --leaf-changes-only` reports: prints the names of the
# functions and types that changed in a way that breaks programs. A struct that only grew at
# its end, as sized structs may, is not one of them.
function first_name(text)
{
    match(text, /tvae_[a-z0-9_]+/)
    return substr(text, RSTART, RLENGTH)
}
# The function is the name before the parenthesis: its return type may be one of ours, too.
/^ *\[[DC]\] / && match($0, /tvae_[a-z0-9_]+\(/) { print substr($0, RSTART, RLENGTH - 1) }
/^'.*' changed:/ { type = first_name($0) }
/^ *\[/ { type = "" }
type != "" && (/data member (deletion|change)/ || (/type size changed from/ && $7 < $5)) { print type }
/^(SONAME|ELF)/ { print "soname" }
