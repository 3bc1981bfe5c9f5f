# SPDX-License-Identifier: MIT
"""Ctrl-C while C code calls back into Python.

Python raises KeyboardInterrupt wherever its bytecode happens to run; on the way into a
callback of ctypes that is outside every ``try`` and would be lost. So, while such callbacks
may run, the signal is only noted; whoever holds the note stops, and the handler that was
there before gets the signal afterwards.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType


class DeferredInterrupt:
    """Context manager: SIGINT sets :attr:`pending` and takes effect when the block ends."""

    def __init__(self) -> None:
        self.pending = False
        self._previous: object = None
        self._frame: FrameType | None = None

    def __enter__(self) -> DeferredInterrupt:
        if threading.current_thread() is threading.main_thread():
            handler = signal.getsignal(signal.SIGINT)
            if callable(handler):  # not ignored, not of another language
                self._previous = handler
                signal.signal(signal.SIGINT, self._note)
        return self

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.pending = True
        self._frame = frame

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        previous = self._previous
        if not callable(previous):
            return
        signal.signal(signal.SIGINT, previous)
        if self.pending:
            previous(signal.SIGINT, self._frame)
