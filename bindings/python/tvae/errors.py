# SPDX-License-Identifier: MIT
"""Exceptions: one class for each status of the C library, each with the library's sentence.

Every class is a :class:`Error` and also the built-in exception that Python programs expect
there, so that ``except ValueError`` or ``except FileNotFoundError`` work as usual.
"""

from __future__ import annotations

from ._library import library


class Error(Exception):
    """A call of the C library failed; the text says what was wrong and what was wanted."""

    #: The C status, a negative number.
    status: int = 0

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class InvalidError(Error, ValueError):
    """An argument is missing, out of range or contradictory."""

    status = -1


class NoMemoryError(Error, MemoryError):
    """An allocation failed; nothing was leaked."""

    status = -2


class ShapeError(Error, ValueError):
    """An array's shape does not fit."""

    status = -3


class FileError(Error, OSError):
    """The operating system refused a read or a write."""

    status = -4


class FormatError(Error, ValueError):
    """A file's content is not what its format demands."""

    status = -5


class NumericError(Error, ArithmeticError):
    """A value is NaN or infinite where it must not be."""

    status = -6


class UnsupportedError(Error, NotImplementedError):
    """Valid, but not something this build of the library can do."""

    status = -7


class CancelledError(Error):
    """A callback asked to stop; the work so far is saved."""

    status = -8


class BusyError(Error, OSError):
    """Another process holds the run folder."""

    status = -9


class StateError(Error, RuntimeError):
    """Calls out of order."""

    status = -10


class TimeLimitError(Error, TimeoutError):
    """A time limit passed."""

    status = -11


class NotFoundError(Error, KeyError, FileNotFoundError):
    """No such name, file or key."""

    status = -12


BY_STATUS: dict[int, type[Error]] = {kind.status: kind for kind in Error.__subclasses__()}


def error_of(status: int) -> Error:
    """The exception for a status other than 0, with this thread's latest sentence."""
    return error_with(status, library.tvae_last_error())


def error_with(status: int, text: bytes | None) -> Error:
    """The exception for a status other than 0, with this sentence."""
    sentence = (text or b"").decode("utf-8", "replace")
    name = library.tvae_status_name(status).decode()
    kind = BY_STATUS.get(status, Error)
    error = kind(sentence or name)
    error.status = status
    return error
