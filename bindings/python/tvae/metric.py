# SPDX-License-Identifier: MIT
"""Metrics: how well capsules roll, and what single units do.

Capsules t are [sequences, frames, capsules, d]. What needs many samples is gathered batch by
batch with ``add``; the library keeps sums, no activations.
"""

from __future__ import annotations

from collections.abc import Sequence
from ctypes import byref, c_double, c_size_t, c_uint64
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from . import _structures as structures
from ._handle import Handle, call
from ._options import choose
from .enums import ActivityMeasure, CapCorrChoice, Covariances
from .tensor import ArrayLike, FloatArray, Output, as_tensor, require_tensor


def _number(function: str, *arguments: Any) -> float:
    value = c_double()
    call(function, *arguments, byref(value))
    return value.value


def equivariance_error(t: ArrayLike) -> float:
    """The reference's equivariance error, mean over sequences (paper, equation 13)."""
    return _number("tvae_equivariance_error", require_tensor(t))


def equivariance_error_pairs(t: ArrayLike) -> float:
    """The same summed over all pairs of frames, for any number of frames."""
    return _number("tvae_equivariance_error_pairs", require_tensor(t))


class CapCorr(Handle):
    """Do capsules roll by as much as the factor moved? Correlations near 1 say yes.

    Sampled capsules of a shifting prior do so before any training, because frames share the
    noise of u: compare with an untrained model, or take the posterior means.
    """

    _pointer_type = structures.Capcorr
    _destroy_function = "tvae_capcorr_destroy"

    def __init__(self, n_factors: int, n_capsules: int) -> None:
        self._init("tvae_capcorr_create", n_factors, n_capsules)

    def add(self, t: ArrayLike, factors: ArrayLike, factor: int | None = None) -> None:
        """Add a batch; ``factor`` takes that one in every sequence, not the one that runs."""
        arguments = self, require_tensor(t), require_tensor(factors)
        if factor is None:
            call("tvae_capcorr_add", *arguments)
        else:
            call("tvae_capcorr_add_factor", *arguments, factor)

    def value(self, factor: int, choice: CapCorrChoice | str = CapCorrChoice.NEAREST) -> float:
        """CapCorr of one factor; NaN when nothing varied."""
        return _number("tvae_capcorr_value", self, factor, choose(CapCorrChoice, choice))

    def capsule_value(self, factor: int, capsule: int) -> float:
        """CapCorr of one factor by one capsule alone."""
        return _number("tvae_capcorr_capsule_value", self, factor, capsule)


def capcorr(t: ArrayLike, factors: ArrayLike) -> list[float]:
    """CapCorr of each factor in one batch; NaN for factors that run in no sequence."""
    tensor, values = require_tensor(t), require_tensor(factors)
    n_factors = values.shape[-1]
    with CapCorr(n_factors, tensor.shape[2]) as gatherer:
        gatherer.add(tensor, values)
        return [gatherer.value(factor) for factor in range(n_factors)]


class Smoothness(NamedTuple):
    """Mean correlation of |t| between neighbours, between others, and the difference."""

    neighbours: float
    others: float
    smoothness: float


class Covariance(Handle):
    """Correlations of units (the last axes of what is added) with units."""

    _pointer_type = structures.Covariance
    _destroy_function = "tvae_covariance_destroy"

    def __init__(
        self,
        n_rows: int,
        n_columns: int | None = None,
        kind: Covariances | str = Covariances.VALUES,
    ) -> None:
        self._shape = (n_rows, n_rows if n_columns is None else n_columns)
        self._init("tvae_covariance_create", *self._shape, choose(Covariances, kind))

    def add(self, x: ArrayLike, y: ArrayLike | None = None) -> None:
        """Add samples [..., n_rows] and [..., n_columns]; without y, x with itself."""
        call("tvae_covariance_add", self, require_tensor(x), as_tensor(y))

    def matrix(self, zero_diagonal: bool = False) -> FloatArray:
        """The reference's matrix: correlations times (N - 1) / N."""
        result = Output(self._shape)
        call("tvae_covariance_matrix", self, int(zero_diagonal), result.tensor)
        array: FloatArray = result.array
        return array

    def smoothness(self, latent_shape: Sequence[int]) -> Smoothness:
        """Topographic smoothness of a covariance of kind "absolute"."""
        extents = list(latent_shape) + [1] * (4 - len(latent_shape))
        values = c_double(), c_double(), c_double()
        call("tvae_topographic_smoothness", self, (c_size_t * 4)(*extents), *map(byref, values))
        return Smoothness(*(value.value for value in values))


class Selectivity(Handle):
    """How units tell classes apart."""

    _pointer_type = structures.Selectivity
    _destroy_function = "tvae_selectivity_destroy"

    def __init__(self, n_units: int, n_classes: int) -> None:
        self._shape = (n_classes, n_units)
        self._init("tvae_selectivity_create", n_units, n_classes)

    def add(self, t: ArrayLike, labels: ArrayLike) -> None:
        """Add samples [..., n_units] and as many labels."""
        call("tvae_selectivity_add", self, require_tensor(t), require_tensor(labels))

    def d_prime(self) -> FloatArray:
        """Each class's d' at each unit [n_classes, n_units]."""
        result = Output(self._shape)
        call("tvae_selectivity_d_prime", self, result.tensor)
        array: FloatArray = result.array
        return array

    def map(
        self, threshold: float = 0.85, shape: Sequence[int] | None = None
    ) -> npt.NDArray[np.int64]:
        """The class each unit is selective for, or -1, in the shape wanted."""
        result = Output(self._shape[1:] if shape is None else shape)
        call("tvae_selectivity_map", self, threshold, result.tensor)
        classes: npt.NDArray[np.int64] = result.array.astype(np.int64)
        return classes


class MaxActivation(Handle):
    """Which sample activates each unit most; samples are numbered as they are added."""

    _pointer_type = structures.MaxActivation
    _destroy_function = "tvae_max_activation_destroy"

    def __init__(self, n_units: int) -> None:
        self._init("tvae_max_activation_create", n_units)

    def add(self, t: ArrayLike) -> None:
        """Add samples [..., n_units]."""
        call("tvae_max_activation_add", self, require_tensor(t))

    def find(self, unit: int) -> tuple[int, float]:
        """Number and value of the sample with the unit's largest |t|."""
        sample, value = c_uint64(), c_double()
        call("tvae_max_activation_find", self, unit, byref(sample), byref(value))
        return sample.value, value.value


class Activity(Handle):
    """How much posteriors use each latent."""

    _pointer_type = structures.Activity
    _destroy_function = "tvae_activity_destroy"

    def __init__(self, n_units: int) -> None:
        self._init("tvae_activity_create", n_units)

    def add(self, mean: ArrayLike, log_variance: ArrayLike) -> None:
        """Add posteriors [..., n_units], as :meth:`tvae.Model.posterior` gives them."""
        call("tvae_activity_add", self, require_tensor(mean), require_tensor(log_variance))

    def value(
        self, unit: int, measure: ActivityMeasure | str = ActivityMeasure.VARIANCE
    ) -> float:
        """One latent's activity."""
        return _number("tvae_activity_value", self, unit, choose(ActivityMeasure, measure))

    def count(
        self,
        measure: ActivityMeasure | str = ActivityMeasure.VARIANCE,
        threshold: float = 0.01,
    ) -> int:
        """How many latents are more active than the threshold."""
        n_active = c_size_t()
        call(
            "tvae_activity_count",
            self,
            choose(ActivityMeasure, measure),
            threshold,
            byref(n_active),
        )
        return n_active.value
