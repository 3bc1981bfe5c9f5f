# SPDX-License-Identifier: MIT
"""Training on several processes or machines at once, its *ranks*.

With mpi4py and libtvae-mpi installed, in a program that ``mpirun`` starts::

    with tvae.distributed.MPIExchange(MPI.COMM_WORLD) as ranks:
        history = model.fit(dataset, ranks=ranks)

Without MPI, derive from :class:`Exchange`.
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import byref, c_int, c_uint8
from types import TracebackType
from typing import Any

import numpy as np

from . import _callback, _mpi
from . import _structures as structures
from ._ranks import Ranks, empty_table
from .enums import ExchangeType
from .errors import CancelledError, TimeLimitError, error_with

__all__ = ["Exchange", "MPIExchange", "Ranks", "ranks_of"]

#: NumPy's names of what the values of an exchange are.
_TYPES = {
    ExchangeType.FLOAT32: np.float32,
    ExchangeType.BFLOAT16: np.uint16,
    ExchangeType.BYTE: np.uint8,
}


class MPIExchange(Ranks):
    """The ranks of an MPI communicator, a communicator of mpi4py.

    Creating and closing it are collectives. It outlives every trainer and run that has it,
    and is closed, by ``with`` or :meth:`close`, before MPI ends. Start the program as
    ``mpirun -n 2 python -m mpi4py program.py``, so that an exception of one rank ends all.
    """

    def __init__(self, communicator: Any) -> None:
        library = _mpi.load()
        self._pointer = _mpi.MPIExchange()
        status = library.tvae_mpi_exchange_create(communicator.py2f(), byref(self._pointer))
        if status:
            raise error_with(status, library.tvae_mpi_last_error())
        self._table = library.tvae_mpi_exchange_table(self._pointer).contents

    def _open_table(self) -> Any:
        if not self._pointer:
            raise ValueError("this MPIExchange is closed")
        return self._table

    def close(self) -> None:
        """Give up what MPI has of it; further calls do nothing."""
        _mpi.load().tvae_mpi_exchange_destroy(byref(self._pointer))

    def abort(self, exit_status: int = 1) -> None:
        """End the processes of all ranks; does not return."""
        self._open_table()
        _mpi.load().tvae_mpi_abort(self._pointer, c_int(exit_status))

    def __enter__(self) -> MPIExchange:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # After an exception the other ranks may be anywhere: no collective.
        if kind is None:
            self.close()


@contextmanager
def ranks_of(communicator: Any) -> Iterator[Ranks | None]:
    """The ranks of a communicator of mpi4py for the time of a ``with``.

    :class:`Ranks` are given back as they are, and None is for one process.
    """
    if communicator is None or isinstance(communicator, Ranks):
        yield communicator
        return
    with MPIExchange(communicator) as ranks:
        yield ranks


# ---- exchanges written in Python ----

#: The exchanges that C code may call, by the number C knows them by.
_alive: weakref.WeakValueDictionary[int, Exchange] = weakref.WeakValueDictionary()
_numbers = itertools.count(1)


def _forget() -> None:
    _callback.n_tables -= 1


class Exchange(Ranks):
    """Base of exchanges of your own: define the methods below in a subclass.

    All ranks call them in the same order, and each returns when the values are there. They
    get NumPy arrays of the library's own memory, valid during the call: float32, uint16 for
    bfloat16 (the upper half of a float32), uint8 for bytes. An exception ends the call of the
    library, which raises it; TimeoutError says that ``seconds`` have passed. After one the
    exchange is of no use any more.
    """

    def __init__(self, rank: int, n_ranks: int) -> None:
        number = next(_numbers)
        self._table = empty_table(rank, n_ranks)
        self._table.user = number
        for name, function in _TRAMPOLINES.items():
            setattr(self._table, name, function)
        self._requests: dict[int, Any] = {}
        self._request_numbers = itertools.count(1)
        _alive[number] = self
        _callback.n_tables += 1
        weakref.finalize(self, _forget)

    def sum(self, values: Any, seconds: float) -> None:
        """Replace the values by their sums over all ranks, the same bits on all."""
        raise NotImplementedError

    def sum_start(self, values: Any) -> Any:
        """Begin such a sum; what is returned goes to :meth:`sum_wait`.

        Several may be under way, in the same order on all ranks. Without this and
        :meth:`sum_wait`, :meth:`sum` does it all when the library waits.
        """
        return values

    def sum_wait(self, request: Any, seconds: float) -> None:
        """Wait until the sums of a request are there."""
        self.sum(request, seconds)

    def gather(self, own: Any, counts: list[int], all: Any, seconds: float) -> None:
        """Fill ``all`` with the values of rank 0, 1, ..., as many as ``counts`` says."""
        raise NotImplementedError

    def broadcast(self, values: Any, root: int, seconds: float) -> None:
        """Make the values those of rank ``root``."""
        raise NotImplementedError

    def barrier(self, seconds: float) -> None:
        """Return when all ranks have called."""
        raise NotImplementedError


def _array(address: int | None, n_values: int, kind: int) -> Any:
    """The memory at an address as an array; the address of no values may be NULL."""
    scalar = np.dtype(_TYPES[ExchangeType(kind)])
    n_bytes = n_values * scalar.itemsize
    if not address or not n_bytes:
        return np.empty(0, scalar)
    return np.frombuffer(memoryview((c_uint8 * n_bytes).from_address(address)), scalar)


def _failure(error: BaseException) -> int:
    _callback.keep(error)
    return TimeLimitError.status if isinstance(error, TimeoutError) else CancelledError.status


def _on_sum_start(number: int, values: int, n_values: int, kind: int, request: Any) -> int:
    try:
        exchange = _alive[number]
        name = next(exchange._request_numbers)
        exchange._requests[name] = exchange.sum_start(_array(values, n_values, kind))
        request[0] = name
    except BaseException as error:
        return _failure(error)
    return 0


def _on_sum_wait(number: int, request: int, seconds: float) -> int:
    try:
        exchange = _alive[number]
        exchange.sum_wait(exchange._requests.pop(request), seconds)
    except BaseException as error:
        return _failure(error)
    return 0


def _on_gather(
    number: int, own: int | None, counts: Any, all: int | None, kind: int, seconds: float
) -> int:
    try:
        exchange = _alive[number]
        listed = counts[: exchange.n_ranks]
        exchange.gather(
            _array(own, listed[exchange.rank], kind),
            listed,
            _array(all, sum(listed), kind),
            seconds,
        )
    except BaseException as error:
        return _failure(error)
    return 0


def _on_broadcast(
    number: int, values: int | None, n_values: int, kind: int, root: int, seconds: float
) -> int:
    try:
        _alive[number].broadcast(_array(values, n_values, kind), root, seconds)
    except BaseException as error:
        return _failure(error)
    return 0


def _on_barrier(number: int, seconds: float) -> int:
    try:
        _alive[number].barrier(seconds)
    except BaseException as error:
        return _failure(error)
    return 0


def _on_last_error(number: int) -> None:
    """The exception says it."""


#: One set for all exchanges and for as long as the process: no callback goes while C runs it.
_TRAMPOLINES: dict[str, Any] = {
    "sum_start": structures.SumStartFunction(_on_sum_start),
    "sum_wait": structures.SumWaitFunction(_on_sum_wait),
    "gather": structures.GatherFunction(_on_gather),
    "broadcast": structures.BroadcastFunction(_on_broadcast),
    "barrier": structures.BarrierFunction(_on_barrier),
    "last_error": structures.LastErrorFunction(_on_last_error),
}
