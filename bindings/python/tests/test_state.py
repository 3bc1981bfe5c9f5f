# SPDX-License-Identifier: MIT
"""State dicts: what does not fit is named, all at once, and changes nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import tvae

GONE, NEW, BENT = "decoder.model.0.bias", "head.weight", "z_encoder.model.2.bias"


def test_a_state_goes_through_either_file(model: tvae.Model, tmp_path: Path) -> None:
    state = model.state_dict()
    for name in ("state.npz", "state.safetensors"):
        tvae.Archive(state).save(tmp_path / name)
        model.initialise(99)
        assert model.load_state_dict(tmp_path / name) == ([], [])
        for key, value in model.state_dict().items():
            np.testing.assert_array_equal(value, state[key])


def test_everything_wrong_is_named_and_nothing_is_changed(model: tvae.Model) -> None:
    before = model.state_dict()
    state = {name: value + 1 for name, value in before.items()}
    state[NEW] = state.pop(GONE)
    state[BENT] = state[BENT][:5]
    with pytest.raises(tvae.NotFoundError) as caught:
        model.load_state_dict(state)
    assert isinstance(caught.value, KeyError)
    assert str(caught.value) == (
        f"the state does not fit: missing: {GONE}; unexpected: {NEW}; "
        f"misshaped: {BENT} is (5,), want (36,)"
    )
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value, before[name])


def test_a_wrong_shape_alone_is_an_error_of_shape(model: tvae.Model) -> None:
    state = model.state_dict()
    state[BENT] = state[BENT][:5]
    for strict in (True, False):
        with pytest.raises(tvae.ShapeError, match=r"misshaped: .* is \(5,\), want \(36,\)"):
            model.load_state_dict(state, strict=strict)


def test_what_is_not_finite_is_refused_before_anything_is_copied(model: tvae.Model) -> None:
    before = model.state_dict()
    state = {name: value + 1 for name, value in before.items()}
    state[BENT][3] = np.nan
    with pytest.raises(tvae.NumericError, match=BENT):
        model.load_state_dict(state)
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value, before[name])


def test_names_may_differ_when_not_strict(model: tvae.Model) -> None:
    state = {name: 2 * value for name, value in model.state_dict().items()}
    kept = model.get_parameter(GONE)
    state[NEW] = state.pop(GONE)
    assert model.load_state_dict(state, strict=False) == ([GONE], [NEW])
    np.testing.assert_array_equal(model.get_parameter(GONE), kept)
    np.testing.assert_array_equal(model.get_parameter(BENT), state[BENT])


def test_weights_beside_the_offsets_are_refused() -> None:
    name = "grouper.model.weight"
    model = tvae.Model(tvae.Prior(3, 6, tvae.Neighbourhood.shifting(3)), (1, 1, 12))
    whole = np.ones((1, 1, 3, 3, 1), np.float32)
    with pytest.raises(tvae.InvalidError, match="has 6 weights where .* no offset"):
        model.load_state_dict(model.state_dict() | {name: whole})
    state = model.state_dict()
    model.set_parameter(name, 0 * whole)  # as training may leave them
    model.load_state_dict(state)
    np.testing.assert_array_equal(model.get_parameter(name), state[name])


def test_latents_are_dumped_as_npz(
    model: tvae.Model, sequences: np.ndarray, tmp_path: Path
) -> None:
    t, factors = model.encode(sequences), np.arange(60.0).reshape(10, 6, 1)
    np.savez(tmp_path / "latents.npz", t=t, factors=factors)
    again = tvae.Archive.load(tmp_path / "latents.npz")
    np.testing.assert_array_equal(again["t"], t)
    np.testing.assert_array_equal(again["factors"], factors)
