# SPDX-License-Identifier: MIT
"""ONNX graphs as they are put together, and the library's layers in them."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ._configuration import Description
from .errors import UnsupportedError
from .tensor import FloatArray


def import_onnx() -> Any:
    """The package onnx, which only an export needs."""
    try:
        return importlib.import_module("onnx")
    except ImportError as error:
        raise ImportError(
            "export_onnx wants the package onnx: pip install onnx, or 'tvae[interchange]'"
        ) from error


class Graph:
    """Nodes and constants, gathered in order; values are known by their names."""

    def __init__(self, parameters: Mapping[str, FloatArray]) -> None:
        self.onnx = import_onnx()
        self.parameters = parameters
        self.nodes: list[Any] = []
        self.constants: dict[str, Any] = {}

    def add(self, kind: str, *inputs: str, output: str | None = None, **options: Any) -> str:
        """Add a node of one output and return the output's name."""
        name = output or f"{kind.lower()}.{len(self.nodes)}"
        self.nodes.append(self.onnx.helper.make_node(kind, inputs, [name], **options))
        return name

    def constant(self, name: str, array: npt.NDArray[Any]) -> str:
        """Add a constant under a name of the caller's, once."""
        if name not in self.constants:
            self.constants[name] = self.onnx.numpy_helper.from_array(array, name)
        return name

    def numbers(self, *values: int) -> str:
        """A vector of whole numbers."""
        return self.constant("int64." + "_".join(map(str, values)), np.array(values, np.int64))

    def scalar(self, value: int) -> str:
        """A whole number."""
        return self.constant(f"int64.scalar.{value}", np.array(value, np.int64))

    def real(self, name: str, value: float) -> str:
        """A real number."""
        return self.constant(name, np.array(value, np.float32))

    def reshape(self, value: str, *extents: int) -> str:
        """Reshape to constant extents, of which one may be -1."""
        return self.add("Reshape", value, self.numbers(*extents))


def add_layer(graph: Graph, layer: Description, prefix: str, x: str) -> str:
    """Rows through one layer, whose parameters' names begin with ``prefix``."""
    kind = str(layer["kind"])
    if kind not in _LAYERS:
        raise UnsupportedError(
            f"export_onnx: a layer is of kind {kind!r}, want one of {', '.join(sorted(_LAYERS))}"
        )
    return _LAYERS[kind](graph, layer, prefix, x)


def _add_sequential(graph: Graph, layer: Description, prefix: str, x: str) -> str:
    for index, child in enumerate(layer["layers"]):
        x = add_layer(graph, child, f"{prefix}{index}.", x)
    return x


def _add_linear(graph: Graph, layer: Description, prefix: str, x: str) -> str:
    """x W + b; a bias that serves several outputs is repeated."""
    name = prefix + "weight"
    weight = graph.parameters[name]
    inputs = [x, graph.constant(name, weight.reshape(weight.shape[0], -1))]
    if layer["n_biases"]:
        bias = graph.parameters[prefix + "bias"]
        repeats = int(layer["n_outputs"]) // bias.size
        inputs.append(graph.constant(prefix + "bias", np.repeat(bias, repeats)))
    return graph.add("Gemm", *inputs, transB=int(layer["weight_order"] == "out_in"))


def _add_convolution(graph: Graph, layer: Description, prefix: str, x: str) -> str:
    names = [prefix + "weight"] + [prefix + "bias"] * bool(layer["bias"])
    parameters = [graph.constant(name, graph.parameters[name]) for name in names]
    options: dict[str, Any] = {
        "strides": [layer["stride"]] * 2,
        "pads": [layer["padding"]] * 4,
    }
    kind = "Conv"
    if layer["kind"] == "conv_transpose2d":
        kind, options["output_padding"] = "ConvTranspose", [layer["output_padding"]] * 2
    extents = (layer["in_channels"], layer["input_height"], layer["input_width"])
    image = graph.add(kind, graph.reshape(x, -1, *extents), *parameters, **options)
    return graph.add("Flatten", image)


def _elementwise(kind: str) -> Callable[[Graph, Description, str, str], str]:
    def add(graph: Graph, layer: Description, prefix: str, x: str) -> str:
        return graph.add(kind, x)

    return add


def _add_leaky_relu(graph: Graph, layer: Description, prefix: str, x: str) -> str:
    return graph.add("LeakyRelu", x, alpha=float(layer["negative_slope"]))


_LAYERS: dict[str, Callable[[Graph, Description, str, str], str]] = {
    "sequential": _add_sequential,
    "linear": _add_linear,
    "conv2d": _add_convolution,
    "conv_transpose2d": _add_convolution,
    "relu": _elementwise("Relu"),
    "sigmoid": _elementwise("Sigmoid"),
    "tanh": _elementwise("Tanh"),
    "softplus": _elementwise("Softplus"),
    "leaky_relu": _add_leaky_relu,
}
