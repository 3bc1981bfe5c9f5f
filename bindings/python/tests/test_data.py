# SPDX-License-Identifier: MIT
"""Datasets, loaders, archives."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import tvae


def test_arrays_are_borrowed_and_given_back() -> None:
    x = np.random.default_rng(0).random((5, 2, 1, 3, 3), np.float32)
    factors = np.arange(10, dtype=np.float32).reshape(5, 2, 1)
    dataset = tvae.Dataset.arrays(x, factors)
    assert len(dataset) == 5 and dataset.shape == (2, 1, 3, 3)
    assert dataset.factor_names == ["factor0"] and dataset.factor_values == [0]
    for item, (frames, values) in enumerate(dataset):
        np.testing.assert_array_equal(frames, x[item])
        np.testing.assert_array_equal(values, factors[item])
    x[3] = 0.25
    assert (dataset[3].x == 0.25).all()
    with pytest.raises(IndexError):
        dataset[5]


def test_sprites_are_drawn_without_files() -> None:
    dataset = tvae.Dataset.sprites(image_size=16, varying=["posX", tvae.Factor.POS_Y])
    assert dataset.shape == (15, 1, 16, 16)
    assert dataset.factor_names == ["shape", "scale", "orientation", "posX", "posY"]
    batch = dataset.take(20)
    assert set(np.unique(batch.x)) == {0.0, 1.0}
    moves = (batch.factors[:, 0] != batch.factors[:, 1]).sum(0)
    assert moves[:3].sum() == 0 and moves[3:].sum() == 20


def test_an_epoch_gives_every_item_once() -> None:
    x = np.arange(10, dtype=np.float32).reshape(10, 1, 1, 1, 1)
    loader = tvae.Dataset.arrays(x).loader(4, seed=3, drop_last=False)
    assert len(loader) == 3
    epochs = [[batch.x.ravel().tolist() for batch in loader] for _ in range(2)]
    for epoch in epochs:
        assert [len(batch) for batch in epoch] == [4, 4, 2]
        assert sorted(itertools.chain(*epoch)) == list(range(10))
    assert epochs[0] != epochs[1]


def test_batches_are_new_arrays_and_go_on_where_a_loop_was_left() -> None:
    x = np.arange(8, dtype=np.float32).reshape(8, 1, 1, 1, 1)
    loader = tvae.Dataset.arrays(x).loader(2, shuffle=False)
    first = next(iter(loader))
    assert first.x.ravel().tolist() == [0, 1]
    assert [batch.x.ravel().tolist() for batch in loader] == [[2, 3], [4, 5], [6, 7]]
    assert first.x.ravel().tolist() == [0, 1]
    assert first.factors.shape == (2, 1, 0)


def test_loaders_of_one_seed_agree_and_start_where_told() -> None:
    dataset = tvae.Dataset.sprites(image_size=16)
    whole = dataset.loader(4, seed=5)
    batches = [whole.next() for _ in range(4)]
    later = dataset.loader(4, seed=5, first_batch=3, n_prefetch=0)
    np.testing.assert_array_equal(later.next().x, batches[3].x)


def test_a_batch_too_large_is_refused() -> None:
    with pytest.raises(tvae.InvalidError):
        tvae.Dataset.arrays(np.zeros((3, 1, 1, 1, 1))).loader(4)


@pytest.mark.parametrize("ending", ["npz", "safetensors"])
def test_archives_keep_names_order_and_values(tmp_path, ending: str) -> None:
    path = tmp_path / f"a.{ending}"
    arrays = {"x": np.arange(6.0).reshape(2, 3), "b": np.ones(2)}
    with tvae.Archive(arrays) as archive:
        archive.set_metadata("note", "of mine")
        assert archive.metadata("note") == "of mine" and archive.metadata("no") is None
        archive.save(path)
    again = tvae.Archive.load(path)
    assert set(again) == set(arrays) and len(again) == 2 and "x" in again
    np.testing.assert_array_equal(again["x"], arrays["x"])
    kept = again["b"]
    again.close()
    np.testing.assert_array_equal(kept, 1)
    if ending == "npz":
        np.testing.assert_array_equal(np.load(path)["x"], arrays["x"])


def test_files_of_sequences(tmp_path) -> None:
    path = tmp_path / "x.npz"
    np.savez(path, x=np.random.default_rng(0).random((20, 3, 1, 4, 4)))
    train = tvae.Dataset.file(path, test_fraction=0.25)
    test = tvae.Dataset.file(path, test_fraction=0.25, split="test")
    assert (len(train), len(test)) == (15, 5)
    with pytest.raises(FileNotFoundError):
        tvae.Dataset.file(tmp_path / "none.npz")
    with pytest.raises(FileNotFoundError):
        tvae.Dataset.mnist(tmp_path, transform="none")
    with pytest.raises(FileNotFoundError):
        tvae.Dataset.dsprites(tmp_path / "dsprites.npz")
