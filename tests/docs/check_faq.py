#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""docs/faq.md has a cure for every message of the library and of the program.

    check_faq.py SOURCE_FOLDER

A message is the format string of tvi_fail() and the like in lib/, or of an
`fprintf(stderr, "tvae ...")` in examples/cli/. A message is covered if a pattern of the FAQ
is part of it. Patterns are what stands in backticks in the first column of the FAQ's tables;
`...` in them stands for anything. No pattern may be so short that it says nothing, none may
fit no message, and none may sit under a status that no message it fits is given with.
Formats without words of their own ("%s: %s") hand on another message.
"""
import re
import sys
from pathlib import Path
from typing import NamedTuple

LEAST_LETTERS = 6
STRINGS = r'((?:"(?:[^"\\]|\\.)*"\s*(?:(?:PRI|TVI_)\w+\s*)?)+)'
LIBRARY = re.compile(r"\btvi_(?:reader_|mpi_)?fail\(([^\";{}]*?),\s*" + STRINGS)
PROGRAM = re.compile(r"\bfprintf\(\s*stderr,\s*" + STRINGS)


class Message(NamedTuple):
    """A format string, with the statuses named before it (none: the program's, or any)."""
    file: str
    statuses: set
    text: str


def join(strings):
    parts = re.findall(r'"((?:[^"\\]|\\.)*)"', strings)
    return "".join(parts).replace('\\"', '"').replace("\\n", "").replace("\\\\", "\\")


def n_letters(text):
    """Letters of the text without the call at its begin and what printf() fills in."""
    own = re.sub(r"^(?:model_load|run): |%[-.*0-9]*(?:ll|[lzh])?[a-zA-Z]", "", text)
    return len(re.findall(r"[A-Za-z]", own))


def read_messages(source):
    messages = []
    for path in sorted((source / "lib").glob("*/*.c")):
        for before, strings in LIBRARY.findall(path.read_text(encoding="utf-8")):
            messages.append(Message(path.name, set(re.findall(r"TVAE_E_\w+", before)),
                                    join(strings)))
    for path in sorted((source / "examples" / "cli").glob("**/*.c")):
        for strings in PROGRAM.findall(path.read_text(encoding="utf-8")):
            text = join(strings)
            if text.startswith("tvae"):
                messages.append(Message(path.name, set(), text))
    return messages


def read_patterns(faq):
    """(status of the heading or '', pattern) of every first cell of a table."""
    status, patterns = "", []
    for line in faq.splitlines():
        if line.startswith("## "):
            found = re.search(r"TVAE_E_\w+", line)
            status = found[0] if found else ""
        elif line.startswith("| `"):
            cell = line.split(" | ")[0]
            patterns += [(status, pattern) for pattern in re.findall(r"`([^`]+)`", cell)]
    return patterns


def fits(status, pattern, message):
    """The pattern is part of the message, and the heading's status may be the message's."""
    parts = [re.escape(part) for part in pattern.split("...")]
    return ((not status or not message.statuses or status in message.statuses) and
            re.search(".*".join(parts), message.text) is not None)


def main():
    source = Path(sys.argv[1])
    messages = read_messages(source)
    own = [message for message in messages if n_letters(message.text) >= LEAST_LETTERS]
    patterns = read_patterns((source / "docs" / "faq.md").read_text(encoding="utf-8"))
    assert len(own) > 400, f"only {len(own)} messages found"
    faults = [f"{message.file}: no cure for: {message.text}" for message in own
              if not any(fits(*entry, message) for entry in patterns)]
    for status, pattern in patterns:
        if n_letters(pattern) < LEAST_LETTERS:
            faults.append(f"docs/faq.md: `{pattern}` says too little")
        if not any(fits(status, pattern, message) for message in own):
            faults.append(f"docs/faq.md: {status}: `{pattern}` fits no message")
    print("\n".join(faults) or f"{len(own)} messages, each with a cure; "
          f"{len(messages) - len(own)} hand others on; {len(patterns)} patterns")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
