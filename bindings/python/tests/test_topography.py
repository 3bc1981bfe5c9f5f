# SPDX-License-Identifier: MIT
"""Neighbourhoods, prior and roll against NumPy."""

from __future__ import annotations

import numpy as np
import pytest

import tvae

random = np.random.default_rng(5)


@pytest.mark.parametrize("shape", [(7,), (3, 7), (2, 3, 4, 6), (1, 2, 1, 2, 1, 2, 5)])
@pytest.mark.parametrize("shift", [0, 1, -1, 3, 7, -20, 2.0])
def test_capsule_roll_is_numpy_s_roll(shape: tuple[int, ...], shift: float) -> None:
    array = random.random(shape, np.float32)
    rolled = tvae.capsule_roll(array, shift)
    np.testing.assert_array_equal(rolled, np.roll(array, int(shift), axis=-1))
    assert rolled.dtype == np.float32


def test_capsule_roll_of_nothing() -> None:
    assert tvae.capsule_roll(np.float32(3), 1) == 3
    assert tvae.capsule_roll(np.empty((2, 0)), 1).shape == (2, 0)


def test_fractional_roll_shifts_a_wave() -> None:
    places = np.arange(9)
    wave = np.cos(2 * np.pi * places / 9)[None]
    shifted = np.cos(2 * np.pi * (places - 0.3) / 9)[None]
    np.testing.assert_allclose(tvae.capsule_roll(wave, 0.3), shifted, atol=1e-6)


def test_roll_by_one_shift_a_frame() -> None:
    t = random.random((2, 3, 4, 5), np.float32)
    rolled = tvae.Roll(5).apply(t, [0, 1, 2, 3, 4, 5])
    for frame in range(6):
        np.testing.assert_array_equal(
            rolled.reshape(6, 4, 5)[frame], np.roll(t.reshape(6, 4, 5)[frame], frame, -1)
        )


def test_roll_gradient_is_that_of_differences() -> None:
    t, weight = random.random((2, 2, 5)), random.random((2, 2, 5))
    dt, dshifts = tvae.Roll(5).gradient(t, 0.4, weight)
    with tvae.Roll(5) as roll:
        np.testing.assert_allclose(dt, roll.apply(weight, -0.4), atol=1e-6)
        step = 1e-2
        ahead, behind = (np.sum(roll.apply(t, 0.4 + d) * weight) for d in (step, -step))
    np.testing.assert_allclose(dshifts, [(ahead - behind) / (2 * step)], rtol=1e-2)


def test_prior_is_its_formula() -> None:
    z, u = random.standard_normal((2, 2, 5, 3, 4)).astype(np.float32)
    prior = tvae.Prior(3, 4, tvae.Neighbourhood.stationary(1, 4), mu_init=2, epsilon=1e-3)
    energy = (u**2).sum(-1, keepdims=True)
    np.testing.assert_allclose(prior.apply(z, u), (z + 2) / np.sqrt(energy + 1e-3), rtol=1e-5)
    prior.mu = 0.5
    assert prior.mu == 0.5
    assert prior.n_latents == 12
    np.testing.assert_array_equal(tvae.Prior(3, 4).apply(z), z)


def test_prior_gradient_is_that_of_differences() -> None:
    z, u, dt = random.standard_normal((3, 1, 4, 2, 4)).astype(np.float32)
    prior = tvae.Prior(2, 4, tvae.Neighbourhood.shifting(3), mu_init=1, epsilon=0.1)
    gradient = prior.gradient(z, u, dt)
    step = 1e-2
    for values, slope in ((z, gradient.z), (u, gradient.u)):
        moved = np.zeros_like(values)
        moved[0, 1, 1, 2] = step
        pairs = [
            (z + moved * sign, u) if values is z else (z, u + moved * sign) for sign in (1, -1)
        ]
        ahead, behind = (np.sum(prior.apply(*pair).astype(np.float64) * dt) for pair in pairs)
        np.testing.assert_allclose(slope[0, 1, 1, 2], (ahead - behind) / (2 * step), rtol=2e-2)
    assert gradient.weights.shape == (3,)
    plain = tvae.Prior(2, 4).gradient(z, None, dt)
    np.testing.assert_array_equal(plain.z, dt)
    assert plain.u is None and plain.weights is None


def test_neighbourhoods_list_their_offsets() -> None:
    neighbourhood = tvae.Neighbourhood.shifting(3)
    assert [offset for offset, _ in neighbourhood] == [(d, d, 0, 0) for d in (-1, 0, 1)]
    causal = tvae.Neighbourhood.shifting_range(-2, 0)
    assert len(causal) == 3
    given = tvae.Neighbourhood.offsets([(0, 0, 0, 0), (1, 2, 0, 0)], [1.0, 0.5])
    assert given[1] == ((1, 2, 0, 0), 0.5)
    assert "#" in given.describe() and "+" in given.describe()
    with pytest.raises(ValueError, match="not \\(n, 4\\)"):
        tvae.Neighbourhood.offsets([(0, 0)])
    with pytest.raises(ValueError, match="as many weights"):
        tvae.Neighbourhood.offsets([(0, 0, 0, 0)], [1.0, 2.0])
