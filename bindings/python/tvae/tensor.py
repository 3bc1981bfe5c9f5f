# SPDX-License-Identifier: MIT
"""Tensors: float32 arrays that C and NumPy share without copying."""

from __future__ import annotations

from collections.abc import Sequence
from ctypes import POINTER, addressof, c_float, c_size_t, cast
from typing import Any, Union

import numpy as np
import numpy.typing as npt

from ._handle import Handle, ask, call
from ._structures import Tensor as TensorPointer

FloatArray = npt.NDArray[np.float32]
#: What arguments accept: arrays, anything NumPy turns into one, DLPack (torch), tensors.
ArrayLike = Union[npt.ArrayLike, "Tensor", Any]


def _extents(shape: Sequence[int]) -> Any:
    return (c_size_t * len(shape))(*shape)


class Tensor(Handle):
    """A float32 array of the C library, row-major and contiguous.

    ``Tensor((2, 3))`` is zeros in memory of the library; :meth:`wrap` borrows an array's
    memory. NumPy (:meth:`numpy`, ``np.asarray``) and DLPack (``torch.from_dlpack``) see the
    same memory, which lives until the last of them goes.
    """

    _pointer_type = TensorPointer
    _destroy_function = "tvae_tensor_destroy"

    def __init__(self, shape: Sequence[int]) -> None:
        self._init("tvae_tensor_create", len(shape), _extents(shape))

    @classmethod
    def wrap(cls, array: Any) -> Tensor:
        """Borrow the memory of an array (NumPy or DLPack on the CPU), without copying.

        Raises TypeError for another element type than float32 and ValueError for memory that
        is not C-contiguous.
        """
        shared = as_numpy(array)
        if shared.dtype != np.float32:
            raise TypeError(f"the array is of {shared.dtype}, not float32: convert it first")
        if not shared.flags.c_contiguous:
            raise ValueError(
                f"the array of strides {shared.strides} is not C-contiguous: "
                "pass numpy.ascontiguousarray(array)"
            )
        data = cast(shared.ctypes.data, POINTER(c_float))
        return cls._create(
            "tvae_tensor_wrap", data, shared.ndim, _extents(shared.shape), keeps=(shared, array)
        )

    @property
    def shape(self) -> tuple[int, ...]:
        """The extents of the axes."""
        rank: int = ask("tvae_tensor_rank", self)
        return tuple(ask("tvae_tensor_extent", self, axis) for axis in range(rank))

    def view(self, shape: Sequence[int], offset: int = 0) -> Tensor:
        """A contiguous part from element ``offset`` on, under another shape; no copy."""
        return Tensor._create(
            "tvae_tensor_view", self, offset, len(shape), _extents(shape), keeps=self._keeps
        )

    def fill_normal(self, seed: int, stream: int = 0) -> Tensor:
        """Fill with draws from N(0, 1) that depend on seed and stream alone."""
        self._require_writable()
        call("tvae_tensor_fill_normal", self, seed, stream)
        return self

    def numpy(self) -> FloatArray:
        """The elements as an array of the same memory, which it keeps alive."""
        owner = Tensor._adopt(ask("tvae_tensor_retain", self), self._keeps)
        shape = owner.shape
        data = ask("tvae_tensor_data", owner)
        count = int(np.prod(shape, dtype=np.int64))
        memory: Any = (c_float * count).from_address(addressof(data.contents))
        memory._owner = owner  # the array below refers to the ctypes object
        array: FloatArray = np.frombuffer(memory, np.float32).reshape(shape)
        array.flags.writeable = self._writable()
        return array

    def _writable(self) -> bool:
        return all(kept.flags.writeable for kept in self._keeps if isinstance(kept, np.ndarray))

    def _require_writable(self) -> None:
        if not self._writable():
            raise ValueError("the tensor wraps an array that is read-only")

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        array = self.numpy()
        if dtype is None or np.dtype(dtype) == array.dtype:
            return array.copy() if copy else array
        if copy is False:
            raise ValueError(f"float32 cannot become {np.dtype(dtype)} without a copy")
        return array.astype(dtype)

    def __dlpack__(self, **options: Any) -> Any:
        return self.numpy().__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        kind, number = self.numpy().__dlpack_device__()
        return int(kind), int(number)

    def __repr__(self) -> str:
        return "Tensor(closed)" if self.closed else f"Tensor({self.shape})"


def as_numpy(array: Any) -> npt.NDArray[Any]:
    """An array of the same memory where there is one (NumPy, DLPack), else a new one."""
    if isinstance(array, np.ndarray):
        return array
    if isinstance(array, Tensor):
        return array.numpy()
    if hasattr(array, "__dlpack__"):
        shared: npt.NDArray[Any] = np.from_dlpack(array)
        return shared
    return np.asarray(array)


def as_float32(array: ArrayLike) -> FloatArray:
    """A C-contiguous float32 array; the same memory if that is what it is already."""
    return np.require(as_numpy(array), np.float32, "C")


def as_tensor(array: ArrayLike | None) -> Tensor | None:
    """The tensor of an argument: borrowed where type and layout allow; None stays None."""
    if array is None or isinstance(array, Tensor):
        return array
    return Tensor.wrap(as_float32(array))


def require_tensor(array: ArrayLike) -> Tensor:
    """As :func:`as_tensor` where None is not allowed."""
    tensor = as_tensor(array)
    if tensor is None:
        raise TypeError("an array is wanted, not None")
    return tensor


class Output:
    """Where a result goes: a new array, or the caller's own, written in place."""

    def __init__(self, shape: Sequence[int], out: Any = None) -> None:
        #: What the call returns: the caller's object, or the new array.
        self.array: Any = np.empty(tuple(shape), np.float32) if out is None else out
        self.tensor = out if isinstance(out, Tensor) else Tensor.wrap(self.array)
        self.tensor._require_writable()
