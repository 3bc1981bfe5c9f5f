# SPDX-License-Identifier: MIT
"""Metrics against NumPy and against what they should be by construction."""

from __future__ import annotations

import math

import numpy as np
import pytest

import tvae

random = np.random.default_rng(11)


def rolling(n_sequences: int = 4, n_frames: int = 6) -> np.ndarray:
    """Capsules that roll by exactly one place a frame."""
    first = random.random((n_sequences, 1, 3, n_frames), np.float32)
    return np.concatenate([np.roll(first, frame, -1) for frame in range(n_frames)], axis=1)


def test_perfect_rolls_have_no_error() -> None:
    t = rolling()
    assert tvae.equivariance_error(t) == pytest.approx(0, abs=1e-4)
    assert tvae.equivariance_error_pairs(t) == pytest.approx(0, abs=1e-4)
    t[0, 0] = random.random((3, 6))
    assert tvae.equivariance_error(t) > 0.1


def test_capcorr_of_perfect_rolls_is_one() -> None:
    t = rolling(8)
    starts = random.permutation(8)[:, None] % 6
    factors = np.zeros((8, 6, 2), np.float32)
    factors[..., 1] = (starts + np.arange(6)) % 6
    values = tvae.capcorr(t, factors)
    assert math.isnan(values[0])
    assert values[1] == pytest.approx(1)
    with tvae.CapCorr(2, 3) as gatherer:
        gatherer.add(t, factors, factor=1)
        assert gatherer.value(1, "first") == pytest.approx(1)
        assert gatherer.capsule_value(1, 2) == pytest.approx(1)


def test_covariance_is_numpy_s() -> None:
    x = random.standard_normal((50, 4)).astype(np.float32)
    gatherer = tvae.Covariance(4)
    gatherer.add(x[:20])
    gatherer.add(x[20:])
    expected = np.corrcoef(x.T) * 49 / 50
    np.testing.assert_allclose(gatherer.matrix(), expected, atol=1e-5)
    np.testing.assert_array_equal(np.diag(gatherer.matrix(zero_diagonal=True)), 0)


def test_smoothness_sees_neighbours_that_vary_together() -> None:
    energy = random.random((500, 8)) + 0.1
    energy = energy + np.roll(energy, 1, -1)
    t = energy * random.choice([-1.0, 1.0], (500, 8))
    gatherer = tvae.Covariance(8, kind="absolute")
    gatherer.add(t)
    found = gatherer.smoothness((1, 8))
    assert found.smoothness == pytest.approx(found.neighbours - found.others)
    assert found.smoothness > 0.3


def test_selectivity_finds_the_unit_of_a_class() -> None:
    labels = np.repeat([0, 1], 50)
    t = random.standard_normal((100, 3)) * 0.1
    t[:, 2] += labels
    gatherer = tvae.Selectivity(3, 2)
    gatherer.add(t, labels)
    assert gatherer.d_prime().shape == (2, 3)
    assert gatherer.d_prime()[1, 2] > 5
    assert gatherer.map(shape=(3,)).tolist()[2] == 1
    with pytest.raises(tvae.InvalidError):
        gatherer.add(t, labels + 5)


def test_max_activation_and_activity() -> None:
    t = random.standard_normal((30, 4)).astype(np.float32)
    gatherer = tvae.MaxActivation(4)
    gatherer.add(t)
    sample, value = gatherer.find(2)
    assert sample == np.abs(t[:, 2]).argmax() and value == t[sample, 2]
    t[:, 0] = 0
    activity = tvae.Activity(4)
    activity.add(t, np.zeros_like(t))
    assert activity.value(0) == 0
    assert activity.value(1) == pytest.approx(np.var(t[:, 1]), rel=0.1)
    assert activity.value(1, "kl") == pytest.approx(np.mean(t[:, 1] ** 2) / 2, rel=1e-4)
    assert activity.count() == 3


def test_sampled_capsules_roll_without_training_or_input() -> None:
    """What the documents warn of: CapCorr of samples tells of the prior, not of learning."""
    options = {"image_size": 16, "varying": ["posX", "posY"]}
    factors = tvae.Dataset.sprites(**options).take(60).factors
    black = np.zeros((60, 15, 1, 16, 16), np.float32)
    prior = tvae.Prior(15, 15, tvae.Neighbourhood.shifting(10))
    topographic = tvae.Model(prior, (1, 16, 16)).sample(black)
    plain = tvae.Model(tvae.Prior(15, 15), (1, 16, 16)).sample(black)
    assert min(tvae.capcorr(topographic, factors)[3:]) > 0.9
    assert max(tvae.capcorr(plain, factors)[3:]) < 0.6
