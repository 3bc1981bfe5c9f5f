# SPDX-License-Identifier: MIT
"""Datasets of transformed image sequences, and loaders that prepare batches ahead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from ctypes import byref, c_size_t
from typing import Any, NamedTuple

import numpy as np

from . import _structures as structures
from ._handle import Handle, ask, call
from ._options import choose, fill
from ._text import PathLike, path_bytes
from .enums import Factor, Split, Transform
from .tensor import ArrayLike, FloatArray, Output, as_tensor, require_tensor


class Batch(NamedTuple):
    """Frames [sequences, frames, channels, height, width], factors [sequences, frames, n]."""

    x: FloatArray
    factors: FloatArray


class Dataset(Handle):
    """Sequences by item: ``len(dataset)`` of them, ``dataset[item]`` is frames and factors.

    Made by :meth:`sprites` (drawn, no file needed), :meth:`dsprites`, :meth:`mnist`,
    :meth:`file` or :meth:`arrays`. What an item looks like depends on item, seed and draw.
    """

    _pointer_type = structures.Dataset
    _destroy_function = "tvae_dataset_destroy"

    def __init__(self) -> None:
        raise TypeError("use Dataset.sprites, .dsprites, .mnist, .file or .arrays")

    @classmethod
    def sprites(cls, **options: Any) -> Dataset:
        """Procedural sprites; :func:`sprites_options` says what may be given."""
        return cls._create("tvae_dataset_create_sprites", byref(sprites_options(**options)))

    @classmethod
    def dsprites(cls, path: PathLike, **options: Any) -> Dataset:
        """The real dSprites file; options as :func:`sprites_options`."""
        return cls._create(
            "tvae_dataset_create_dsprites", path_bytes(path), byref(sprites_options(**options))
        )

    @classmethod
    def mnist(
        cls,
        folder: PathLike,
        *,
        split: Split | str = Split.TRAIN,
        transform: Transform | str = Transform.RANDOM,
        split_seed: int | None = None,
        validation_fraction: float | None = None,
    ) -> Dataset:
        """MNIST, or images and labels in its format, as transformed sequences."""
        options = fill(
            structures.MnistOptions,
            "tvae_mnist_options_init",
            split=choose(Split, split),
            transform=choose(Transform, transform),
            split_seed=split_seed,
            validation_fraction=validation_fraction,
        )
        return cls._create("tvae_dataset_create_mnist", path_bytes(folder), byref(options))

    @classmethod
    def file(
        cls,
        path: PathLike,
        *,
        split: Split | str = Split.TRAIN,
        split_seed: int | None = None,
        test_fraction: float | None = None,
        random_split: bool | None = None,
    ) -> Dataset:
        """Sequences of your own from ``.npz``, ``.npy`` or ``.safetensors``."""
        options = fill(
            structures.NpzOptions,
            "tvae_npz_options_init",
            split=choose(Split, split),
            split_seed=split_seed,
            test_fraction=test_fraction,
            random_split=random_split,
        )
        return cls._create("tvae_dataset_create_npz", path_bytes(path), byref(options))

    @classmethod
    def arrays(cls, x: ArrayLike, factors: ArrayLike | None = None) -> Dataset:
        """Sequences in memory, borrowed where they are float32 in C order."""
        frames, values = require_tensor(x), as_tensor(factors)
        keeps = frames._keeps + (values._keeps if values else ())
        return cls._create("tvae_dataset_create_memory", frames, values, keeps=keeps)

    def __len__(self) -> int:
        return int(ask("tvae_dataset_count", self))

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Frames, channels, height, width of a sequence."""
        shape = (c_size_t * 4)()
        call("tvae_dataset_shape", self, shape)
        return shape[0], shape[1], shape[2], shape[3]

    @property
    def factor_names(self) -> list[str]:
        """Names of the factors, such as "posX"."""
        n_factors = self._n_factors
        return [ask("tvae_dataset_factor_name", self, i).decode() for i in range(n_factors)]

    @property
    def factor_values(self) -> list[int]:
        """How many values each factor has; 0 where that is unknown."""
        return [int(ask("tvae_dataset_factor_values", self, i)) for i in range(self._n_factors)]

    @property
    def _n_factors(self) -> int:
        return int(ask("tvae_dataset_factor_count", self))

    def get(self, item: int, seed: int = 0, draw: int = 0) -> Batch:
        """Frames [frames, channels, height, width] and factors [frames, n] of one item."""
        x, factors = _outputs(self.shape, self._n_factors)
        call(
            "tvae_dataset_get",
            self,
            item,
            seed,
            draw,
            x.tensor,
            factors.tensor if factors else None,
        )
        return Batch(x.array, _factors_of(x, factors))

    def __getitem__(self, item: int) -> Batch:
        if not 0 <= item < len(self):
            raise IndexError(f"item {item} of {len(self)}")
        return self.get(item)

    def take(self, n_items: int, seed: int = 0) -> Batch:
        """The first items, item i in draw i, stacked."""
        batches = [self.get(item, seed, item) for item in range(min(n_items, len(self)))]
        return Batch(
            np.stack([batch.x for batch in batches]),
            np.stack([batch.factors for batch in batches]),
        )

    def loader(self, batch_size: int = 8, **options: Any) -> Loader:
        """A :class:`Loader` of this dataset."""
        return Loader(self, batch_size, **options)


