# SPDX-License-Identifier: MIT
"""Exceptions of Python functions that C code calls.

They cannot pass through C: the callback keeps its exception here and returns a failure; the
call that comes back with that failure raises the exception.
"""

from __future__ import annotations

import threading


class _Pending(threading.local):
    error: BaseException | None = None


_pending = _Pending()

#: How many layers and exchanges written in Python are alive: with any, every call may call back.
n_tables = 0


def keep(error: BaseException) -> None:
    """Remember the exception of a callback of this thread; the first one counts."""
    if _pending.error is None:
        _pending.error = error


def take() -> BaseException | None:
    """The exception remembered, which is then forgotten."""
    error, _pending.error = _pending.error, None
    return error
