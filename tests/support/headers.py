# SPDX-License-Identifier: MIT
"""Reads the public headers: functions with their parameters and comments, and structs."""
import re
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Parameter:
    type: str  # "const tvae_tensor *", one blank between words, none after a star
    name: str
    may_be_null: bool = False


@dataclass
class Function:
    result: str
    name: str
    comment: str  # without its stars
    parameters: list = field(default_factory=list)


def squeeze(text):
    return re.sub(r"\* (?=[*])", "*", re.sub(r"\s*\*\s*", " *", re.sub(r"\s+", " ", text))).strip()


def split_declarator(text):
    """'const size_t *shape' -> ('const size_t *', 'shape')."""
    match = re.fullmatch(r"(.*?)(\w+)", squeeze(text))
    return match.group(1).strip(), match.group(2)


def sentences_about(comment, parameter):
    """The text of a parameter's @param entry, "" without one."""
    entries = re.split(r"(?=@param|@retval|\n\s*\n)", comment)
    for entry in entries:
        match = re.match(r"@param(?:\[[\w,]+\])?\s+([\w,]+)\s+(.*)", entry, re.S)
        if match and parameter in match.group(1).split(","):
            return match.group(2)
    return ""


def parse_function(comment, declaration):
    match = re.fullmatch(r"TVAE_API (.*?)(tvae_\w+)\((.*)\);", squeeze(declaration))
    function = Function(match.group(1).strip(), match.group(2), comment)
    if match.group(3) != "void":
        for text in match.group(3).split(","):
            kind, name = split_declarator(text)
            about = sentences_about(comment, name)
            function.parameters.append(Parameter(kind, name, "NULL" in about))
    return function


def strip_comment(comment):
    return re.sub(r"(?m)^\s*\*+ ?", "", comment.strip("/* \n"))


def functions(text):
    """All TVAE_API functions of a header, in order."""
    pattern = r"/\*\*(?P<comment>(?:(?!\*/).)*)\*/\s*(?P<code>TVAE_API[^;]*;)"
    found = [parse_function(strip_comment(m["comment"]), m["code"])
             for m in re.finditer(pattern, text, re.S)]
    declared = len(re.findall(r"(?m)^TVAE_API ", text))
    if len(found) != declared:
        raise SystemExit(f"{declared} functions are declared, {len(found)} understood: "
                         "has each a comment?")
    return found


def functions_by_header(include_folder):
    """[(file name, function)] of all headers of a folder."""
    return [(path.name, function) for path in sorted(Path(include_folder).glob("*.h"))
            for function in functions(path.read_text(encoding="utf-8"))]


def structs(text):
    """{name: [(type, field, extent or None)]}; a pointer to a function has the type 'function'."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    found = {}
    for body, name in re.findall(r"typedef struct \w+ \{(.*?)\} (\w+);", text, re.S):
        found[name] = fields = []
        for line in body.split(";"):
            line = squeeze(line)
            pointer = re.match(r".*?\( \*(\w+)\)\(", line)
            array = re.fullmatch(r"(.*?)(\w+)\[(\w+)\]", line)
            if pointer:
                fields.append(("function", pointer.group(1), None))
            elif array:
                fields.append((array.group(1).strip(), array.group(2), array.group(3)))
            elif line:
                fields.append((*split_declarator(line), None))
    return found
