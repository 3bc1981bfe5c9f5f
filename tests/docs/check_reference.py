#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every public function's comment says what the rules of tvae/base.h promise.

    check_reference.py INCLUDE_FOLDER

Each comment has the words `Threads:` and `Since:`; of a function that returns a status
also its statuses, and of one that gives out a handle or a pointer whose it is. A comment
that lists statuses one by one (`@retval`) describes every parameter as well. A comment may
refer to another function's ("Statuses, threads: as tvae_x()"), which must then exist.
"""
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "support"))
from headers import functions_by_header

THREADS = re.compile(r"\bthreads\b[a-z, ]*: +(any|shared-read|one-at-a-time|startup|as )", re.I)
SINCE = re.compile(r"\bSince: \d+\.\d+")
STATUSES = re.compile(r"@retval TVAE_OK|\bstatuses\b[^.:]*(: |as tvae_)|"
                      r"@retval TVAE_E_\w+ .*\bas tvae_\w+\(\)", re.I)
OWNERSHIP = re.compile(r"\bownership\b[a-z, ]*: |Add a reference", re.I)


def gives_out_memory(function):
    return "*" in function.result or any(parameter.type.endswith("**") and parameter.name == "out"
                                         for parameter in function.parameters)


def faults_of(function, known):
    comment = " ".join(function.comment.split())
    if not SINCE.search(comment):
        yield "no 'Since: VERSION'"
    if not THREADS.search(comment):
        yield "no 'Threads: WORD' of the four words"
    if function.result == "tvae_status" and not STATUSES.search(comment):
        yield "no statuses"
    if gives_out_memory(function) and not OWNERSHIP.search(comment):
        yield "no 'Ownership:'"
    if "@retval" in comment:
        described = set(re.findall(r"\w+", " ".join(
            re.findall(r"@param(?:\[[a-z,]+\])? +([\w,]+)", comment))))
        for parameter in function.parameters:
            if parameter.name not in described:
                yield f"no @param {parameter.name}"
    for name in re.findall(r"\b(tvae_\w+)\(\)", comment):
        if name not in known:
            yield f"refers to {name}(), which is not declared"


def main():
    functions = functions_by_header(sys.argv[1])
    known = {function.name for _, function in functions}
    assert len(functions) > 100, f"{len(functions)} functions declared"
    faults = [f"{header}: {function.name}: {fault}"
              for header, function in functions for fault in faults_of(function, known)]
    print("\n".join(faults) or f"{len(functions)} functions, each with what it must say")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
