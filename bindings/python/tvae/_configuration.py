# SPDX-License-Identifier: MIT
"""What a model is made of, as the configuration in its file describes it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .archive import Archive
from .errors import InvalidError, UnsupportedError
from .tensor import FloatArray
from .topography import N_OFFSET_AXES

if TYPE_CHECKING:
    from .model import Model

#: A layer, a prior or a whole model.
Description = Mapping[str, Any]
Offsets = npt.NDArray[np.int64]


def read_model(model: Model) -> tuple[Description, Archive]:
    """Configuration and parameters, as the model's file has them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        model.save(path)
        archive = Archive.load(path)
    configuration: Description = json.loads(archive.metadata("tvae") or "")
    return configuration, archive


def neighbourhoods_of(configuration: Description) -> Iterator[tuple[str, Offsets]]:
    """The parameter that holds a neighbourhood's weights, and its offsets."""
    for index, listed in enumerate(configuration["neighbourhoods"]):
        name = f"grouper.model.{index}.weight" if index else "grouper.model.weight"
        yield name, np.array(listed, np.int64).reshape(-1, N_OFFSET_AXES)


def places_of(offsets: Offsets) -> tuple[tuple[int, ...], tuple[Offsets, ...]]:
    """The extents of the smallest window that holds the offsets, and where they lie in it.

    Entry a of an axis of k stands for offset k // 2 - a, as in the reference's transposed
    convolutions.
    """
    low = np.minimum(offsets.min(0), 0)
    high = np.maximum(offsets.max(0), 0)
    extents = np.where(-low >= high, 1 - 2 * low, 2 * high)
    return tuple(extents.tolist()), tuple((extents // 2 - offsets).T)


def check_weights(model: Model, arrays: Mapping[str, FloatArray]) -> None:
    """Refuse weights at places of a window that are no offset: they would not be summed.

    The configuration is only read where a weight would appear that is zero now.
    """
    names = [name for name in arrays if name.startswith("grouper.model.")]
    if not any(arrays[name][model.get_parameter(name) == 0].any() for name in names):
        return
    try:
        configuration, _ = read_model(model)
    except UnsupportedError:
        return  # layers of the user's own: nothing tells the offsets
    for name, offsets in neighbourhoods_of(configuration):
        extents, places = places_of(offsets)
        outside = arrays[name].reshape(extents).copy() if name in arrays else np.zeros(extents)
        outside[places] = 0
        if outside.any():
            raise InvalidError(
                f"{name} of the state has {np.count_nonzero(outside)} weights where the model's "
                "neighbourhood has no offset, so that the energies would lack them: create the "
                "model with those offsets, too (tvae.Neighbourhood.stationary has a whole window)"
            )
