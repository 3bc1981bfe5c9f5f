# SPDX-License-Identifier: MIT
"""Ranks that train together have the parameters of one process with the whole batch."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from thread_ranks import Meeting, ThreadExchange, on_threads

import tvae
from tvae import _mpi
from tvae.distributed import Exchange, Ranks, ranks_of

TINY = dict(image_size=16, n_capsules=2, n_frames=6, capsule_dim=6, window=3, log_steps=1)


def new_model(n_frames: int = 6) -> tvae.Model:
    prior = tvae.Prior(3, n_frames, tvae.Neighbourhood.shifting(3))
    return tvae.Model(prior, (1, 1, 12), seed=3)


def assert_equal_states(state: dict[str, Any], wanted: dict[str, Any]) -> None:
    for name, value in wanted.items():
        np.testing.assert_allclose(state[name], value, rtol=1e-4, atol=1e-5, err_msg=name)


def fitted(x: Any, batch_size: int, ranks: Ranks | None = None) -> dict[str, Any]:
    model = new_model()
    model.fit(x, steps=4, batch_size=batch_size, ranks=ranks, learning_rate=1e-2, progress=False)
    return model.state_dict()


def test_ranks_have_the_parameters_of_one_process(sequences: np.ndarray) -> None:
    wanted, initial = fitted(sequences, 6), new_model().state_dict()
    assert max(np.abs(wanted[name] - initial[name]).max() for name in wanted) > 1e-3
    first, second = on_threads(2, lambda ranks: fitted(sequences, 3, ranks))
    assert all(np.array_equal(first[name], second[name]) for name in first)
    assert_equal_states(first, wanted)


def test_parts_may_be_unequal(sequences: np.ndarray) -> None:
    alone = new_model()
    with tvae.Trainer(alone, learning_rate=1e-2) as trainer:
        wanted = trainer.step(sequences[:3]).loss
        assert trainer.exchange_facts == (0, 0, 0.0, 0)

    def step(ranks: Ranks) -> tuple[float, dict[str, Any]]:
        model = new_model()
        with tvae.Trainer(model, learning_rate=1e-2) as trainer:
            trainer.set_exchange(ranks, shared_memory=False, factors=False, bucket_bytes=4096)
            if ranks.rank < 2:
                first, part = ((0, sequences[:1]), (1, sequences[1:3]))[ranks.rank]
                terms = trainer.step_part(part, first, 3)
            else:
                terms = trainer.step_part(None, 3, 3, n_frames=sequences.shape[1])
            facts = trainer.exchange_facts
            assert 0 < facts.sent_bytes <= facts.dense_bytes and facts.n_buckets > 1
            assert trainer.part_seconds.exchange > 0.0
        return terms.loss, model.state_dict()

    for loss, state in on_threads(3, step):
        assert loss == pytest.approx(wanted, rel=1e-5)
        assert_equal_states(state, alone.state_dict())


def test_a_loader_gives_a_rank_its_part(sequences: np.ndarray) -> None:
    with tvae.Dataset.arrays(sequences) as data:
        with data.loader(4, seed=5) as whole, data.loader(2, seed=5, n_shards=2, shard=1) as part:
            x = whole.next().x
            assert whole.place == (0, 4)
            assert np.array_equal(part.next().x, x[2:])
            assert part.place == (2, 4)


def test_a_callback_of_one_rank_stops_all(sequences: np.ndarray) -> None:
    def train(ranks: Ranks) -> int:
        history = new_model().fit(
            sequences,
            steps=9,
            batch_size=2,
            ranks=ranks,
            callbacks=lambda step: ranks.rank == 1 and step.done == 3,
            progress=False,
        )
        return len(history.loss)

    assert on_threads(2, train) == [3, 3]


def test_the_estimator_takes_ranks(sequences: np.ndarray) -> None:
    def score(ranks: Ranks | None, batch_size: int) -> float:
        estimator = tvae.TopographicVAE(
            2, communicator=ranks, batch_size=batch_size, n_steps=3, learning_rate=1e-2
        )
        return estimator.fit(sequences).score(sequences)

    wanted = score(None, 6)
    assert on_threads(2, lambda ranks: score(ranks, 3)) == pytest.approx([wanted] * 2, rel=1e-5)


def test_runs_of_ranks(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    config = tvae.Config("sprites_quick", steps=2, batch_size=2, **TINY)

    def train(ranks: Ranks) -> dict[str, Any]:
        with tvae.Run.create_distributed(config, folder, ranks) as run:
            run.train(progress=False)
        with tvae.Run.create_distributed(None, folder, ranks, resume=True) as run:
            assert run.config()["n_ranks"] == "2"
        with tvae.Run.open_distributed(folder, ranks) as run:
            return run.evaluate(n_sequences=4, n_samples=2, progress=False)

    first, second = on_threads(2, train)
    assert first == second and first["steps"] == 2
    with tvae.Run.open(folder) as run:
        assert run.evaluate(n_sequences=4, n_samples=2, progress=False)["kl"] == pytest.approx(
            first["kl"], rel=1e-4
        )


def test_a_missing_rank_is_a_time_limit(sequences: np.ndarray) -> None:
    ranks = ThreadExchange(Meeting(2), 0)
    with tvae.Trainer(new_model()) as trainer:
        with pytest.raises(TimeoutError, match="a thread is missing"):
            trainer.set_exchange(ranks, timeout_seconds=0.1)


def test_exceptions_of_an_exchange_come_out_of_the_call() -> None:
    class Broken(Exchange):
        def gather(self, own: Any, counts: list[int], all: Any, seconds: float) -> None:
            raise LookupError("no such peer")

    with tvae.Trainer(new_model()) as trainer, pytest.raises(LookupError, match="no such peer"):
        trainer.set_exchange(Broken(0, 2))
    with tvae.Trainer(new_model()) as trainer, pytest.raises(tvae.InvalidError, match="rank"):
        trainer.set_exchange(Broken(2, 2))


def test_one_rank_and_none_need_nobody(sequences: np.ndarray) -> None:
    wanted = fitted(sequences, 4)
    assert_equal_states(fitted(sequences, 4, Exchange(0, 1)), wanted)
    with ranks_of(None) as ranks:
        assert ranks is None


def test_the_functions_of_libtvae_mpi_are_its_header_s(source: Path) -> None:
    header = (source / "include" / "tvae" / "mpi.h").read_text()
    declared = re.findall(r"^TVAE_API [^;(]*?(tvae_\w+)\(", header, re.M)
    assert [name for name, _, _ in _mpi.PROTOTYPES] == declared


def test_a_library_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TVAE_MPI_LIBRARY", "/no/such/library.so")
    _mpi.load.cache_clear()
    try:
        with pytest.raises(ImportError, match="TVAE_MPI_LIBRARY"):
            tvae.distributed.MPIExchange(None)
    finally:
        _mpi.load.cache_clear()


PROGRAM = """
import json, sys
import numpy as np
from mpi4py import MPI
sys.path.insert(0, sys.argv[1])
import tvae
from test_distributed import fitted
from tvae.distributed import MPIExchange, ranks_of

