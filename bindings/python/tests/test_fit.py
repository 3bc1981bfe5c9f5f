# SPDX-License-Identifier: MIT
"""Training: progress, callbacks, resume, and Ctrl-C at any moment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import numpy as np
import pytest

import tvae

ADAM = {"optimizer": "adam", "learning_rate": 3e-3, "progress": False}


def test_training_lowers_the_loss(model: tvae.Model, sequences: np.ndarray) -> None:
    history = model.fit(sequences, steps=200, **ADAM)
    assert len(history.loss) == 200
    assert history.loss[-1] < 0.8 * history.loss[0]


def test_epochs_are_so_many_batches(model: tvae.Model, sequences: np.ndarray) -> None:
    assert len(model.fit(sequences, epochs=3, batch_size=5, **ADAM).terms) == 6
    assert len(model.fit(tvae.Dataset.arrays(sequences), batch_size=2, **ADAM).terms) == 5
    with pytest.raises(TypeError, match="not both"):
        model.fit(sequences, steps=1, epochs=1)


def test_equal_seeds_train_equally(sequences: np.ndarray) -> None:
    models = []
    for _ in range(2):
        prior = tvae.Prior(3, 6, tvae.Neighbourhood.shifting(3))
        models.append(tvae.Model(prior, (1, 1, 12), seed=1))
        models[-1].fit(sequences, steps=5, seed=9, **ADAM)
    np.testing.assert_array_equal(*(model.encode(sequences) for model in models))


def test_callbacks_see_each_step_and_stop(model: tvae.Model, sequences: np.ndarray) -> None:
    seen = []

    def note(step: tvae.Step) -> None:
        seen.append((step.done, step.total, step.trainer.step_count))

    history = model.fit(sequences, steps=9, callbacks=[note, lambda step: step.done == 4], **ADAM)
    assert seen == [(n, 9, n) for n in range(1, 5)]
    assert len(history.loss) == 4


def test_exceptions_of_callbacks_come_through(model: tvae.Model, sequences: np.ndarray) -> None:
    def fail(step: tvae.Step) -> None:
        raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        model.fit(sequences, steps=9, callbacks=fail, **ADAM)


def test_ctrl_c_stops_between_steps_and_keeps_what_is_learnt(
    model: tvae.Model, sequences: np.ndarray
) -> None:
    before = model.encode(sequences)
    done = []

    def interrupt(step: tvae.Step) -> None:
        done.append(step.done)
        if step.done == 3:
            os.kill(os.getpid(), signal.SIGINT)

    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        model.fit(sequences, steps=1000, callbacks=interrupt, **ADAM)
    assert signal.getsignal(signal.SIGINT) is handler
    assert 3 <= len(done) <= 4
    assert not np.array_equal(model.encode(sequences), before)


def test_ctrl_c_within_a_run_saves_a_checkpoint(tmp_path) -> None:
    program = (
        "import sys, tvae\n"
        "config = tvae.Config('sprites_quick', n_capsules=3, image_size=16, steps=100000)\n"
        "def told(progress):\n"
        "    if progress.done == 3: print('ready', flush=True)\n"
        "with tvae.Run.create(config, sys.argv[1]) as run:\n"
        "    try: run.train(told, progress=False)\n"
        "    except KeyboardInterrupt: print(run.model().frame_shape)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, tmp_path / "run"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (out, err, process.returncode) == ("(1, 16, 16)\n", "", 0)


def test_a_restored_trainer_goes_on_exactly(sequences: np.ndarray, tmp_path) -> None:
    prior = tvae.Prior(3, 6, tvae.Neighbourhood.shifting(3))
    first = tvae.Trainer(tvae.Model(prior, (1, 1, 12), seed=1), seed=2, optimizer="adam")
    first.step(sequences)
    first.save(tmp_path / "state.safetensors")
    expected = first.step(sequences)
    prior = tvae.Prior(3, 6, tvae.Neighbourhood.shifting(3))
    second = tvae.Trainer(tvae.Model(prior, (1, 1, 12)), seed=2, optimizer="adam")
    second.load(tmp_path / "state.safetensors")
    assert second.step(sequences) == expected
    assert second.step_count == 2
    assert sum(second.part_seconds) > 0
    second.learning_rate = 0.5
    assert (second.learning_rate, second.kl_weight) == (0.5, 1.0)


def test_the_progress_bar_shows_the_loss(
    model: tvae.Model, sequences: np.ndarray, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("tqdm", reason="tqdm is not installed")
    model.fit(sequences, steps=3, optimizer="adam")
    shown = capsys.readouterr().err
    assert "3/3" in shown and "loss=" in shown