def _outputs(
    shape: tuple[int, ...], n_factors: int, leading: tuple[int, ...] = ()
) -> tuple[Output, Output | None]:
    """Room for frames and, if there are any, for factors."""
    factors = Output(leading + (shape[0], n_factors)) if n_factors else None
    return Output(leading + shape), factors


def _factors_of(x: Output, factors: Output | None) -> FloatArray:
    """The factors, or an array of none."""
    if factors is None:
        return np.empty(x.array.shape[:-3] + (0,), np.float32)
    array: FloatArray = factors.array
    return array


def sprites_options(
    *,
    split: Split | str = Split.TRAIN,
    image_size: int | None = None,
    n_frames: int | None = None,
    varying: Iterable[Factor | str] | None = None,
    start: Sequence[int] | None = None,
    stride: Sequence[int] | None = None,
    max_values: Sequence[int] | None = None,
    split_seed: int | None = None,
    test_fraction: float | None = None,
) -> Any:
    """Options of sprites: which factors may run, and which values of each are kept.

    ``start``, ``stride`` and ``max_values`` have a number for each :class:`Factor`.
    """
    bits = None if varying is None else sum({1 << choose(Factor, name) for name in varying})
    return fill(
        structures.SpritesOptions,
        "tvae_sprites_options_init",
        split=choose(Split, split),
        image_size=image_size,
        n_frames=n_frames,
        varying=bits,
        start=start,
        stride=stride,
        max_values=max_values,
        split_seed=split_seed,
        test_fraction=test_fraction,
    )


class Loader(Handle):
    """Batches prepared in the background; iterating gives one epoch's.

    Epochs follow each other: the next ``for`` loop goes on where the last one stopped, also
    within an epoch that was left early. Every batch is of new arrays, which are yours.

    Ranks that train together share each batch: ``n_shards`` of them, of which this loader is
    for ``shard``, take ``batch_size`` sequences each.
    """

    _pointer_type = structures.Loader
    _destroy_function = "tvae_loader_destroy"

    def __init__(
        self,
        dataset: Dataset,
        batch_size: int = 8,
        *,
        seed: int | None = None,
        first_batch: int | None = None,
        n_prefetch: int | None = None,
        shuffle: bool | None = None,
        drop_last: bool | None = None,
        n_shards: int | None = None,
        shard: int | None = None,
    ) -> None:
        options = fill(
            structures.LoaderOptions,
            "tvae_loader_options_init",
            batch_size=batch_size,
            seed=seed,
            first_batch=first_batch,
            n_prefetch=n_prefetch,
            shuffle=shuffle,
            drop_last=drop_last,
            n_shards=n_shards,
            shard=shard,
        )
        self._shape, self._n_factors = dataset.shape, dataset._n_factors
        self._batch_size = batch_size
        self._place = first_batch or 0
        self._init("tvae_loader_create", dataset, byref(options), keeps=dataset._keeps)

    def __len__(self) -> int:
        """Batches an epoch."""
        return int(ask("tvae_loader_batches_per_epoch", self))

    def next(self) -> Batch:
        """The next batch, of this epoch or the one after."""
        x, factors = _outputs(self._shape, self._n_factors, (self._batch_size,))
        n_sequences = c_size_t()
        call(
            "tvae_loader_next",
            self,
            x.tensor,
            factors.tensor if factors else None,
            byref(n_sequences),
        )
        self._place += 1
        n = n_sequences.value
        return Batch(x.array[:n], _factors_of(x, factors)[:n])

    @property
    def place(self) -> tuple[int, int]:
        """Where the latest batch begins in that of all shards, and how many that has."""
        first, n_total = c_size_t(), c_size_t()
        call("tvae_loader_place", self, byref(first), byref(n_total))
        return first.value, n_total.value

    def __iter__(self) -> Iterator[Batch]:
        n_batches = len(self)
        while True:
            yield self.next()
            if self._place % n_batches == 0:
                return
