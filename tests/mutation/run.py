#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Deliberate one-line faults in the numerical code are each caught by a test.

    run.py [--only N,N,...] [--build-type TYPE]

Copies the sources to a temporary folder, checks that the tests named in faults.txt pass there,
then puts in one fault at a time, builds what is needed and runs its tests: a fault is caught if
one of them fails. Exit status 1 if any is missed.
"""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
ENVIRONMENT = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "CK_DEFAULT_TIMEOUT": "60"}
LONGEST = 300  # seconds of one test program: a fault may keep it from ending


def read_faults():
    """[(file, line, replacement, [test, ...]), ...]"""
    lines = (ROOT / "tests/mutation/faults.txt").read_text().splitlines()
    lines = [line for line in lines if line and not line.startswith("#")]
    faults = []
    for head, old, new in zip(lines[::3], lines[1::3], lines[2::3], strict=True):
        file, tests = head.split(": ")
        assert old.startswith("- ") and new.startswith("+ "), head
        faults.append((file, old[2:], new[2:], tests.split()))
    return faults


def put_in(text, old, new):
    """Replace the one line that reads `old` but for its indentation."""
    lines = text.splitlines(keepends=True)
    places = [i for i, line in enumerate(lines) if line.strip() == old]
    assert len(places) == 1, f"{len(places)} lines read: {old}"
    lines[places[0]] = lines[places[0]].replace(old, new)
    return "".join(lines)


def skip(folder, names):
    """Version control, and build folders beside the sources."""
    return [name for name in names
            if name == ".git" or pathlib.Path(folder, name, "build.ninja").exists()]


def build(folder, tests):
    targets = [f"tests/test_{test}" for test in tests]
    subprocess.run(["ninja", "-C", folder, "-j2", *targets], check=True,
                   stdout=subprocess.DEVNULL)


def passes(folder, test):
    try:
        result = subprocess.run([folder / "tests" / f"test_{test}"], cwd=folder,
                                env=ENVIRONMENT, capture_output=True, timeout=LONGEST)
    except subprocess.TimeoutExpired:
        return False
    return result.returncode == 0


def try_fault(sources, folder, fault):
    """The tests that fail with the fault."""
    file, old, new, tests = fault
    path = sources / file
    sound = path.read_text()
    path.write_text(put_in(sound, old, new))
    try:
        build(folder, tests)
        return [test for test in tests if not passes(folder, test)]
    finally:
        path.write_text(sound)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", help="numbers of faults, the first is 1")
    parser.add_argument("--build-type", default="debugoptimized")
    arguments = parser.parse_args()
    faults = list(enumerate(read_faults(), 1))
    if arguments.only:
        wanted = {int(number) for number in arguments.only.split(",")}
        faults = [(number, fault) for number, fault in faults if number in wanted]
    with tempfile.TemporaryDirectory() as scratch:
        sources, folder = pathlib.Path(scratch, "tree"), pathlib.Path(scratch, "build")
        shutil.copytree(ROOT, sources, symlinks=True, ignore=skip)
        subprocess.run(["meson", "setup", folder, sources,
                        f"-Dbuildtype={arguments.build_type}"], check=True,
                       stdout=subprocess.DEVNULL)
        tests = sorted({test for _, fault in faults for test in fault[3]})
        build(folder, tests)
        broken = [test for test in tests if not passes(folder, test)]
        assert not broken, f"without any fault these tests fail: {broken}"
        n_caught = 0
        for number, fault in faults:
            began = time.monotonic()
            failing = try_fault(sources, folder, fault)
            n_caught += bool(failing)
            verdict = f"caught by {' '.join(failing)}" if failing else "MISSED"
            print(f"{number:2} {fault[0]}: {fault[2]}\n   {verdict} "
                  f"({time.monotonic() - began:.0f} s)", flush=True)
    print(f"{n_caught} of {len(faults)} faults caught")
    sys.exit(n_caught < len(faults))


if __name__ == "__main__":
    main()
