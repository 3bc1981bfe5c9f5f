# SPDX-License-Identifier: MIT
"""Find and load the C library, and give its functions their types.

The first of these that exists is loaded: the file that the environment variable
``TVAE_LIBRARY`` names, the library in this package's folder (a wheel carries one), the
system's. Calls release the interpreter's lock, as ctypes does for every ``CDLL``.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import sys
from pathlib import Path

from ._prototypes import PROTOTYPES

ENVIRONMENT_VARIABLE = "TVAE_LIBRARY"
ABI_VERSION = "0"


def _candidates() -> list[str]:
    chosen = os.environ.get(ENVIRONMENT_VARIABLE)
    if chosen:
        return [chosen]
    folder = Path(__file__).resolve().parent
    bundled = [str(path) for path in sorted(folder.glob("libtvae.*")) if path.is_file()]
    if sys.platform == "darwin":
        system = [f"libtvae.{ABI_VERSION}.dylib"]
    else:
        system = [f"libtvae.so.{ABI_VERSION}"]
    found = ctypes.util.find_library("tvae")
    return bundled + system + ([found] if found else [])


def _bind(library: ctypes.CDLL, path: str) -> None:
    for name, argument_types, result_type in PROTOTYPES:
        try:
            function = getattr(library, name)
        except AttributeError:
            raise ImportError(
                f"{path} has no function {name}: it is of another version than this package"
            ) from None
        function.argtypes = argument_types
        function.restype = result_type


def load() -> tuple[ctypes.CDLL, str]:
    """The library, its functions typed, and where it was found."""
    failures: list[str] = []
    for path in _candidates():
        try:
            library = ctypes.CDLL(path)
        except OSError as error:
            failures.append(str(error))
            continue
        _bind(library, path)
        return library, path
    raise ImportError(
        "the C library libtvae cannot be loaded: "
        + "; ".join(failures)
        + f". Install it, or name its file in the environment variable {ENVIRONMENT_VARIABLE}."
    )


library, library_path = load()
