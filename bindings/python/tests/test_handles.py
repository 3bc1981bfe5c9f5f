# SPDX-License-Identifier: MIT
"""Handles drop their reference once, whatever way they go, in whatever order."""

from __future__ import annotations

import copy
import gc
import pickle
import subprocess
import sys
import threading

import numpy as np
import pytest

import tvae


@pytest.fixture
def destroyed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The destroy functions called, one entry a call."""
    from tvae import _handle

    calls: list[str] = []
    original = _handle._destroy

    def counting(function: str, pointer: object) -> None:
        calls.append(function)
        original(function, pointer)

    monkeypatch.setattr(_handle, "_destroy", counting)
    return calls


def test_closing_again_does_nothing(destroyed: list[str]) -> None:
    with tvae.Tensor((2,)) as tensor:
        tensor.close()
    tensor.close()
    del tensor
    gc.collect()
    assert destroyed == ["tvae_tensor_destroy"]


def test_the_collector_destroys_what_nobody_closed(destroyed: list[str]) -> None:
    tvae.Tensor((2,))
    gc.collect()
    assert destroyed == ["tvae_tensor_destroy"]


def test_failed_creation_leaves_nothing_to_destroy(destroyed: list[str]) -> None:
    with pytest.raises(tvae.ShapeError):
        tvae.Tensor((2, 0))
    gc.collect()
    assert destroyed == []


def test_closed_handles_are_refused() -> None:
    tensor = tvae.Tensor((2,))
    tensor.close()
    assert tensor.closed
    assert repr(tensor) == "Tensor(closed)"
    with pytest.raises(ValueError, match="this Tensor is closed"):
        tensor.numpy()
    neighbourhood = tvae.Neighbourhood.shifting(3)
    neighbourhood.close()
    with pytest.raises(ValueError, match="closed"):
        tvae.Prior(2, 3, neighbourhood)


def test_handles_of_another_kind_are_refused() -> None:
    with pytest.raises(Exception, match="expected"):
        tvae.Model(tvae.Roll(3), (1, 2, 2))  # type: ignore[arg-type]


def test_children_outlive_parents(sequences: np.ndarray) -> None:
    dataset = tvae.Dataset.arrays(sequences)
    loader = dataset.loader(5)
    dataset.close()
    assert loader.next().x.shape == (5, 6, 1, 1, 12)
    neighbourhood = tvae.Neighbourhood.shifting(3)
    prior = tvae.Prior(3, 6, neighbourhood)
    neighbourhood.close()
    model = tvae.Model(prior, (1, 1, 12))
    prior.close()
    trainer = tvae.Trainer(model)
    assert np.isfinite(trainer.step(sequences).loss)
    mine = model.prior
    model.close()
    assert mine.mu == pytest.approx(30, abs=1)
    assert np.isfinite(trainer.step(sequences).loss)


def test_a_loader_keeps_the_array_of_its_dataset() -> None:
    expected = np.random.default_rng(0).random((8, 2, 1, 4, 4), np.float32)
    loader = tvae.Dataset.arrays(expected.copy()).loader(8, shuffle=False)
    gc.collect()
    rubbish = [np.zeros_like(expected) for _ in range(50)]
    assert len(rubbish) == 50
    for _ in range(3):
        np.testing.assert_array_equal(loader.next().x, expected)


def test_handles_cannot_be_copied_or_pickled(model: tvae.Model) -> None:
    with pytest.raises(TypeError, match="cannot be copied"):
        copy.copy(model)
    with pytest.raises(TypeError, match="cannot be copied"):
        copy.deepcopy(model)
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(model)


def test_handles_alive_at_the_end_of_the_process_do_no_harm() -> None:
    program = (
        "import tvae, numpy\n"
        "x = numpy.zeros((8, 3, 1, 4, 4), 'f')\n"
        "loader = tvae.Dataset.arrays(x).loader(2)\n"
        "loader.next()\n"
        "model = tvae.Model(tvae.Prior(2, 3), (1, 4, 4))\n"
        "keep = model.encode(x)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_threads_encode_with_one_model(model: tvae.Model, sequences: np.ndarray) -> None:
    expected = model.encode(sequences)
    results: list[np.ndarray] = []

    def encode() -> None:
        for _ in range(20):
            results.append(model.encode(sequences))

    threads = [threading.Thread(target=encode) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 80
    for result in results:
        np.testing.assert_array_equal(result, expected)
