# SPDX-License-Identifier: MIT
"""Export of a model's encoder, sampler or decoder as an ONNX file."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from ._configuration import read_model
from ._construction import add_construction
from ._graph import Graph, add_layer
from ._text import PathLike
from .model import Model
from .runtime import version

OPSET = 17
#: The format that came with that set of operators, for runtimes that are not the newest.
IR_VERSION = 8


class _Export:
    """One part of a model as a graph, with its inputs and outputs."""

    def __init__(self, model: Model) -> None:
        self.configuration, archive = read_model(model)
        self.graph = Graph(archive)
        self.frame_shape = model.frame_shape
        self.latent_shape = model.latent_shape
        self.inputs: list[Any] = []
        self.outputs: list[Any] = []

    def _describe(self, name: str, shape: tuple[int, ...]) -> Any:
        helper = self.graph.onnx.helper
        float32 = self.graph.onnx.TensorProto.FLOAT
        return helper.make_tensor_value_info(name, float32, ["sequences", "frames", *shape])

    def _input(self, name: str, shape: tuple[int, ...]) -> str:
        self.inputs.append(self._describe(name, shape))
        return name

    def _output(self, value: str, name: str, shape: tuple[int, ...], like: str) -> None:
        """A value as an output of these extents; sequences and frames are those of an input."""
        self._spread(value, shape, like, output=name)
        self.outputs.append(self._describe(name, shape))

    def _places(self, value: str, like: str) -> str:
        """Latents as [sequences, frames, capsules, places]."""
        return self._spread(value, (self.latent_shape[0], -1), like)

    def _spread(
        self, value: str, shape: tuple[int, ...], like: str, output: str | None = None
    ) -> str:
        """Reshape to sequences and frames as ``like`` has them, then constant extents."""
        leading = self.graph.add("Shape", like, start=0, end=2)
        extents = self.graph.add("Concat", leading, self.graph.numbers(*shape), axis=0)
        return self.graph.add("Reshape", value, extents, output=output)

    def _posterior(self, encoder: str, x: str) -> tuple[str, str]:
        """Means and log-variances of the frames, in rows."""
        rows = self.graph.reshape(x, -1, self._width(self.frame_shape))
        layer = self.configuration[encoder]
        code = add_layer(self.graph, layer, f"{encoder}.model.", rows)
        n = self._width(self.latent_shape)
        halves = [(self.graph.numbers(i * n), self.graph.numbers((i + 1) * n)) for i in (0, 1)]
        axis = self.graph.numbers(1)
        mean, log_variance = (self.graph.add("Slice", code, *half, axis) for half in halves)
        return mean, log_variance

    @staticmethod
    def _width(shape: tuple[int, ...]) -> int:
        width = 1
        for extent in shape:
            width *= extent
        return width

    def _construct(self, x: str, z: str, u: str | None) -> None:
        if u is None:
            t = z
        else:
            places = self._places(z, x), self._places(u, x)
            t = add_construction(self.graph, self.configuration, *places)
        self._output(t, "t", self.latent_shape, x)

    def _encoders(self) -> list[tuple[str, str]]:
        return [(k, f"{k}_encoder") for k in "zu" if self.configuration[f"{k}_encoder"]]

    def encoder(self) -> None:
        """Frames x to means and log-variances, and t at the posterior means."""
        x = self._input("x", self.frame_shape)
        means = {}
        for latent, layer in self._encoders():
            means[latent], log_variance = self._posterior(layer, x)
            self._output(means[latent], f"{latent}_mean", self.latent_shape, x)
            self._output(log_variance, f"{latent}_log_variance", self.latent_shape, x)
        self._construct(x, means["z"], means.get("u"))

    def sampler(self) -> None:
        """Frames x and noise from N(0, 1) to a sample of t."""
        x = self._input("x", self.frame_shape)
        half = self.graph.real("half", 0.5)
        drawn = {}
        for latent, layer in self._encoders():
            mean, log_variance = self._posterior(layer, x)
            noise = self._input(f"noise_{latent}", self.latent_shape)
            rows = self.graph.reshape(noise, -1, self._width(self.latent_shape))
            scale = self.graph.add("Exp", self.graph.add("Mul", log_variance, half))
            spread = self.graph.add("Mul", scale, rows)
            drawn[latent] = self.graph.add("Add", mean, spread)
        self._construct(x, drawn["z"], drawn.get("u"))

    def decoder(self) -> None:
        """Capsules t to frames x: probabilities (Bernoulli) or means."""
        t = self._input("t", self.latent_shape)
        rows = self.graph.reshape(t, -1, self._width(self.latent_shape))
        frames = add_layer(self.graph, self.configuration["decoder"], "decoder.model.", rows)
        if self.configuration["model"]["likelihood"] == "bernoulli":
            frames = self.graph.add("Sigmoid", frames)
        self._output(frames, "x", self.frame_shape, t)

    def proto(self, name: str) -> Any:
        """The whole as onnx has it, checked by onnx's own checker."""
        onnx, helper = self.graph.onnx, self.graph.onnx.helper
        constants = list(self.graph.constants.values())
        graph = helper.make_graph(
            self.graph.nodes, f"tvae_{name}", self.inputs, self.outputs, constants
        )
        proto = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="tvae",
            producer_version=version(),
        )
        onnx.checker.check_model(proto, full_check=True)
        return proto


_PARTS: dict[str, Callable[[_Export], None]] = {
    "encoder": _Export.encoder,
    "sampler": _Export.sampler,
    "decoder": _Export.decoder,
}


def export_onnx(model: Model, path: PathLike, part: str = "encoder") -> None:
    """Write a part of a model as an ONNX file, for any number of sequences and frames.

    ``encoder``: frames ``x`` to ``z_mean``, ``z_log_variance``, ``u_mean``,
    ``u_log_variance`` (no u for a plain VAE) and the capsules ``t`` at the posterior means.
    ``sampler``: ``x``, ``noise_z``, ``noise_u`` to capsules ``t`` drawn with that noise.
    ``decoder``: ``t`` to frames ``x``, probabilities (Bernoulli) or means.

    Shapes are those of the model's methods. Wants the package onnx, and layers of the
    library's own kinds: :class:`UnsupportedError` names any other.
    """
    if part not in _PARTS:
        raise ValueError(f"part is {part!r}, want one of {', '.join(_PARTS)}")
    export = _Export(model)
    _PARTS[part](export)
    export.graph.onnx.save(export.proto(part), os.fspath(path))
