# SPDX-License-Identifier: MIT
"""The way to the other ranks, whoever made its table of C functions."""

from __future__ import annotations

from ctypes import POINTER, c_char, c_size_t, c_uint64, c_void_p, cast, sizeof
from typing import Any

from . import _callback
from . import _structures as structures
from .enums import ExchangeType
from .errors import error_with

#: How long the package itself waits for other ranks.
SECONDS = 120.0


class Ranks:
    """Processes, or threads, that train together; this one has a number among them.

    :class:`tvae.distributed.MPIExchange` and :class:`tvae.distributed.Exchange` are what to
    create or derive from. The methods here are collectives: all ranks call them.
    """

    _table: Any

    def _open_table(self) -> Any:
        """The C table; raises where it may not be used any more."""
        return self._table

    @property
    def rank(self) -> int:
        """This rank's number, 0 to ``n_ranks`` - 1."""
        return int(self._open_table().rank)

    @property
    def n_ranks(self) -> int:
        """How many ranks there are."""
        return int(self._open_table().n_ranks)

    def _check(self, status: int) -> None:
        error = _callback.take()
        if error is not None:
            raise error
        if status:
            raise error_with(status, self._table.last_error(self._table.user))

    def _gather(self, own: bytes) -> bytes:
        """The bytes of all ranks, as many of each."""
        table = self._open_table()
        counts = (c_size_t * table.n_ranks)(*[len(own)] * table.n_ranks)
        room = (c_char * (len(own) * table.n_ranks))()
        self._check(
            table.gather(
                table.user,
                own,
                cast(counts, POINTER(c_size_t)),
                cast(room, c_void_p),
                ExchangeType.BYTE,
                SECONDS,
            )
        )
        return bytes(room)

    def any(self, flag: object) -> bool:
        """Whether the flag is true on any rank."""
        return self.n_ranks > 1 and any(self._gather(bytes([bool(flag)]))) or bool(flag)

    def share(self, text: bytes) -> bytes:
        """The bytes of rank 0, on all ranks."""
        table = self._open_table()
        sizes = self._gather(bytes(c_uint64(len(text))))
        n_bytes = c_uint64.from_buffer_copy(sizes).value
        room = (c_char * n_bytes).from_buffer_copy(text if table.rank == 0 else bytes(n_bytes))
        self._check(
            table.broadcast(
                table.user, cast(room, c_void_p), len(room), ExchangeType.BYTE, 0, SECONDS
            )
        )
        return bytes(room)

    def __deepcopy__(self, memo: dict[int, Any]) -> Ranks:
        """Itself: scikit-learn copies what its estimators were given."""
        return self


def empty_table(rank: int, n_ranks: int) -> Any:
    """A table without functions."""
    return structures.Exchange(size=sizeof(structures.Exchange), rank=rank, n_ranks=n_ranks)
