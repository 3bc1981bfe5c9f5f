# SPDX-License-Identifier: MIT
"""Experiments by name, and configurations: tables of keys and values that rebuild a run."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from ctypes import byref, sizeof
from dataclasses import dataclass

from . import _structures as structures
from ._handle import Handle, ask, call
from ._options import choose
from ._text import PathLike, path_bytes, read_text
from .data import Dataset
from .enums import Split
from .model import Model


def experiments() -> dict[str, str]:
    """The experiments known by name, with what each reproduces."""
    return {
        ask("tvae_experiment_name", index).decode(): ask(
            "tvae_experiment_summary", index
        ).decode()
        for index in range(ask("tvae_experiment_count"))
    }


@dataclass(frozen=True)
class Key:
    """What is known of a key of configurations."""

    name: str
    type: str
    initial: str
    meaning: str
    words: tuple[str, ...]
    low: float
    high: float
    low_is_outside: bool
    high_is_outside: bool
    may_change_on_resume: bool
    zero_is_automatic: bool


def _words(facts: structures.KeyFacts) -> Iterator[str]:
    index = 0
    while facts.words and facts.words[index]:
        yield facts.words[index].decode()
        index += 1


def _key(index: int) -> Key:
    facts = structures.KeyFacts()
    call("tvae_config_key_facts", index, byref(facts), sizeof(facts))
    return Key(
        name=facts.name.decode(),
        type=facts.type.decode(),
        initial=facts.initial.decode(),
        meaning=facts.meaning.decode(),
        words=tuple(_words(facts)),
        low=facts.low,
        high=facts.high,
        low_is_outside=bool(facts.low_is_outside),
        high_is_outside=bool(facts.high_is_outside),
        may_change_on_resume=bool(facts.may_change_on_resume),
        zero_is_automatic=bool(facts.zero_is_automatic),
    )


def config_keys() -> dict[str, Key]:
    """All keys of configurations."""
    keys = [_key(index) for index in range(ask("tvae_config_key_count"))]
    return {key.name: key for key in keys}


class Config(Handle, MutableMapping[str, str]):
    """A configuration, used like a dict of texts: ``config["steps"] = 100``.

    ``Config("sprites_quick", steps=100)`` is the named experiment with changes.
    """

    _pointer_type = structures.Config
    _destroy_function = "tvae_config_destroy"

    def __init__(self, experiment: str, **changes: object) -> None:
        self._init("tvae_config_create", experiment.encode())
        self.update(**{name: str(value) for name, value in changes.items()})

    @classmethod
    def load(cls, path: PathLike) -> Config:
        """Read a configuration from JSON, such as a run's ``config.json``."""
        return cls._create("tvae_config_load", path_bytes(path))

    def save(self, path: PathLike) -> None:
        """Write the configuration as JSON."""
        call("tvae_config_save", self, path_bytes(path))

    def json(self) -> str:
        """The configuration as a JSON object."""
        return read_text("tvae_config_json", self)

    def __getitem__(self, key: str) -> str:
        return read_text("tvae_config_get", self, key.encode())

    def __setitem__(self, key: str, value: object) -> None:
        call("tvae_config_set", self, key.encode(), str(value).encode())

    def __delitem__(self, key: str) -> None:
        raise TypeError("keys of a configuration can be changed, not deleted")

    def __iter__(self) -> Iterator[str]:
        return iter(config_keys())

    def __len__(self) -> int:
        return int(ask("tvae_config_key_count"))

    # As for every other handle: equal only to itself, and usable in sets.
    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def build_model(self) -> Model:
        """The configured model, its parameters drawn from the seed."""
        return Model._create("tvae_config_build_model", self)

    def open_data(self, split: Split | str = Split.TRAIN) -> Dataset:
        """The configured data."""
        return Dataset._create("tvae_config_open_data", self, choose(Split, split))
