#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every function of lib/ with lines that no test reaches is in a table, with the reason.

    check_left_out.py COVERAGE.json TABLE.md

COVERAGE.json is gcovr's. A function in the table that is reached whole, as on a machine with other
instruction sets, is no fault; one that does not exist is.
"""
import bisect
import json
import pathlib
import re
import sys


def read_functions(report):
    """{"lib/io/zip.c:read_member": [lines not reached]}, of every function."""
    found = {}
    for file in report["files"]:
        functions = sorted((f["lineno"], f["name"]) for f in file["functions"])
        starts = [line for line, _ in functions]
        names = [f"{file['file']}:{name}" for _, name in functions]
        found.update((name, set()) for name in names)
        for line in file["lines"]:
            if line["count"] == 0 and not line.get("gcovr/noncode"):
                place = bisect.bisect_right(starts, line["line_number"]) - 1
                found[names[place]].add(line["line_number"])
    return {name: sorted(lines) for name, lines in found.items()}


def main():
    functions = read_functions(json.loads(pathlib.Path(sys.argv[1]).read_text()))
    text = pathlib.Path(sys.argv[2]).read_text()
    listed = set(re.findall(r"^\| `(lib/[^`]+)` \|", text, re.MULTILINE))
    faults = [f"{name}: no test reaches line {', '.join(map(str, lines))}"
              for name, lines in sorted(functions.items()) if lines and name not in listed]
    faults += [f"{name} is in the table, but does not exist" for name in sorted(listed)
               if name not in functions]
    for fault in faults:
        print(fault)
    n_left_out = sum(1 for lines in functions.values() if lines)
    print(f"{n_left_out} functions with lines that no test reaches, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
