# SPDX-License-Identifier: MIT
"""The functions that the public headers declare, each with its comment."""
import re
from pathlib import Path
from typing import NamedTuple

DECLARATION = re.compile(r"/\*\*((?:(?!\*/).)*)\*/\s*"
                         r"TVAE_API\s+([^;]*?)\b(tvae_\w+)\(([^;]*)\);", re.DOTALL)


class Function(NamedTuple):
    """A declared function; `comment` is without stars and line ends."""
    header: str
    name: str
    returns: str
    signature: str
    parameters: list
    comment: str


def read_functions(include_folder):
    """All functions of the headers, in their order."""
    functions = []
    for path in sorted(Path(include_folder).glob("*.h")):
        text = path.read_text(encoding="utf-8")
        for comment, returns, name, arguments in DECLARATION.findall(text):
            words = re.sub(r"\s*\n\s*\*?", " ", comment)
            names = [re.search(r"(\w+)\W*$", argument)[1]
                     for argument in arguments.split(",")]
            functions.append(Function(path.name, name, " ".join(returns.split()),
                                      " ".join(arguments.split()),
                                      [] if names == ["void"] else names,
                                      re.sub(r" +", " ", words).strip()))
    return functions


def count_declarations(include_folder):
    """How often TVAE_API stands before a declaration, by another way of counting."""
    declared = re.compile(r"^TVAE_API\b", re.MULTILINE)
    return sum(len(declared.findall(path.read_text(encoding="utf-8")))
               for path in Path(include_folder).glob("*.h"))
