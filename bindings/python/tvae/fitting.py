# SPDX-License-Identifier: MIT
"""Training a model on arrays or a dataset, with callbacks and a progress bar."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ._interrupt import DeferredInterrupt
from ._progress import ProgressBar
from ._ranks import Ranks
from .data import Dataset
from .model import Model, Terms
from .trainer import Trainer


class Step(NamedTuple):
    """What callbacks are told after each step."""

    #: Steps done by this call, of so many.
    done: int
    total: int
    terms: Terms
    trainer: Trainer


#: Called after each step; a true result stops the training.
Callback = Callable[[Step], bool | None]


@dataclass
class History:
    """The loss terms of each step."""

    terms: list[Terms] = field(default_factory=list)

    @property
    def loss(self) -> list[float]:
        """The loss of each step."""
        return [terms.loss for terms in self.terms]


def fit(
    model: Model,
    data: Any,
    *,
    steps: int | None = None,
    epochs: int | None = None,
    batch_size: int = 8,
    seed: int = 0,
    callbacks: Callback | Iterable[Callback] = (),
    progress: bool = True,
    ranks: Ranks | None = None,
    **options: Any,
) -> History:
    """Train for so many steps, or epochs (1 unless told otherwise).

    ``data`` is a :class:`Dataset` or an array [sequences, frames, channels, height, width].
    ``options`` are those of :class:`Trainer`: ``optimizer="adam"``, ``learning_rate=1e-3``, ...
    A callback gets a :class:`Step` after each and stops the training with a true result.
    Ctrl-C stops between two steps: the model keeps what it has learnt, and KeyboardInterrupt
    is raised then.

    With ``ranks`` several processes train together (:mod:`tvae.distributed`): all have the
    whole data, and take ``batch_size`` sequences of each step. What stops one stops all; the
    first shows the progress.
    """
    if steps is not None and epochs is not None:
        raise TypeError("give steps or epochs, not both")
    functions = [callbacks] if callable(callbacks) else list(callbacks)
    history = History()
    with ExitStack() as stack:
        dataset = data
        if not isinstance(data, Dataset):
            dataset = stack.enter_context(Dataset.arrays(data))
        n_shards, shard = (ranks.n_ranks, ranks.rank) if ranks else (1, 0)
        most = max(1, len(dataset) // n_shards)
        loader = stack.enter_context(
            dataset.loader(min(batch_size, most), seed=seed, n_shards=n_shards, shard=shard)
        )
        trainer = stack.enter_context(Trainer(model, seed=seed, **options))
        if ranks:
            trainer.set_exchange(ranks)
        total = steps if steps is not None else len(loader) * (1 if epochs is None else epochs)
        bar = stack.enter_context(closing(ProgressBar(progress and shard == 0, total, "train")))
        interrupt = stack.enter_context(DeferredInterrupt())
        for done in range(1, total + 1):
            terms = trainer.step(loader.next().x)
            history.terms.append(terms)
            bar.move_to(done, loss=terms.loss)
            step = Step(done, total, terms, trainer)
            stops = any([function(step) for function in functions]) or interrupt.pending
            if ranks.any(stops) if ranks else stops:
                break
    return history
