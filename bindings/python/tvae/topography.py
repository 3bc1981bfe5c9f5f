# SPDX-License-Identifier: MIT
"""The topography: neighbourhoods, the topographic prior, the roll of capsules."""

from __future__ import annotations

from collections.abc import Sequence
from ctypes import POINTER, byref, c_double, c_float, c_int64, c_size_t, cast
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from . import _structures as structures
from ._handle import Handle, array_of, ask, call
from ._options import choose, fill
from ._text import read_text
from .enums import Boundary
from .tensor import ArrayLike, FloatArray, Output, as_float32, as_tensor, require_tensor

Offset = tuple[int, int, int, int]
Shifts = int | float | Sequence[int] | Sequence[float] | npt.NDArray[Any]
N_OFFSET_AXES = 4


class Neighbourhood(Handle):
    """The offsets (frame, d1, d2, d3), with weights, of the ``u`` that one energy sums.

    Made by :meth:`shifting` (the TVAE), :meth:`shifting_range` (causal), :meth:`stationary`
    (the BubbleVAE, the torus) or :meth:`offsets`.
    """

    _pointer_type = structures.Neighbourhood
    _destroy_function = "tvae_neighbourhood_destroy"

    def __init__(self) -> None:
        raise TypeError("use Neighbourhood.shifting, .shifting_range, .stationary or .offsets")

    @classmethod
    def shifting(
        cls, window_frames: int, window_capsule: int | None = None, off_diagonal: int = 0
    ) -> Neighbourhood:
        """Shifting coherence: a neighbour one frame later sits one place further along the
        capsule. The window is as wide as it is long unless told otherwise."""
        width = window_frames if window_capsule is None else window_capsule
        return cls._create(
            "tvae_neighbourhood_create_shifting", window_frames, width, off_diagonal
        )

    @classmethod
    def shifting_range(
        cls, first_frame: int, last_frame: int, off_diagonal: int = 0
    ) -> Neighbourhood:
        """Shifting coherence over a range of frames; causal if ``last_frame <= 0``."""
        return cls._create(
            "tvae_neighbourhood_create_shifting_range", first_frame, last_frame, off_diagonal
        )

    @classmethod
    def stationary(cls, frames: int = 1, d1: int = 1, d2: int = 1, d3: int = 1) -> Neighbourhood:
        """Stationary coherence: every offset of a box of these extents."""
        window = (c_int64 * N_OFFSET_AXES)(frames, d1, d2, d3)
        return cls._create("tvae_neighbourhood_create_stationary", window)

    @classmethod
    def offsets(
        cls, offsets: Sequence[Sequence[int]], weights: Sequence[float] | None = None
    ) -> Neighbourhood:
        """An explicit list of offsets (frame, d1, d2, d3), of weight 1 unless given."""
        table = np.ascontiguousarray(offsets, np.int64)
        if table.ndim != 2 or table.shape[1] != N_OFFSET_AXES:
            raise ValueError(f"offsets are of shape {table.shape}, not (n, {N_OFFSET_AXES})")
        values = None if weights is None else np.ascontiguousarray(weights, np.float32)
        if values is not None and values.shape != table.shape[:1]:
            raise ValueError(f"{len(table)} offsets want as many weights, not {values.size}")
        return cls._create(
            "tvae_neighbourhood_create_offsets",
            len(table),
            cast(table.ctypes.data, POINTER(c_int64)),
            None if values is None else cast(values.ctypes.data, POINTER(c_float)),
        )

    def __len__(self) -> int:
        return int(ask("tvae_neighbourhood_count", self))

    def __getitem__(self, index: int) -> tuple[Offset, float]:
        if not 0 <= index < len(self):
            raise IndexError(f"offset {index} of {len(self)}")
        offset = (c_int64 * N_OFFSET_AXES)()
        weight = c_float()
        call("tvae_neighbourhood_offset", self, index, offset, byref(weight))
        return (offset[0], offset[1], offset[2], offset[3]), weight.value

    def describe(self) -> str:
        """A small grid of text that shows which ``u`` one ``t`` shares."""
        return read_text("tvae_neighbourhood_describe", self)


class PriorGradient(NamedTuple):
    """Gradients of the construction; see :meth:`Prior.gradient`."""

    z: FloatArray
    u: FloatArray | None
    mu: float
    weights: FloatArray | None


