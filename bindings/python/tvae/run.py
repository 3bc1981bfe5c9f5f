# SPDX-License-Identifier: MIT
"""Runs: folders in which an experiment trains, is evaluated and drawn."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from ctypes import byref, c_double, sizeof
from pathlib import Path
from typing import Any, NamedTuple

from . import _callback
from . import _structures as structures
from ._handle import Handle, array_of, ask, call
from ._interrupt import DeferredInterrupt
from ._options import choose, fill
from ._progress import ProgressBar
from ._ranks import Ranks
from ._text import PathLike, path_bytes
from .config import Config
from .enums import Split
from .errors import CancelledError
from .model import Model


class Progress(NamedTuple):
    """What callbacks are told after every step or batch."""

    phase: str
    done: int
    total: int
    #: Seconds since the call began.
    seconds: float
    #: Of the latest step; NaN where there is none.
    loss: float


#: Called after every step or batch; a true result stops, with the work so far saved.
ProgressCallback = Callable[[Progress], bool | None]


def _call_with_progress(
    function: str, *arguments: Any, callback: ProgressCallback | None, show: bool
) -> None:
    """Call a function whose last argument is a progress hook."""
    bar: ProgressBar | None = None

    def progress(_: Any, pointer: Any) -> int:
        nonlocal bar
        try:
            facts = pointer.contents
            told = Progress(
                facts.phase.decode(), facts.done, facts.total, facts.seconds, facts.loss
            )
            if bar is None:
                bar = ProgressBar(show, told.total, told.phase, facts.first)
            bar.move_to(told.done, **({"loss": told.loss} if told.loss == told.loss else {}))
            stop = callback(told) if callback else False
        except BaseException as error:
            _callback.keep(error)
            return 1
        return int(bool(stop) or interrupt.pending)

    hook = structures.ProgressHook(size=sizeof(structures.ProgressHook))
    hook.progress = structures.ProgressFunction(progress)
    with DeferredInterrupt() as interrupt:
        try:
            call(function, *arguments, byref(hook))
        except CancelledError:
            if not interrupt.pending:
                raise
        finally:
            if bar is not None:
                bar.close()


class Run(Handle):
    """A run folder: :meth:`create` starts one, :meth:`resume` goes on, :meth:`open` reads.

    A folder open for training is locked until :meth:`close` or the end of the ``with``.
    """

    _pointer_type = structures.Run
    _destroy_function = "tvae_run_destroy"

    _ranks: Ranks | None = None

    def __init__(self) -> None:
        raise TypeError("use Run.create, .resume or .open, or those for several ranks")

    @classmethod
    def create(cls, config: Config | str, folder: PathLike) -> Run:
        """Start a run of a configuration, or of an experiment by its name."""
        chosen = Config(config) if isinstance(config, str) else config
        return cls._create("tvae_run_create", chosen, path_bytes(folder))

    @classmethod
    def resume(cls, folder: PathLike, config: Config | None = None) -> Run:
        """Go on from the newest good checkpoint."""
        return cls._create("tvae_run_resume", config, path_bytes(folder))

    @classmethod
    def open(cls, folder: PathLike) -> Run:
        """Open a run to evaluate it or draw its pictures."""
        return cls._create("tvae_run_open", path_bytes(folder))

    @classmethod
    def create_distributed(
        cls,
        config: Config | str | None,
        folder: PathLike,
        ranks: Ranks,
        *,
        resume: bool = False,
    ) -> Run:
        """Start, or go on with, a run that several ranks train; a collective of them all.

        ``batch_size`` is each rank's own. The first rank alone uses the folder, and shows the
        progress. To go on, the configuration may be None.
        """
        chosen = Config(config) if isinstance(config, str) else config
        table = byref(ranks._open_table())
        run = cls._create(
            "tvae_run_create_distributed",
            chosen,
            path_bytes(folder),
            int(resume),
            table,
            keeps=(ranks,),
        )
        run._ranks = ranks
        return run

    @classmethod
    def open_distributed(cls, folder: PathLike, ranks: Ranks) -> Run:
        """Open a run that several ranks evaluate; a collective of them all."""
        table = byref(ranks._open_table())
        run = cls._create("tvae_run_open_distributed", path_bytes(folder), table, keeps=(ranks,))
        run._ranks = ranks
        return run

    @property
    def _talks(self) -> bool:
        return self._ranks is None or self._ranks.rank == 0

    @property
    def folder(self) -> Path:
        """The run's folder."""
        return Path(ask("tvae_run_folder", self).decode())

    def config(self) -> Config:
        """A copy of the run's configuration."""
        return Config._create("tvae_run_config", self)

    def model(self) -> Model:
        """The model as last saved."""
        return Model._create("tvae_run_model", self)

    def train(self, callback: ProgressCallback | None = None, *, progress: bool = True) -> None:
        """Train to the configured total of steps.

        A callback's true result stops with :class:`CancelledError`, Ctrl-C with
        KeyboardInterrupt; either way a checkpoint is saved first.
        """
        _call_with_progress(
            "tvae_run_train", self, callback=callback, show=progress and self._talks
        )

    def evaluate(
        self,
        callback: ProgressCallback | None = None,
        *,
        n_samples: int | None = None,
        n_sequences: int | None = None,
        seed: int | None = None,
        split: Split | str = Split.TEST,
        at_means: bool | None = None,
        best: bool | None = None,
        data: PathLike | None = None,
        progress: bool = True,
    ) -> dict[str, Any]:
        """Evaluate the saved model; returns what ``summary.json`` now holds."""
        options = fill(
            structures.EvaluateOptions,
            "tvae_evaluate_options_init",
            n_samples=n_samples,
            n_sequences=n_sequences,
            seed=seed,
            split=choose(Split, split),
            at_means=at_means,
            best=best,
        )
        path = None if data is None else path_bytes(data)
        _call_with_progress(
            "tvae_run_evaluate",
            self,
            byref(options),
            path,
            callback=callback,
            show=progress and self._talks,
        )
        return self.summary()

    def summary(self) -> dict[str, Any]:
        """The latest evaluation, as ``summary.json`` has it; of several ranks a collective."""
        text = (self.folder / "summary.json").read_bytes() if self._talks else b""
        if self._ranks is not None:
            text = self._ranks.share(text)
        summary: dict[str, Any] = json.loads(text)
        return summary

    def summary_number(self, path: str) -> float:
        """A number of the latest evaluation, such as "capcorr.posX"; NaN for null."""
        value = c_double()
        call("tvae_run_summary_number", self, path.encode(), byref(value))
        return value.value

    def log(self) -> list[dict[str, Any]]:
        """The lines of the training log; none before ``log_steps`` steps."""
        path = self.folder / "log.jsonl"
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        return [json.loads(line) for line in lines]

    def figures(self, *, data: PathLike | None = None, progress: bool = False) -> list[Path]:
        """Draw the paper's pictures into the folder; returns their paths."""
        path = None if data is None else path_bytes(data)
        _call_with_progress("tvae_report_figures", self, path, callback=None, show=progress)
        return sorted((self.folder / "figures").glob("*.png"))


def write_report(
    runs: Sequence[Run], path: PathLike, *, data: PathLike | None = None, progress: bool = False
) -> None:
    """One self-contained HTML page that shows runs side by side."""
    pointers = array_of(structures.Run, runs)
    data_path = None if data is None else path_bytes(data)
    _call_with_progress(
        "tvae_report_html",
        pointers,
        len(runs),
        data_path,
        path_bytes(path),
        callback=None,
        show=progress,
    )


def write_likelihood_plot(runs: Sequence[Run], path: PathLike) -> None:
    """The log-likelihood of evaluated runs against the frames their neighbourhoods span."""
    call("tvae_report_likelihood", array_of(structures.Run, runs), len(runs), path_bytes(path))
