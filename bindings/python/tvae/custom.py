# SPDX-License-Identifier: MIT
"""Layers whose functions are written in Python."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from ctypes import POINTER, byref, c_char_p, c_size_t, cast, sizeof
from typing import Any

import numpy as np

from . import _callback
from . import _structures as structures
from .errors import CancelledError
from .layer import Layer
from .tensor import FloatArray

#: The functions of every layer that C code may still call, by the number C knows it by.
_alive: dict[int, LayerFunctions] = {}
_numbers = itertools.count(1)


def _rows(pointer: Any, *shape: int) -> FloatArray:
    return np.ctypeslib.as_array(pointer, shape)


class LayerFunctions:
    """Base of layers of your own: define the methods below in a subclass.

    They get NumPy arrays of the library's own memory, valid during the call, and write their
    results in place. They run on the thread that called the library. An exception ends the
    call, which raises it.
    """

    #: Names and sizes of the parameter arrays.
    parameter_counts: Mapping[str, int] = {}

    def width(self, n_inputs: int) -> int:
        """Outputs a row for this many inputs a row; 0 refuses."""
        raise NotImplementedError

    def initialise(self, seed: int, parameters: dict[str, FloatArray]) -> None:
        """Fill the initial parameters, which are zero."""

    def forward(self, parameters: dict[str, FloatArray], x: FloatArray, y: FloatArray) -> None:
        """Write y [rows, outputs] from x [rows, inputs]."""
        raise NotImplementedError

    def backward(
        self,
        parameters: dict[str, FloatArray],
        x: FloatArray,
        y: FloatArray,
        dy: FloatArray,
        dx: FloatArray | None,
        gradients: dict[str, FloatArray],
    ) -> None:
        """Write dx (unless None) and add to the parameters' gradients."""
        raise NotImplementedError

    def _named(self, arrays: Any) -> dict[str, FloatArray]:
        return {
            name: _rows(arrays[index], count)
            for index, (name, count) in enumerate(self.parameter_counts.items())
        }


class CustomLayer(Layer):
    """A layer of your own functions, which live as long as C code may call them."""

    def __init__(self, functions: LayerFunctions) -> None:
        number = next(_numbers)
        _alive[number] = functions
        _callback.n_tables += 1
        try:
            self._init("tvae_layer_create_custom", byref(_table(number, functions)))
        except BaseException:
            _forget(number)
            raise


def _table(number: int, functions: LayerFunctions) -> structures.CustomLayer:
    names = [name.encode() for name in functions.parameter_counts]
    counts = list(functions.parameter_counts.values())
    return structures.CustomLayer(
        size=sizeof(structures.CustomLayer),
        user=number,
        n_parameters=len(names),
        parameter_names=cast((c_char_p * len(names))(*names), POINTER(c_char_p)),
        parameter_counts=cast((c_size_t * len(counts))(*counts), POINTER(c_size_t)),
        **_TRAMPOLINES,
    )


def _forget(number: int) -> None:
    if _alive.pop(number, None) is not None:
        _callback.n_tables -= 1


def _on_width(number: int, n_inputs: int) -> int:
    try:
        return int(_alive[number].width(n_inputs))
    except BaseException as error:
        _callback.keep(error)
        return 0


def _on_initialise(number: int, seed: int, parameters: Any) -> int:
    try:
        functions = _alive[number]
        functions.initialise(seed, functions._named(parameters))
    except BaseException as error:
        _callback.keep(error)
        return CancelledError.status
    return 0


def _on_forward(number: int, parameters: Any, n_rows: int, n_inputs: int, x: Any, y: Any) -> int:
    try:
        functions = _alive[number]
        n_outputs = functions.width(n_inputs)
        functions.forward(
            functions._named(parameters), _rows(x, n_rows, n_inputs), _rows(y, n_rows, n_outputs)
        )
    except BaseException as error:
        _callback.keep(error)
        return CancelledError.status
    return 0


def _on_backward(
    number: int,
    parameters: Any,
    n_rows: int,
    n_inputs: int,
    x: Any,
    y: Any,
    dy: Any,
    dx: Any,
    gradients: Any,
) -> int:
    try:
        functions = _alive[number]
        n_outputs = functions.width(n_inputs)
        functions.backward(
            functions._named(parameters),
            _rows(x, n_rows, n_inputs),
            _rows(y, n_rows, n_outputs),
            _rows(dy, n_rows, n_outputs),
            _rows(dx, n_rows, n_inputs) if dx else None,
            functions._named(gradients),
        )
    except BaseException as error:
        _callback.keep(error)
        return CancelledError.status
    return 0


#: One set for all layers and for as long as the process: no callback goes while C runs it.
_TRAMPOLINES: dict[str, Any] = {
    "output_width": structures.OutputWidthFunction(_on_width),
    "initialise": structures.InitialiseFunction(_on_initialise),
    "forward": structures.ForwardFunction(_on_forward),
    "backward": structures.BackwardFunction(_on_backward),
    "release": structures.ReleaseFunction(_forget),
}