class Prior(Handle):
    """The topographic Student-t construction: t = (z + mu) / sum_j sqrt(v_j + epsilon).

    ``v_j`` is the energy of neighbourhood j; without neighbourhoods t = z (a plain VAE).
    """

    _pointer_type = structures.Prior
    #: How many weights the neighbourhoods have; None for the prior of a model.
    _n_weights: int | None = None
    _destroy_function = "tvae_prior_destroy"

    def __init__(
        self,
        n_capsules: int,
        capsule_dims: int | Sequence[int],
        neighbourhoods: Neighbourhood | Sequence[Neighbourhood] = (),
        *,
        mu_init: float | None = None,
        epsilon: float | None = None,
        learn_mu: bool | None = None,
        learn_weights: bool | None = None,
        frame_boundary: Boundary | str | None = None,
        capsule_boundary: Boundary | str | None = None,
    ) -> None:
        dims = [capsule_dims] if isinstance(capsule_dims, int) else list(capsule_dims)
        options = fill(
            structures.PriorOptions,
            "tvae_prior_options_init",
            n_capsules=n_capsules,
            capsule_dims=dims + [1] * (3 - len(dims)),
            mu_init=mu_init,
            epsilon=epsilon,
            learn_mu=learn_mu,
            learn_weights=learn_weights,
            frame_boundary=None if frame_boundary is None else choose(Boundary, frame_boundary),
            capsule_boundary=(
                None if capsule_boundary is None else choose(Boundary, capsule_boundary)
            ),
        )
        parts = (
            [neighbourhoods]
            if isinstance(neighbourhoods, Neighbourhood)
            else list(neighbourhoods)
        )
        pointers = array_of(structures.Neighbourhood, parts)
        self._n_weights = sum(len(part) for part in parts)
        self._init("tvae_prior_create", byref(options), pointers, len(parts))

    @property
    def n_latents(self) -> int:
        """Latents a frame: capsules x d1 x d2 x d3."""
        return int(ask("tvae_prior_n_latents", self))

    @property
    def mu(self) -> float:
        """The construction's mu; 0 without neighbourhoods."""
        return float(ask("tvae_prior_mu", self))

    @mu.setter
    def mu(self, value: float) -> None:
        call("tvae_prior_set_mu", self, value)

    def apply(self, z: ArrayLike, u: ArrayLike | None = None, *, out: Any = None) -> Any:
        """t of z and u [sequences, frames, latents]; u is None without neighbourhoods."""
        z_tensor = require_tensor(z)
        result = Output(z_tensor.shape, out)
        call("tvae_prior_apply", self, z_tensor, as_tensor(u), result.tensor)
        return result.array

    def gradient(self, z: ArrayLike, u: ArrayLike | None, dt: ArrayLike) -> PriorGradient:
        """Gradients of a loss by z, u, mu and the weights, from its gradient by t."""
        z_tensor, u_tensor = require_tensor(z), as_tensor(u)
        dz, dmu = Output(z_tensor.shape), c_double()
        du = Output(u_tensor.shape) if u_tensor else None
        dweights = Output((self._n_weights,)) if u_tensor and self._n_weights else None
        call(
            "tvae_prior_gradient",
            self,
            z_tensor,
            u_tensor,
            require_tensor(dt),
            dz.tensor,
            du.tensor if du else None,
            byref(dmu),
            dweights.tensor if dweights else None,
        )
        return PriorGradient(
            dz.array,
            du.array if du else None,
            dmu.value,
            dweights.array if dweights else None,
        )


class Roll(Handle):
    """The capsule transformation operator: rolls capsules along one of their axes.

    ``out[..., i] = t[..., (i - shift) mod d]``: what frame l holds is expected in frame
    l + shift.
    """

    _pointer_type = structures.Roll
    _destroy_function = "tvae_roll_destroy"

    def __init__(self, capsule_dims: int | Sequence[int], axis: int = 0) -> None:
        dims = [capsule_dims] if isinstance(capsule_dims, int) else list(capsule_dims)
        self._init("tvae_roll_create", (c_int64 * 3)(*dims + [1] * (3 - len(dims))), axis)

    def apply(self, t: ArrayLike, shift: Shifts, *, out: Any = None) -> Any:
        """Roll all alike by one shift, or each sequence or frame by its own.

        Whole shifts are exact; with a fraction among them the roll is the band-limited
        periodic shift (Fourier interpolation).
        """
        tensor = require_tensor(t)
        shifts = np.atleast_1d(np.asarray(shift)).ravel()
        result = Output(tensor.shape, out)
        if shifts.dtype.kind in "iub":
            function = "tvae_roll_apply"
            places: Any = (c_int64 * len(shifts))(*shifts.tolist())
        else:
            function = "tvae_roll_apply_fractional"
            places = (c_double * len(shifts))(*shifts)
        call(function, self, tensor, places, len(shifts), result.tensor)
        return result.array

    def gradient(
        self, t: ArrayLike, shift: Shifts, dout: ArrayLike
    ) -> tuple[FloatArray, npt.NDArray[np.float64]]:
        """Gradients of a loss by t and by the shifts, from its gradient by the output."""
        tensor = require_tensor(t)
        shifts = np.atleast_1d(np.asarray(shift, np.float64)).ravel()
        dt = Output(tensor.shape)
        dshifts = np.empty_like(shifts)
        call(
            "tvae_roll_gradient",
            self,
            tensor,
            cast(shifts.ctypes.data, POINTER(c_double)),
            c_size_t(len(shifts)),
            require_tensor(dout),
            dt.tensor,
            cast(dshifts.ctypes.data, POINTER(c_double)),
        )
        return dt.array, dshifts


def capsule_roll(array: ArrayLike, shift: float) -> Any:
    """Roll capsules along the last axis: ``numpy.roll(array, shift, axis=-1)`` for any rank.

    A shift with a fraction is the band-limited periodic shift. Float32 arrays are used as
    they are, others are converted; the result is float32.
    """
    values = as_float32(array)
    if values.ndim == 0 or values.size == 0:
        return values.copy()
    whole = float(shift).is_integer()
    with Roll(values.shape[-1]) as roll:
        return roll.apply(values, int(shift) if whole else float(shift))
