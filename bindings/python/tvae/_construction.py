# SPDX-License-Identifier: MIT
"""The topographic construction in an ONNX graph, its neighbourhoods as matrices."""

from __future__ import annotations

import numpy as np

from ._configuration import Description, Offsets, neighbourhoods_of, places_of
from ._graph import Graph
from .tensor import FloatArray


def weights_of(offsets: Offsets, window: FloatArray) -> FloatArray:
    """Each offset's weight out of the window; below zero it counts as zero."""
    extents, places = places_of(offsets)
    weights: FloatArray = np.maximum(window.reshape(extents)[places], 0)
    return weights


def neighbourhood_matrix(
    prior: Description, offsets: Offsets, weights: FloatArray
) -> tuple[list[int], FloatArray]:
    """Frame offsets, and the matrix from u^2 at all of them to the energies of a capsule.

    Rows are (frame offset, place), columns are places.
    """
    dims: tuple[int, ...] = tuple(prior["capsule_dims"])
    places = np.indices(dims).reshape(len(dims), -1).T
    frames = sorted(set(offsets[:, 0].tolist()))
    matrix = np.zeros((len(frames), len(places), len(places)), np.float32)
    for offset, weight in zip(offsets, weights, strict=True):
        neighbours = places + offset[1:]
        if prior["capsule_boundary"] == "circular":
            neighbours %= dims
        inside = np.flatnonzero(((neighbours >= 0) & (neighbours < dims)).all(1))
        sources = np.ravel_multi_index(tuple(neighbours[inside].T), dims)
        matrix[frames.index(offset[0]), sources, inside] += weight
    return frames, matrix.reshape(-1, len(places))


def _add_shifted_frames(graph: Graph, prior: Description, frames: list[int], x: str) -> str:
    """x [.., frames, capsules, places] at each offset of frames, side by side in the places."""
    if frames == [0]:
        return x
    count = graph.add("Gather", graph.add("Shape", x), graph.scalar(1))
    here = graph.add("Range", graph.scalar(0), count, graph.scalar(1))
    circular = prior["frame_boundary"] == "circular"
    before, after = max(0, -frames[0]), max(0, frames[-1])
    if not circular:
        x = graph.add("Pad", x, graph.numbers(0, before, 0, 0, 0, after, 0, 0))
    parts = []
    for frame in frames:
        index = graph.add("Add", here, graph.scalar(frame + (0 if circular else before)))
        if circular:
            index = graph.add("Mod", index, count)
        parts.append(graph.add("Gather", x, index, axis=1))
    return graph.add("Concat", *parts, axis=-1)


def add_construction(graph: Graph, configuration: Description, z: str, u: str) -> str:
    """t = (z + mu) / sum_j sqrt(v_j + epsilon) of z, u [.., frames, capsules, places]."""
    prior = configuration["prior"]
    squares = graph.add("Mul", u, u)
    roots = []
    for name, offsets in neighbourhoods_of(configuration):
        weights = weights_of(offsets, graph.parameters[name])
        frames, matrix = neighbourhood_matrix(prior, offsets, weights)
        shifted = _add_shifted_frames(graph, prior, frames, squares)
        energy = graph.add("MatMul", shifted, graph.constant(name, matrix))
        epsilon = graph.real("grouper.epsilon", prior["epsilon"])
        roots.append(graph.add("Sqrt", graph.add("Add", energy, epsilon)))
    mu = graph.constant(
        "grouper.correlated_mean_beta", graph.parameters["grouper.correlated_mean_beta"]
    )
    root = graph.add("Sum", *roots)
    return graph.add("Div", graph.add("Add", z, mu), root)
