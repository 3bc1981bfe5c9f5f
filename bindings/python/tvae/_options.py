# SPDX-License-Identifier: MIT
"""Options: keyword arguments into the sized structs of the C interface."""

from __future__ import annotations

import enum
from ctypes import Structure, byref, sizeof
from typing import Any, TypeVar

from ._handle import call

S = TypeVar("S", bound=Structure)
E = TypeVar("E", bound=enum.IntEnum)


def _plain(name: str) -> str:
    """A name without case and underscores: "posX" is POS_X."""
    return name.replace("_", "").lower()


def choose(kind: type[E], value: E | str | int) -> E:
    """A member of an enumeration by itself, its number, or its name in any case."""
    if not isinstance(value, str):
        return kind(value)
    for member in kind:
        if _plain(member.name) == _plain(value):
            return member
    names = ", ".join(repr(member.name.lower()) for member in kind)
    raise ValueError(f"{value!r} is none of {names}")


def fill(struct: type[S], initialise: str, **values: Any) -> S:
    """A struct of the library's defaults, but for the values that are not None."""
    options = struct()
    call(initialise, byref(options), sizeof(options))
    for name, value in values.items():
        if value is None:
            continue
        if isinstance(value, (tuple, list)):
            member = getattr(options, name)
            if len(value) != len(member):
                raise ValueError(f"{name} wants {len(member)} numbers, not {len(value)}")
            member[:] = value
        else:
            setattr(options, name, value)
    return options
