# SPDX-License-Identifier: MIT
"""The trainer: a model, its optimiser's state and the step count."""

from __future__ import annotations

from ctypes import byref, c_double, sizeof
from typing import NamedTuple

from . import _structures as structures
from ._handle import Handle, ask, call
from ._options import choose, fill
from ._ranks import Ranks
from ._text import PathLike, path_bytes
from .enums import ExchangeType, Optimizer, Schedule
from .model import N_TERMS, Model, Terms
from .tensor import ArrayLike, require_tensor

N_PARTS = 9


class PartSeconds(NamedTuple):
    """Where the time of a training step went, in seconds."""

    noise: float
    encoders: float
    prior: float
    decoder: float
    likelihood: float
    equivariance: float
    backward: float
    update: float
    exchange: float


class ExchangeFacts(NamedTuple):
    """What the exchange of a step took; zeros without one."""

    #: Bytes of gradients that were sent, and what they would be as float32 with all rows.
    sent_bytes: int
    dense_bytes: int
    #: In which the step did nothing but wait for other ranks.
    wait_seconds: float
    #: Pieces the gradient was sent in.
    n_buckets: int


class Trainer(Handle):
    """Trains a model step by step; keeps the model alive.

    The defaults are the paper's: SGD with momentum 0.9 and a learning rate of 1e-4.
    """

    _pointer_type = structures.Trainer
    _destroy_function = "tvae_trainer_destroy"

    def __init__(
        self,
        model: Model,
        *,
        seed: int | None = None,
        optimizer: Optimizer | str | None = None,
        learning_rate: float | None = None,
        momentum: float | None = None,
        beta1: float | None = None,
        beta2: float | None = None,
        epsilon: float | None = None,
        weight_decay: float | None = None,
        schedule: Schedule | str | None = None,
        schedule_steps: int | None = None,
        schedule_gamma: float | None = None,
        min_learning_rate: float | None = None,
        max_gradient_norm: float | None = None,
        kl_weight: float | None = None,
        kl_warmup_steps: int | None = None,
    ) -> None:
        options = fill(
            structures.TrainOptions,
            "tvae_train_options_init",
            seed=seed,
            optimizer=None if optimizer is None else choose(Optimizer, optimizer),
            learning_rate=learning_rate,
            momentum=momentum,
            beta1=beta1,
            beta2=beta2,
            epsilon=epsilon,
            weight_decay=weight_decay,
            schedule=None if schedule is None else choose(Schedule, schedule),
            schedule_steps=schedule_steps,
            schedule_gamma=schedule_gamma,
            min_learning_rate=min_learning_rate,
            max_gradient_norm=max_gradient_norm,
            kl_weight=kl_weight,
            kl_warmup_steps=kl_warmup_steps,
        )
        self._init("tvae_trainer_create", model, byref(options))

    def step(self, x: ArrayLike) -> Terms:
        """One optimisation step on a batch; the terms are those before the update."""
        terms = (c_double * N_TERMS)()
        call("tvae_trainer_step", self, require_tensor(x), terms, N_TERMS)
        return Terms(*terms)

    def set_exchange(
        self,
        ranks: Ranks,
        *,
        timeout_seconds: float | None = None,
        bucket_bytes: int | None = None,
        gradient_type: ExchangeType | str | None = None,
        row_sparse: bool | None = None,
        shared_memory: bool | None = None,
        factors: bool | None = None,
    ) -> None:
        """Train together with other ranks; a collective of them all, before the first step.

        From then on a step's batch is what all ranks bring along, and all have equal
        parameters. See :mod:`tvae.distributed`.
        """
        options = fill(
            structures.ExchangeOptions,
            "tvae_exchange_options_init",
            timeout_seconds=timeout_seconds,
            bucket_bytes=bucket_bytes,
            gradient_type=None if gradient_type is None else choose(ExchangeType, gradient_type),
            row_sparse=row_sparse,
            shared_memory=shared_memory,
            factors=factors,
        )
        self._keeps += (ranks,)
        call("tvae_trainer_set_exchange", self, byref(ranks._open_table()), byref(options))

    def step_part(
        self, x: ArrayLike | None, first: int, n_total: int, *, n_frames: int = 0
    ) -> Terms:
        """A step of which this rank has the sequences x, from place ``first`` of ``n_total`` on.

        A rank that has none gives None, and ``n_frames`` instead.
        """
        terms = (c_double * N_TERMS)()
        part = None if x is None else require_tensor(x)
        call("tvae_trainer_step_part", self, part, n_frames, first, n_total, terms, N_TERMS)
        return Terms(*terms)

    @property
    def exchange_facts(self) -> ExchangeFacts:
        """What the exchange of the latest step took."""
        facts = structures.ExchangeFacts()
        call("tvae_trainer_exchange_facts", self, byref(facts), sizeof(facts))
        return ExchangeFacts(
            int(facts.sent_bytes), int(facts.dense_bytes), facts.wait_seconds, facts.n_buckets
        )

    @property
    def part_seconds(self) -> PartSeconds:
        """Where the time of the latest step went."""
        seconds = (c_double * N_PARTS)()
        call("tvae_trainer_part_seconds", self, seconds, N_PARTS)
        return PartSeconds(*seconds)

    @property
    def step_count(self) -> int:
        """Steps so far, those before a restored state included."""
        return int(ask("tvae_trainer_step_count", self))

    @property
    def learning_rate(self) -> float:
        """The learning rate of the next step; may be set."""
        return float(ask("tvae_trainer_learning_rate", self))

    @learning_rate.setter
    def learning_rate(self, rate: float) -> None:
        call("tvae_trainer_set_learning_rate", self, rate)

    @property
    def kl_weight(self) -> float:
        """The weight of the KL divergences in the next step's gradient."""
        return float(ask("tvae_trainer_kl_weight", self))

    def save(self, path: PathLike) -> None:
        """Save everything an exact resume needs, as ``.safetensors``."""
        call("tvae_trainer_save", self, path_bytes(path))

    def load(self, path: PathLike) -> None:
        """Restore what :meth:`save` wrote, into a trainer of an equal model and options."""
        call("tvae_trainer_load", self, path_bytes(path))
