# SPDX-License-Identifier: MIT
"""Arrays and tensors share memory, which lives as long as anyone looks at it."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

import tvae


def test_wrap_shares_the_memory_of_an_array() -> None:
    array = np.zeros((2, 3), np.float32)
    tensor = tvae.Tensor.wrap(array)
    array[1, 2] = 5
    assert tensor.shape == (2, 3)
    assert tensor.numpy()[1, 2] == 5
    assert tensor.numpy().ctypes.data == array.ctypes.data


def test_wrap_refuses_what_it_would_have_to_copy() -> None:
    with pytest.raises(TypeError, match="float64, not float32"):
        tvae.Tensor.wrap(np.zeros(3))
    with pytest.raises(ValueError, match="not C-contiguous"):
        tvae.Tensor.wrap(np.zeros((3, 4), np.float32).T)


def test_numpy_outlives_the_tensor() -> None:
    tensor = tvae.Tensor((1000,)).fill_normal(7)
    array = tensor.numpy()
    before = array.copy()
    tensor.close()
    del tensor
    gc.collect()
    rubbish = [tvae.Tensor((1000,)) for _ in range(50)]
    assert len(rubbish) == 50
    np.testing.assert_array_equal(array, before)


def test_borrowed_memory_lives_as_long_as_a_tensor_of_it() -> None:
    array = np.ones(4, np.float32)
    gone = weakref.ref(array)
    tensor = tvae.Tensor.wrap(array)
    view = tensor.view((2,), offset=2)
    del array
    tensor.close()
    del tensor
    gc.collect()
    assert gone() is not None
    np.testing.assert_array_equal(view.numpy(), 1)
    view.close()
    del view
    gc.collect()
    assert gone() is None


def test_read_only_arrays_are_read_and_never_written() -> None:
    array = np.ones((1, 4), np.float32)
    array.flags.writeable = False
    tensor = tvae.Tensor.wrap(array)
    assert not tensor.numpy().flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        tensor.fill_normal(1)
    with pytest.raises(ValueError, match="read-only"):
        tvae.Roll(4).apply(array.copy(), 1, out=array)
    np.testing.assert_array_equal(tvae.capsule_roll(array, 1), 1)


def test_out_is_written_in_place(model: tvae.Model, sequences: np.ndarray) -> None:
    out = np.empty((10, 6, 3, 6), np.float32)
    assert model.encode(sequences, out=out) is out
    np.testing.assert_array_equal(out, model.encode(sequences))
    with pytest.raises(TypeError, match="float64"):
        model.encode(sequences, out=out.astype(np.float64))


def test_arguments_of_other_types_are_converted() -> None:
    np.testing.assert_array_equal(tvae.capsule_roll([[1, 2, 3]], 1), [[3, 1, 2]])


def test_dlpack_goes_both_ways_without_copying() -> None:
    array = np.arange(6, dtype=np.float32)
    tensor = tvae.Tensor.wrap(array)
    again = np.from_dlpack(tensor)
    assert again.ctypes.data == array.ctypes.data
    tensor.close()
    np.testing.assert_array_equal(again, array)


def test_torch_tensors_pass_without_copying() -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    source = torch.arange(8, dtype=torch.float32).reshape(2, 4)
    assert tvae.Tensor.wrap(source).numpy().ctypes.data == source.data_ptr()
    rolled = torch.from_numpy(tvae.capsule_roll(source, 1))
    assert torch.equal(rolled, torch.roll(source, 1, -1))
    tensor = tvae.Tensor((3, 2)).fill_normal(1)
    shared = torch.from_dlpack(tensor)
    assert shared.data_ptr() == tensor.numpy().ctypes.data
    out = torch.empty(2, 4)
    assert tvae.Roll(4).apply(source, 2, out=out) is out
    assert torch.equal(out, torch.roll(source, 2, -1))


def test_equal_seeds_fill_equally() -> None:
    first, second = tvae.Tensor((5,)).fill_normal(3, 1), tvae.Tensor((5,)).fill_normal(3, 1)
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, tvae.Tensor((5,)).fill_normal(3, 2))
    np.testing.assert_allclose(np.std(tvae.Tensor((10000,)).fill_normal(0)), 1, atol=0.05)
