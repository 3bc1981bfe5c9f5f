# SPDX-License-Identifier: MIT
"""Parameters as PyTorch keeps them: a ``state_dict``, in memory or in a file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, NamedTuple, Union

import numpy as np

from .archive import Archive
from .errors import NotFoundError, NumericError, ShapeError
from .tensor import ArrayLike, FloatArray, as_float32

#: What ``load_state_dict`` takes: arrays by name, or the file that holds them.
StateLike = Union[Mapping[str, ArrayLike], str, "os.PathLike[str]"]
Shapes = Mapping[str, tuple[int, ...]]


class IncompatibleKeys(NamedTuple):
    """Names that differed, as ``torch.nn.Module.load_state_dict`` tells them."""

    missing: list[str]
    unexpected: list[str]


def _copy_of(value: Any) -> FloatArray:
    """An entry's values: PyTorch's tensors wherever they lie, whether or not they learn."""
    if hasattr(value, "detach"):
        value = value.detach().cpu().float()
    return as_float32(value)


def read_state(state: StateLike) -> dict[str, FloatArray]:
    """The arrays of a mapping, or of a ``.safetensors`` or ``.npz`` file."""
    arrays = Archive.load(state) if isinstance(state, (str, os.PathLike)) else state
    return {name: _copy_of(value) for name, value in arrays.items()}


def check_state(
    shapes: Shapes, state: Mapping[str, FloatArray], strict: bool
) -> IncompatibleKeys:
    """Compare names, shapes and values with what is wanted, before anything is copied.

    One sentence names all that is wrong, so that a state is put right in one go.
    """
    missing = [name for name in shapes if name not in state]
    unexpected = [name for name in state if name not in shapes]
    misshaped = [
        f"{name} is {state[name].shape}, want {shape}"
        for name, shape in shapes.items()
        if name in state and state[name].shape != shape
    ]
    names = {"missing": missing, "unexpected": unexpected} if strict else {}
    wrong = {kind: found for kind, found in names.items() if found}
    if misshaped:
        wrong["misshaped"] = misshaped
    if wrong:
        kind = ShapeError if list(wrong) == ["misshaped"] else NotFoundError
        parts = [f"{what}: {', '.join(found)}" for what, found in wrong.items()]
        raise kind("the state does not fit: " + "; ".join(parts))
    for name in shapes:
        if name in state and not np.isfinite(state[name]).all():
            raise NumericError(f"{name} of the state holds a value that is not finite")
    return IncompatibleKeys(missing, unexpected)
