# SPDX-License-Identifier: MIT
"""An exchange written in Python whose ranks are threads of one process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np

import tvae

T = TypeVar("T")


class Meeting:
    """Where the threads meet, and show each other their arrays."""

    def __init__(self, n_ranks: int) -> None:
        self.barrier = threading.Barrier(n_ranks)
        self.shown: list[Any] = [None] * n_ranks


class ThreadExchange(tvae.distributed.Exchange):
    """Every collective is: show, meet, read what the others show, meet."""

    def __init__(self, meeting: Meeting, rank: int) -> None:
        super().__init__(rank, len(meeting.shown))
        self.meeting = meeting

    def _meet(self, seconds: float) -> None:
        try:
            self.meeting.barrier.wait(seconds)
        except threading.BrokenBarrierError:
            raise TimeoutError("a thread is missing") from None

    def _share(self, own: Any, seconds: float) -> list[Any]:
        """Copies of what all show."""
        self.meeting.shown[self.rank] = own
        self._meet(seconds)
        copies = [np.array(shown) for shown in self.meeting.shown]
        self._meet(seconds)
        return copies

    def sum(self, values: Any, seconds: float) -> None:
        assert values.dtype == np.float32
        values[:] = np.sum(self._share(values, seconds), axis=0)

    def gather(self, own: Any, counts: list[int], all: Any, seconds: float) -> None:
        assert len(own) == counts[self.rank]
        all[:] = np.concatenate(self._share(own, seconds))

    def broadcast(self, values: Any, root: int, seconds: float) -> None:
        values[:] = self._share(values, seconds)[root]

    def barrier(self, seconds: float) -> None:
        self._meet(seconds)


def on_threads(n_ranks: int, work: Callable[[tvae.distributed.Ranks], T]) -> list[T]:
    """What the work of each rank returns."""
    meeting = Meeting(n_ranks)
    with ThreadPoolExecutor(n_ranks) as pool:
        jobs = [pool.submit(work, ThreadExchange(meeting, rank)) for rank in range(n_ranks)]
        return [job.result(120) for job in jobs]
