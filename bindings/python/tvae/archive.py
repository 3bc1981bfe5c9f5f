# SPDX-License-Identifier: MIT
"""Named arrays in files: ``.safetensors``, ``.npz`` and ``.npy``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ctypes import byref

from . import _structures as structures
from ._handle import Handle, ask, call
from ._text import PathLike, path_bytes
from .tensor import ArrayLike, FloatArray, Tensor, require_tensor


class Archive(Handle, Mapping[str, FloatArray]):
    """An ordered set of named arrays with texts beside; used like a dict.

    ``Archive()`` is empty, :meth:`load` reads a file. Arrays come out as float32 and share
    the archive's memory.
    """

    _pointer_type = structures.Archive
    _destroy_function = "tvae_archive_destroy"

    def __init__(self, arrays: Mapping[str, ArrayLike] | None = None) -> None:
        self._init("tvae_archive_create")
        for name, array in (arrays or {}).items():
            self[name] = array

    @classmethod
    def load(cls, path: PathLike) -> Archive:
        """Read a file whole; its name's ending tells the format."""
        return cls._create("tvae_archive_load", path_bytes(path))

    def save(self, path: PathLike) -> None:
        """Write a file whole or not at all."""
        call("tvae_archive_save", self, path_bytes(path))

    def __getitem__(self, name: str) -> FloatArray:
        pointer = Tensor._pointer_type()
        call("tvae_archive_get", self, name.encode(), byref(pointer))
        return Tensor._adopt(pointer, self._keeps).numpy()

    def __setitem__(self, name: str, array: ArrayLike) -> None:
        tensor = require_tensor(array)
        call("tvae_archive_put", self, name.encode(), tensor)
        self._keeps += tensor._keeps

    def __contains__(self, name: object) -> bool:
        return name in list(self)

    def __len__(self) -> int:
        return int(ask("tvae_archive_count", self))

    def __iter__(self) -> Iterator[str]:
        for index in range(len(self)):
            yield ask("tvae_archive_name", self, index).decode()

    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def metadata(self, key: str) -> str | None:
        """The text stored under a key, or None."""
        text = ask("tvae_archive_metadata", self, key.encode())
        return None if text is None else str(text.decode())

    def set_metadata(self, key: str, text: str) -> None:
        """Store a text under a key; only ``.safetensors`` files keep it."""
        call("tvae_archive_set_metadata", self, key.encode(), text.encode())
