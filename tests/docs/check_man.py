#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""docs/tvae.1 names the commands, options and experiments that the program has, no others.

    check_man.py PROGRAM MAN_PAGE

Where mandoc or groff are installed, the page must also be without a warning.
"""
import re
import shutil
import subprocess
import sys
from pathlib import Path


def output_of(*words):
    return subprocess.run(words, capture_output=True, text=True, check=True, timeout=60).stdout


def section(page, title):
    return re.search(rf"^\.Sh {title}\n(.*?)(?=^\.Sh |\Z)", page, re.MULTILINE | re.DOTALL)[1]


def check_options(program, command, text):
    """The list of the man page against the usage that the program prints."""
    usage = output_of(program, command, "--help").rsplit("\n  ", 1)[0]  # no summary
    wanted = set(re.findall(r"(--[a-z-]+)", usage))
    found = {"-" + option for option in re.findall(r"^\.It Fl (-[a-z-]+)", text, re.MULTILINE)}
    assert found == wanted, f"{command}: the page has {sorted(found)}, want {sorted(wanted)}"


def check_warnings(page):
    for tool, *words in (["mandoc", "-T", "lint", "-W", "warning"],
                         ["groff", "-ww", "-mandoc", "-Tascii", "-z"]):
        if not shutil.which(tool):
            print(f"SKIP {tool} is not installed: its warnings about the man page")
            continue
        result = subprocess.run([tool, *words, page], capture_output=True, text=True,
                                check=False, timeout=60)
        said = result.stdout + result.stderr
        assert result.returncode == 0 and not said, f"{tool}: {said}"


def main():
    program, path = sys.argv[1:]
    page = Path(path).read_text(encoding="utf-8")
    wanted = re.findall(r"^  tvae ([a-z]+)", output_of(program, "help"), re.MULTILINE)
    parts = re.split(r"^\.Ss (\w+)\n", section(page, "COMMANDS"), flags=re.MULTILINE)
    assert len(wanted) > 5 and parts[1::2] == wanted, f"{parts[1::2]}, want {wanted}"
    for command, text in zip(parts[1::2], parts[2::2]):
        check_options(program, command, text)
    names = [line.split()[0] for line in output_of(program, "list").splitlines()]
    found = re.findall(r"^\.It Cm (\w+)", section(page, "EXPERIMENTS"), re.MULTILINE)
    assert len(names) > 5 and found == names, f"{found}, want {names}"
    check_warnings(path)
    print(f"{len(wanted)} commands and {len(names)} experiments, as the program has them")


if __name__ == "__main__":
    main()