x = np.load(sys.argv[2])
with MPIExchange(MPI.COMM_WORLD) as ranks:
    assert ranks.n_ranks == 2 and ranks.rank == MPI.COMM_WORLD.rank
    assert ranks.any(ranks.rank == 1) and not ranks.any(False)
    assert ranks.share(b"rank %d" % ranks.rank) == b"rank 0"
    state = fitted(x, 3, ranks)
estimator = tvae.TopographicVAE(2, communicator=MPI.COMM_WORLD, batch_size=3, n_steps=2)
estimator.fit(x)
try:
    ranks.n_ranks
except ValueError:
    np.savez(sys.argv[3] + str(MPI.COMM_WORLD.rank), **state)
"""


def test_ranks_over_mpi_have_the_parameters_of_one_process(
    sequences: np.ndarray, tmp_path: Path
) -> None:
    if not shutil.which("mpirun") or importlib.util.find_spec("mpi4py") is None:
        pytest.skip("no mpirun, or no mpi4py: nothing is sent over MPI")
    try:
        _mpi.load()
    except ImportError as error:
        pytest.skip(str(error))
    np.save(tmp_path / "x.npy", sequences)
    (tmp_path / "program.py").write_text(PROGRAM)
    command = ["mpirun", "--oversubscribe", "--bind-to", "none", "-n", "2", sys.executable]
    command += ["-m", "mpi4py", "program.py", str(Path(__file__).parent), "x.npy", "state"]
    as_root = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    done = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, **as_root}, timeout=120, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()
    wanted = fitted(sequences, 6)
    for rank in range(2):
        with np.load(tmp_path / f"state{rank}.npz") as state:
            assert_equal_states(state, wanted)
