# SPDX-License-Identifier: MIT
"""Layers: rows [rows, inputs] to rows [rows, outputs], with named parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ctypes import byref, c_int32, c_size_t, create_string_buffer
from typing import Any

from . import _structures as structures
from ._handle import Handle, array_of, ask, call
from ._options import choose, fill
from .enums import WeightOrder
from .state import IncompatibleKeys, StateLike, check_state, read_state
from .tensor import ArrayLike, FloatArray, Output, require_tensor

MAX_RANK = 8
NAME_BYTES = 256


class Workspace(Handle):
    """Scratch memory of one thread; calls that run at the same time need one each."""

    _pointer_type = structures.Workspace
    _destroy_function = "tvae_workspace_destroy"

    def __init__(self) -> None:
        self._init("tvae_workspace_create")


class Parameters(Handle):
    """What layers and models share: parameters and gradients, copied in and out by name."""

    _noun: str

    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes, in order."""
        return dict(self._parameter_facts())

    def _parameter_facts(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        for index in range(ask(f"tvae_{self._noun}_parameter_count", self)):
            name = create_string_buffer(NAME_BYTES)
            rank = c_int32()
            shape = (c_size_t * MAX_RANK)()
            call(
                f"tvae_{self._noun}_parameter_info",
                self,
                index,
                name,
                len(name),
                byref(rank),
                shape,
            )
            yield name.value.decode(), tuple(shape[: rank.value])

    def _copy_out(self, function: str, name: str) -> FloatArray:
        # An unknown name gets some shape, so that the library's own sentence about it comes.
        result = Output(self.parameter_shapes().get(name, (1,)))
        call(f"tvae_{self._noun}_{function}", self, name.encode(), result.tensor)
        array: FloatArray = result.array
        return array

    def get_parameter(self, name: str) -> FloatArray:
        """A copy of one parameter."""
        return self._copy_out("get_parameter", name)

    def set_parameter(self, name: str, value: ArrayLike) -> None:
        """Copy new values in; they must be finite."""
        call(f"tvae_{self._noun}_set_parameter", self, name.encode(), require_tensor(value))

    def gradient(self, name: str) -> FloatArray:
        """A copy of the gradient added up for one parameter."""
        return self._copy_out("get_gradient", name)

    def zero_gradient(self) -> None:
        """Set all gradients added up to zero."""
        call(f"tvae_{self._noun}_zero_gradient", self)

    def initialise(self, seed: int) -> None:
        """Draw the initial parameters; equal seeds give equal ones."""
        call(f"tvae_{self._noun}_initialise", self, seed)

    def state_dict(self) -> dict[str, FloatArray]:
        """Copies of all parameters by name, as PyTorch names and shapes them."""
        return {name: self.get_parameter(name) for name in self.parameter_shapes()}

    def load_state_dict(self, state: StateLike, strict: bool = True) -> IncompatibleKeys:
        """Copy all parameters in, from arrays by name or a file that holds them.

        Arrays may be NumPy's or PyTorch's; files are ``.safetensors`` (also of
        ``safetensors.torch.save_file``) or ``.npz``. Names, shapes and values are checked
        first, so that what does not fit changes nothing. ``strict=False`` passes over names
        that are missing or unexpected, and returns them.
        """
        arrays = read_state(state)
        shapes = self.parameter_shapes()
        incompatible = check_state(shapes, arrays, strict)
        self._check_values({name: arrays[name] for name in shapes if name in arrays})
        for name in shapes:
            if name in arrays:
                self.set_parameter(name, arrays[name])
        return incompatible

    def _check_values(self, arrays: Mapping[str, FloatArray]) -> None:
        """Refuse values that names and shapes do not show to be wrong."""


class Layer(Parameters):
    """A layer of the library; made by :class:`Linear`, :class:`Conv2d`, :class:`ReLU`, ..."""

    _pointer_type = structures.Layer
    _destroy_function = "tvae_layer_destroy"
    _noun = "layer"

    def output_width(self, n_inputs: int) -> int:
        """Width of the output rows for input rows of this width."""
        width = c_size_t()
        call("tvae_layer_output_width", self, n_inputs, byref(width))
        return width.value

    def forward(self, x: ArrayLike, work: Workspace | None = None, *, out: Any = None) -> Any:
        """Outputs [rows, outputs] of x [rows, inputs]; ``work`` keeps what backward needs."""
        tensor = require_tensor(x)
        n_rows, n_inputs = tensor.shape
        result = Output((n_rows, self.output_width(n_inputs)), out)
        call("tvae_layer_forward", self, work or Workspace(), tensor, result.tensor)
        return result.array

    def backward(
        self, x: ArrayLike, y: ArrayLike, dy: ArrayLike, work: Workspace, *, out: Any = None
    ) -> Any:
        """Add the parameters' gradients and return that by x; y, work as of forward."""
        tensor = require_tensor(x)
        result = Output(tensor.shape, out)
        call(
            "tvae_layer_backward",
            self,
            work,
            tensor,
            require_tensor(y),
            require_tensor(dy),
            result.tensor,
        )
        return result.array


class Linear(Layer):
    """y = x W + b; the weight is shown as PyTorch's."""

    def __init__(
        self,
        n_inputs: int,
        n_outputs: int,
        *,
        n_biases: int | None = None,
        kernel_height: int | None = None,
        kernel_width: int | None = None,
        weight_order: WeightOrder | str | None = None,
        init_bound: float | None = None,
    ) -> None:
        options = fill(
            structures.LinearOptions,
            "tvae_linear_options_init",
            n_inputs=n_inputs,
            n_outputs=n_outputs,
            n_biases=n_biases,
            kernel_height=kernel_height,
            kernel_width=kernel_width,
            weight_order=None if weight_order is None else choose(WeightOrder, weight_order),
            init_bound=init_bound,
        )
        self._init("tvae_layer_create_linear", byref(options))


class Conv2d(Layer):
    """Convolution of images that lie flat in the rows, as torch.nn.Conv2d."""

    _function = "tvae_layer_create_conv2d"

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        input_size: tuple[int, int],
        *,
        stride: int | None = None,
        padding: int | None = None,
        output_padding: int | None = None,
        bias: bool | None = None,
        init_bound: float | None = None,
    ) -> None:
        kernel = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
        options = fill(
            structures.Conv2dOptions,
            "tvae_conv2d_options_init",
            in_channels=in_channels,
            out_channels=out_channels,
            input_height=input_size[0],
            input_width=input_size[1],
            kernel_height=kernel[0],
            kernel_width=kernel[1],
            stride=stride,
            padding=padding,
            output_padding=output_padding,
            bias=bias,
            init_bound=init_bound,
        )
        self._init(self._function, byref(options))


class ConvTranspose2d(Conv2d):
    """Transposed convolution of images, as torch.nn.ConvTranspose2d."""

    _function = "tvae_layer_create_conv_transpose2d"


class ReLU(Layer):
    """max(x, 0)."""

    def __init__(self) -> None:
        self._init("tvae_layer_create_relu")


class LeakyReLU(Layer):
    """x where it is positive, else ``negative_slope`` times x."""

    def __init__(self, negative_slope: float = 0.01) -> None:
        self._init("tvae_layer_create_leaky_relu", negative_slope)


class Sigmoid(Layer):
    """1 / (1 + exp(-x))."""

    def __init__(self) -> None:
        self._init("tvae_layer_create_sigmoid")


class Tanh(Layer):
    """tanh(x)."""

    def __init__(self) -> None:
        self._init("tvae_layer_create_tanh")


class Softplus(Layer):
    """log(1 + exp(x))."""

    def __init__(self) -> None:
        self._init("tvae_layer_create_softplus")


class Sequential(Layer):
    """A chain: each layer's outputs are the next one's inputs."""

    def __init__(self, *layers: Layer) -> None:
        pointers = array_of(structures.Layer, layers)
        self._init("tvae_layer_create_sequential", pointers, len(layers))
