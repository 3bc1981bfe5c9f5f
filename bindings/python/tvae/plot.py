# SPDX-License-Identifier: MIT
"""Pictures: the frames of a traversal, and curves. Matplotlib draws where it is installed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ._handle import call
from ._text import PathLike, path_bytes
from .fitting import History
from .model import Model
from .tensor import ArrayLike, FloatArray, as_float32, require_tensor
from .topography import Roll

TRAVERSAL_LABELS = ("sequence", "reconstruction", "rolled")


def write_picture(path: PathLike, frames: ArrayLike, scale: int = 4) -> None:
    """Write rows of frames [rows, columns, channels, height, width] as a PNG.

    By the library itself; Matplotlib is not needed.
    """
    call("tvae_picture_write", path_bytes(path), require_tensor(frames), scale)


def traversal_frames(model: Model, sequence: ArrayLike, seed: int = 0) -> FloatArray:
    """The paper's traversal [3, frames, channels, height, width] of one sequence.

    Rows: the sequence; its reconstruction; the decoding of its first frame's capsules,
    rolled by one place a frame. Latents are sampled: at the posterior means the energies of
    u lack its variance, and decodings are poor.
    """
    x = as_float32(sequence)[np.newaxis]
    n_frames = x.shape[1]
    t = model.sample(x, seed)
    first = np.repeat(t[:, :1], n_frames, axis=1)
    with Roll(model.latent_shape[1:]) as roll:
        rolled = roll.apply(first, np.arange(n_frames))
    return np.concatenate([x, model.decode(t), model.decode(rolled)])


def _pyplot() -> Any:
    try:
        import matplotlib.pyplot as pyplot
    except ImportError:
        raise ImportError(
            "this plot needs Matplotlib: pip install matplotlib, or use tvae.write_picture"
        ) from None
    return pyplot


def frames(rows: ArrayLike, labels: Sequence[str] = (), path: PathLike | None = None) -> Any:
    """A figure of rows of frames [rows, columns, channels, height, width], labels beside.

    ``path`` saves it as well.
    """
    values = np.clip(as_float32(rows), 0.0, 1.0)
    n_rows, n_columns, channels = values.shape[:3]
    figure, axes = _pyplot().subplots(
        n_rows, n_columns, figsize=(0.6 * n_columns + 1.2, 0.65 * n_rows), squeeze=False
    )
    for place, axis in np.ndenumerate(axes):
        image = values[place].transpose(1, 2, 0)
        axis.imshow(image if channels == 3 else image[..., 0], cmap="gray", vmin=0, vmax=1)
        axis.set(xticks=[], yticks=[])
    for axis, label in zip(axes[:, 0], labels):
        axis.set_ylabel(label, rotation=0, ha="right", va="center")
    return _finish(figure, path)


def traversal(
    model: Model, sequence: ArrayLike, path: PathLike | None = None, *, seed: int = 0
) -> Any:
    """A figure of :func:`traversal_frames`, of one sequence [frames, channels, height, width]."""
    return frames(traversal_frames(model, sequence, seed), TRAVERSAL_LABELS, path)


def history(training: History, path: PathLike | None = None) -> Any:
    """A figure of the loss terms of each step."""
    figure, axis = _pyplot().subplots(figsize=(6, 3.5))
    for name in ("loss", "neg_log_px", "kl_z", "kl_u"):
        axis.plot([getattr(terms, name) for terms in training.terms], label=name, linewidth=0.8)
    axis.set(xlabel="step", ylabel="nats a frame")
    axis.legend()
    return _finish(figure, path)


def matrix(values: ArrayLike, path: PathLike | None = None) -> Any:
    """A figure of a matrix, such as :meth:`tvae.Covariance.matrix`; 0 is white."""
    table = as_float32(values)
    figure, axis = _pyplot().subplots(figsize=(4.5, 4))
    limit = float(np.nanmax(np.abs(table))) or 1.0
    image = axis.imshow(table, cmap="RdBu_r", vmin=-limit, vmax=limit)
    figure.colorbar(image)
    return _finish(figure, path)


def _finish(figure: Any, path: PathLike | None) -> Any:
    figure.tight_layout(pad=0.3)
    if path is not None:
        figure.savefig(path, dpi=120)
    return figure
