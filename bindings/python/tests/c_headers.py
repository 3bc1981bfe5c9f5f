# SPDX-License-Identifier: MIT
"""Reads what the C headers declare: functions, enumerations, structs."""

from __future__ import annotations

import re
from pathlib import Path


def _text(include: Path) -> str:
    headers = sorted((include / "tvae").glob("*.h"))
    own = [path for path in headers if path.name != "mpi.h"]  # that is libtvae-mpi's
    text = "\n".join(path.read_text() for path in own)
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
    return re.sub(r"^\s*#.*$", " ", text, flags=re.M)


def _c_type(declaration: str) -> str:
    """The type of "const tvae_tensor *x" as "tvae_tensor*": without const and name."""
    words = declaration.replace("*", " * ").split()
    if re.fullmatch(r"\w+", words[-1]) and len([w for w in words if w not in ("const", "*")]) > 1:
        words.pop()
    return "".join(word for word in words if word != "const")


def functions(include: Path) -> dict[str, tuple[list[str], str]]:
    """Name to argument types and result type."""
    found = {}
    pattern = r"TVAE_API\s+([\w\s*]+?)\b(tvae_\w+)\s*\(([^;]*?)\)\s*;"
    for result, name, arguments in re.findall(pattern, _text(include)):
        listed = [] if arguments.strip() == "void" else arguments.split(",")
        found[name] = ([_c_type(argument) for argument in listed], _c_type(result))
    return found


def constants(include: Path) -> dict[str, int]:
    """Enumeration constants with their values."""
    found = {}
    for body in re.findall(r"enum\s*\{(.*?)\}", _text(include), flags=re.S):
        for name, value in re.findall(r"(TVAE_\w+)\s*=\s*(-?\d+)", body):
            found[name] = int(value)
    return found


def structs(include: Path) -> dict[str, list[str]]:
    """Structs with a body: the names of their members, in order."""
    found = {}
    pattern = r"typedef\s+struct\s+(tvae_\w+)\s*\{(.*?)\}\s*\w+\s*;"
    for name, body in re.findall(pattern, _text(include), flags=re.S):
        members = []
        for declaration in filter(None, (part.strip() for part in body.split(";"))):
            function = re.search(r"\(\*(\w+)\)", declaration)
            plain = re.search(r"(\w+)(?:\[\w+\])?$", declaration)
            members.append((function or plain)[1])
        found[name] = members
    return found
