# SPDX-License-Identifier: MIT
"""The library itself: version, threads, kernel level, messages, facts about the machine."""

from __future__ import annotations

import logging
from ctypes import byref, sizeof
from dataclasses import dataclass

from . import _structures as structures
from ._handle import ask, call
from ._library import library_path
from ._options import choose
from .enums import KernelLevel

logger = logging.getLogger("tvae")
_LOG_LEVELS = {1: logging.WARNING, 2: logging.INFO}


@dataclass(frozen=True)
class RuntimeInfo:
    """What the library runs on."""

    library: str
    version: str
    n_threads: int
    n_cpus: int
    kernel_level: KernelLevel
    machine_level: KernelLevel
    cpu: str
    blas_kernel: str
    blas_config: str
    #: The OPENBLAS_CORETYPE that would be faster here; empty if none.
    blas_advice: str


def version() -> str:
    """The version of the loaded library."""
    return str(ask("tvae_version").decode())


def runtime_info() -> RuntimeInfo:
    """Facts about the machine and the libraries in use."""
    facts = structures.RuntimeFacts()
    call("tvae_runtime_info", byref(facts), sizeof(facts))
    return RuntimeInfo(
        library=library_path,
        version=version(),
        n_threads=facts.n_threads,
        n_cpus=facts.n_cpus,
        kernel_level=KernelLevel(facts.kernel_level),
        machine_level=KernelLevel(facts.machine_level),
        cpu=facts.cpu.decode(),
        blas_kernel=facts.blas_kernel.decode(),
        blas_config=facts.blas_config.decode(),
        blas_advice=facts.blas_advice.decode(),
    )


def set_threads(n_threads: int | None = None) -> None:
    """Compute with so many threads; None takes every CPU the process may run on.

    To be called before other calls. Without it the library computes on the calling thread.
    """
    call("tvae_set_threads", runtime_info().n_cpus if n_threads is None else n_threads)


def set_kernel_level(level: KernelLevel | str) -> None:
    """Cap the instruction sets that are used; to be called before other calls."""
    call("tvae_set_kernel_level", choose(KernelLevel, level))


def _log(_: object, level: int, text: bytes) -> None:
    logger.log(_LOG_LEVELS.get(level, logging.INFO), "%s", text.decode("utf-8", "replace"))


_log_function = structures.LogFunction(_log)


def _log_to_python() -> None:
    """Hand the library's messages to ``logging.getLogger("tvae")``."""
    hook = structures.LogHook(size=sizeof(structures.LogHook), message=_log_function)
    call("tvae_set_log_hook", byref(hook))


_log_to_python()
