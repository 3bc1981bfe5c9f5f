# SPDX-License-Identifier: MIT
"""Texts that the library writes into the caller's room, and paths it is given."""

from __future__ import annotations

import os
from ctypes import byref, c_size_t, create_string_buffer
from typing import Any, Union

from ._handle import call

PathLike = Union[str, "os.PathLike[str]"]


def read_text(function: str, *arguments: Any) -> str:
    """Ask for the size, then for the text."""
    needed = c_size_t()
    call(function, *arguments, None, 0, byref(needed))
    text = create_string_buffer(needed.value)
    call(function, *arguments, text, len(text), None)
    return text.value.decode()


def path_bytes(path: PathLike) -> bytes:
    """A path as C takes it."""
    return os.fsencode(path)
