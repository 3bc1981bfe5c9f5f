# SPDX-License-Identifier: MIT
"""The estimator follows scikit-learn's conventions, with and without scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest

import tvae

SMALL = {"n_capsules": 3, "n_steps": 60, "batch_size": 5, "learning_rate": 3e-3}


def test_fit_transform_and_back(sequences: np.ndarray) -> None:
    estimator = tvae.TopographicVAE(**SMALL)
    before = estimator.set_params(n_steps=1).fit(sequences).score(sequences)
    t = estimator.set_params(n_steps=200).fit(sequences).transform(sequences)
    assert t.shape == (10, 6, 3, 6)
    assert estimator.score(sequences) > before
    assert estimator.inverse_transform(t).shape == sequences.shape
    assert estimator.n_features_in_ == 12
    assert len(estimator.get_feature_names_out()) == 18
    np.testing.assert_array_equal(
        tvae.TopographicVAE(**{**SMALL, "n_steps": 200}).fit_transform(sequences), t
    )


def test_vectors_are_sequences_of_one_frame() -> None:
    x = np.random.default_rng(0).standard_normal((40, 7))
    estimator = tvae.TopographicVAE(**SMALL, capsule_dim=4)
    t = estimator.fit_transform(x)
    assert t.shape == (40, 12)
    assert "likelihood.log_scale" in estimator.model_.parameter_shapes()
    assert estimator.inverse_transform(t).shape == x.shape
    assert tvae.TopographicVAE(**SMALL).fit_transform(x[:30].reshape(10, 3, 7)).shape == (
        10,
        3,
        3,
        3,
    )


@pytest.mark.parametrize("coherence", ["shifting", "stationary", "none"])
def test_coherences(sequences: np.ndarray, coherence: str) -> None:
    estimator = tvae.TopographicVAE(**SMALL, coherence=coherence).fit(sequences)
    assert estimator.model_.is_topographic == (coherence != "none")


def test_parameters_are_the_constructor_s() -> None:
    estimator = tvae.TopographicVAE(n_capsules=4)
    assert estimator.get_params()["n_capsules"] == 4
    assert repr(estimator) == "TopographicVAE(n_capsules=4)"
    with pytest.raises(ValueError, match="'capsules' is no parameter"):
        estimator.set_params(capsules=3)
    with pytest.raises(ValueError, match="coherence is 'round'"):
        tvae.TopographicVAE(coherence="round").fit(np.zeros((4, 2, 3)))
    with pytest.raises(ValueError, match="X is of shape"):
        estimator.fit(np.zeros(3))
    with pytest.raises((AttributeError, ValueError), match="not fitted"):
        estimator.transform(np.zeros((2, 3)))


def test_in_a_pipeline_and_a_search_of_scikit_learn() -> None:
    base = pytest.importorskip("sklearn.base", reason="scikit-learn is not installed")
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x = np.random.default_rng(0).standard_normal((30, 5))
    estimator = tvae.TopographicVAE(**SMALL, capsule_dim=3)
    copied = base.clone(estimator)
    assert copied.get_params() == estimator.get_params() and copied is not estimator
    assert make_pipeline(StandardScaler(), estimator).fit_transform(x).shape == (30, 9)
    search = GridSearchCV(estimator, {"n_capsules": [1, 2]}, cv=2).fit(x)
    assert np.isfinite(search.best_score_)
