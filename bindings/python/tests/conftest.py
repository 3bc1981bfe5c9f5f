# SPDX-License-Identifier: MIT
"""What several tests need: small data, small models, the source tree."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np
import pytest

import tvae

# A shell's background jobs ignore Ctrl-C, and so would the tests of it and their children.
signal.signal(signal.SIGINT, signal.default_int_handler)

N_FRAMES = 6


@pytest.fixture(scope="session")
def source() -> Path:
    """The top of the source tree; the tests may run against an installed package."""
    return Path(os.environ.get("TVAE_SOURCE_DIR", Path(__file__).resolve().parents[3]))


@pytest.fixture
def sequences() -> np.ndarray:
    """A bar that moves round a ring of pixels, [sequences, frames, 1, 1, 12]."""
    pixels = np.arange(12)
    starts = np.arange(10)[:, None, None]
    frames = np.arange(N_FRAMES)[None, :, None]
    x = ((pixels - starts - 2 * frames) % 12 < 3).astype(np.float32)
    return x[:, :, None, None, :]


@pytest.fixture
def model() -> tvae.Model:
    """A small TVAE for those sequences, its parameters drawn."""
    prior = tvae.Prior(3, N_FRAMES, tvae.Neighbourhood.shifting(3))
    return tvae.Model(prior, (1, 1, 12), seed=3)
