# SPDX-License-Identifier: MIT
"""Experiments by name: configurations, runs, pictures, reports."""

from __future__ import annotations

import logging
import math

import pytest

import tvae

SMALL = {"n_capsules": 3, "image_size": 16, "steps": 4, "checkpoint_steps": 2, "log_steps": 2}


def test_experiments_are_listed_with_what_they_reproduce() -> None:
    known = tvae.experiments()
    assert "sprites_quick" in known and len(known) >= 16
    assert all(len(summary) > 10 for summary in known.values())


def test_keys_of_configurations() -> None:
    keys = tvae.config_keys()
    assert keys["optimizer"].words == ("sgd", "adam", "adamw")
    assert keys["batch_size"].low == 1 and math.isnan(keys["optimizer"].low)
    assert keys["steps"].may_change_on_resume


def test_a_configuration_is_a_dict_of_texts(tmp_path) -> None:
    config = tvae.Config("sprites_quick", steps=7)
    assert config["steps"] == "7" and "steps" in config and "stepz" not in config
    assert set(config) == set(tvae.config_keys())
    config["learning_rate"] = 0.5
    config.save(tmp_path / "c.json")
    again = tvae.Config.load(tmp_path / "c.json")
    assert dict(again) == dict(config) and again.json() == config.json()
    with pytest.raises(TypeError, match="not deleted"):
        del config["steps"]
    assert config.open_data("test").shape == (15, 1, 32, 32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A run that is trained and evaluated."""
    path = tmp_path_factory.mktemp("runs") / "run"
    told = []
    with tvae.Run.create(tvae.Config("sprites_quick", **SMALL), path) as run:
        run.train(told.append, progress=False)
    assert [(progress.phase, progress.done, progress.total) for progress in told][-1] == (
        "train",
        4,
        4,
    )
    with tvae.Run.open(path) as run:
        run.evaluate(n_samples=2, n_sequences=10, progress=False)
    return path


def test_a_run_has_log_summary_model_and_configuration(folder) -> None:
    with tvae.Run.open(folder) as run:
        assert run.folder == folder
        assert run.log()[-1]["step"] == 4
        assert run.summary_number("equivariance_error") == run.summary()["equivariance_error"]
        assert run.model().latent_shape == (3, 15)
        assert run.config()["steps"] == "4"


def test_a_run_goes_on_and_is_locked_meanwhile(folder) -> None:
    config = tvae.Config("sprites_quick", **{**SMALL, "steps": 6})
    with tvae.Run.resume(folder, config) as run:
        with pytest.raises(tvae.BusyError):
            tvae.Run.resume(folder)
        run.train(progress=False)
        assert run.log()[-1]["step"] == 6
    with pytest.raises(tvae.InvalidError):
        tvae.Run.create("sprites_quick", folder)


def test_callbacks_stop_a_run_or_raise(folder) -> None:
    config = tvae.Config("sprites_quick", **{**SMALL, "steps": 20})
    with tvae.Run.resume(folder, config) as run, pytest.raises(tvae.CancelledError):
        run.train(lambda progress: True, progress=False)

    def fail(progress: tvae.Progress) -> None:
        raise RuntimeError("on purpose")

    with tvae.Run.resume(folder) as run, pytest.raises(RuntimeError, match="on purpose"):
        run.train(fail, progress=False)


def test_pictures_and_reports(folder, tmp_path) -> None:
    with tvae.Run.open(folder) as run:
        assert folder / "figures" / "samples.png" in run.figures()
        tvae.write_report([run], tmp_path / "report.html")
        tvae.write_likelihood_plot([run], tmp_path / "likelihood.png")
    assert (tmp_path / "report.html").stat().st_size > 10_000
    assert (tmp_path / "likelihood.png").read_bytes().startswith(b"\x89PNG")


def test_messages_of_the_library_go_to_logging(folder, caplog) -> None:
    states = sorted(folder.glob("state*"), key=lambda path: path.stat().st_mtime_ns)
    newest = states[-1]
    newest.write_bytes(newest.read_bytes()[:-10])
    with caplog.at_level(logging.INFO, "tvae"):
        tvae.Run.resume(folder).close()
    assert any(record.name == "tvae" for record in caplog.records)


def test_runtime_facts() -> None:
    facts = tvae.runtime_info()
    assert facts.version == tvae.__version__
    assert facts.n_cpus >= 1 and facts.kernel_level <= facts.machine_level
    tvae.set_kernel_level("portable")
    try:
        assert tvae.runtime_info().kernel_level == tvae.KernelLevel.PORTABLE
    finally:
        tvae.set_kernel_level(facts.machine_level)
