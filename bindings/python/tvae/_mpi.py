# SPDX-License-Identifier: MIT
"""Find and load libtvae-mpi, a library beside libtvae, when it is first asked for.

The first of these that exists is loaded: the file that the environment variable
``TVAE_MPI_LIBRARY`` names, the library beside libtvae, the system's.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import functools
import os
from ctypes import POINTER, c_char_p, c_int
from pathlib import Path
from typing import Any

from . import _structures as structures
from ._library import ABI_VERSION, library_path
from ._prototypes import Prototype

ENVIRONMENT_VARIABLE = "TVAE_MPI_LIBRARY"

MPIExchange: Any = POINTER(type("tvae_mpi_exchange", (ctypes.Structure,), {}))

PROTOTYPES: tuple[Prototype, ...] = (
    ("tvae_mpi_exchange_create", (c_int, POINTER(MPIExchange)), structures.Status),
    ("tvae_mpi_exchange_table", (MPIExchange,), POINTER(structures.Exchange)),
    ("tvae_mpi_exchange_destroy", (POINTER(MPIExchange),), None),
    ("tvae_mpi_abort", (MPIExchange, c_int), None),
    ("tvae_mpi_last_error", (), c_char_p),
)


def _candidates() -> list[str]:
    chosen = os.environ.get(ENVIRONMENT_VARIABLE)
    if chosen:
        return [chosen]
    name = f"libtvae-mpi.so.{ABI_VERSION}"
    found = ctypes.util.find_library("tvae-mpi")
    return [str(Path(library_path).parent / name), name] + ([found] if found else [])


@functools.cache
def load() -> Any:
    """The library, its functions typed."""
    failures: list[str] = []
    for path in _candidates():
        try:
            library = ctypes.CDLL(path)
        except OSError as error:
            failures.append(str(error))
            continue
        for name, argument_types, result_type in PROTOTYPES:
            function = getattr(library, name)
            function.argtypes = argument_types
            function.restype = result_type
        return library
    raise ImportError(
        "libtvae-mpi, by which ranks reach each other through MPI, cannot be loaded: "
        + "; ".join(failures)
        + ". Build libtvae with -Dmpi=enabled and install it, or name the file in the "
        + f"environment variable {ENVIRONMENT_VARIABLE}."
    )
