# SPDX-License-Identifier: MIT
"""The code blocks of a page of Markdown, with what comments before them say."""
import re
from typing import NamedTuple

COMMENT = re.compile(r"<!-- (not run|quote|setup): (.*?) -->", re.DOTALL)


class Block(NamedTuple):
    """A fenced block; `notes` maps the word of each comment right before it to its text."""
    line: int
    language: str
    text: str
    notes: dict


def read_blocks(text):
    """All fenced blocks of the page, in order."""
    blocks, end = [], 0
    for match in re.finditer(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        before = text[end:match.start()].rstrip()
        notes = {}
        while before.endswith("-->"):
            start = before.rindex("<!-- ")
            comment = COMMENT.fullmatch(before[start:])
            if not comment:
                break
            notes[comment[1]] = comment[2]
            before = before[:start].rstrip()
        blocks.append(Block(text.count("\n", 0, match.start()) + 1, match[1], match[2], notes))
        end = match.end()
    return blocks


def indented_lines(text):
    """Lines that Markdown would take for code without a fence, outside of lists."""
    found, in_fence, in_list, blank = [], False, False, True
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("```"):
            in_fence = not in_fence
        elif not in_fence and line.strip():
            if re.match(r"[-*] |\d+\. ", line):
                in_list = True
            elif not line.startswith(" "):
                in_list = False
            elif line.startswith("    ") and blank and not in_list:
                found.append(number)
        blank = not line.strip()
    return found
