# SPDX-License-Identifier: MIT
"""Failures raise exceptions that carry the library's sentence."""

from __future__ import annotations

import numpy as np
import pytest

import tvae


@pytest.mark.parametrize(
    ("kind", "builtin", "status", "sentence", "failing"),
    [
        (tvae.NotFoundError, FileNotFoundError, -12, "no_such", lambda: tvae.Config("no_such")),
        (
            tvae.NotFoundError,
            KeyError,
            -12,
            "stepz",
            lambda: tvae.Config("sprites_quick")["stepz"],
        ),
        (tvae.InvalidError, ValueError, -1, "", lambda: tvae.Neighbourhood.shifting(0)),
        (tvae.ShapeError, ValueError, -3, "", lambda: tvae.Tensor((3, 0))),
        (
            tvae.NumericError,
            ArithmeticError,
            -6,
            "",
            lambda: tvae.equivariance_error(np.full((1, 2, 1, 2), np.nan)),
        ),
        (
            tvae.UnsupportedError,
            NotImplementedError,
            -7,
            "",
            lambda: tvae.Archive().save("a.txt"),
        ),
    ],
)
def test_statuses_become_exceptions(kind, builtin, status, sentence, failing) -> None:
    with pytest.raises(kind) as caught:
        failing()
    assert isinstance(caught.value, (tvae.Error, builtin))
    assert isinstance(caught.value, builtin)
    assert caught.value.status == status
    assert sentence in str(caught.value)
    assert " " in str(caught.value)
    assert "\n" not in str(caught.value)


def test_system_errors_are_of_the_system_s_kind(model: tvae.Model, tmp_path) -> None:
    with pytest.raises(OSError) as caught:
        model.save(tmp_path / "no" / "folder" / "m.safetensors")
    assert isinstance(caught.value, tvae.FileError)


def test_damaged_files_are_format_errors(tmp_path) -> None:
    path = tmp_path / "m.safetensors"
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(tvae.FormatError):
        tvae.Model.load(path)


def test_unknown_statuses_still_raise() -> None:
    from tvae.errors import error_of

    error = error_of(-99)
    assert type(error) is tvae.Error
    assert error.status == -99


def test_names_of_choices_are_checked(model: tvae.Model) -> None:
    with pytest.raises(ValueError, match="'sgd', 'adam', 'adamw'"):
        tvae.Trainer(model, optimizer="rmsprop")
    with pytest.raises(TypeError):
        tvae.Trainer(model, learning_rat=1)  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="5 numbers, not 2"):
        tvae.Dataset.sprites(start=(1, 2))
