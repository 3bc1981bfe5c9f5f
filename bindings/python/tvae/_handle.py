# SPDX-License-Identifier: MIT
"""Handles of the C library as Python objects, and the one way to call its functions."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from ctypes import POINTER, byref, cast
from types import TracebackType
from typing import Any, ClassVar, TypeVar

from . import _callback
from ._interrupt import DeferredInterrupt
from ._library import library
from .errors import error_of

H = TypeVar("H", bound="Handle")


def _destroy(function: str, pointer: Any) -> None:
    getattr(library, function)(byref(pointer))


class Handle:
    """Owns one reference to an object of the C library.

    The reference is dropped once: by :meth:`close`, at the end of a ``with`` block, or when
    the Python object goes. What the object needs to stay valid (arrays whose memory it
    borrows, handles made with it) lives as long as the Python object does.
    """

    _pointer_type: ClassVar[Any]
    _destroy_function: ClassVar[str]
    _pointer: Any
    _keeps: tuple[object, ...]
    _finalizer: weakref.finalize[..., Any]

    @classmethod
    def _create(
        cls: type[H], function: str, *arguments: Any, keeps: tuple[object, ...] = ()
    ) -> H:
        """Call a function whose last argument is the new handle."""
        pointer = cls._pointer_type()
        call(function, *arguments, byref(pointer))
        return cls._adopt(pointer, keeps)

    @classmethod
    def _adopt(cls: type[H], pointer: Any, keeps: tuple[object, ...] = ()) -> H:
        handle = cls.__new__(cls)
        handle._own(pointer, keeps)
        return handle

    def _own(self, pointer: Any, keeps: tuple[object, ...] = ()) -> None:
        self._pointer = pointer
        self._keeps = keeps
        self._finalizer = weakref.finalize(self, _destroy, self._destroy_function, pointer)

    def _init(self, function: str, *arguments: Any, keeps: tuple[object, ...] = ()) -> None:
        """As :meth:`_create`, into this object: for use in ``__init__``."""
        pointer = self._pointer_type()
        call(function, *arguments, byref(pointer))
        self._own(pointer, keeps)

    @property
    def closed(self) -> bool:
        """Whether the reference is dropped."""
        return not self._finalizer.alive

    def close(self) -> None:
        """Drop the reference now; further calls do nothing."""
        self._finalizer()

    def __enter__(self: H) -> H:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __copy__(self: H) -> H:
        raise TypeError(f"a {type(self).__name__} holds a C handle and cannot be copied")

    def __deepcopy__(self: H, memo: dict[int, Any]) -> H:
        return self.__copy__()

    def __reduce__(self) -> str:
        raise TypeError(f"a {type(self).__name__} holds a C handle and cannot be pickled")


def resolve(argument: Any) -> Any:
    """What C takes for an argument: of a handle, its pointer."""
    if not isinstance(argument, Handle):
        return argument
    if argument.closed:
        raise ValueError(f"this {type(argument).__name__} is closed")
    return argument._pointer


def ask(function: str, *arguments: Any) -> Any:
    """Call a function that cannot fail and return its result."""
    return getattr(library, function)(*map(resolve, arguments))


def call(function: str, *arguments: Any) -> None:
    """Call a function that returns a status; raise the exception of any but 0."""
    if _callback.n_tables:
        with DeferredInterrupt():
            status = ask(function, *arguments)
    else:
        status = ask(function, *arguments)
    error = _callback.take()
    if error is not None:
        raise error
    if status:
        raise error_of(status)


def array_of(pointer_type: Any, handles: Sequence[Handle]) -> Any:
    """The pointers of handles as a C array; NULL if there are none."""
    if not handles:
        return None
    return cast((pointer_type * len(handles))(*map(resolve, handles)), POINTER(pointer_type))
