# SPDX-License-Identifier: MIT
"""Exported graphs, run by onnxruntime, give what the model gives."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

import tvae
from tvae import _graph

onnx = pytest.importorskip("onnx", reason="onnx is not installed")
onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

N_FRAMES = 5
SHAPE = (2, 4, 6)


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def with_random_parameters(model: tvae.Model) -> tvae.Model:
    """All of them random, so that none can be left out; neighbours of random weights."""
    draw = np.random.default_rng(8)
    for name, value in model.state_dict().items():
        if name.startswith("grouper.model"):
            model.set_parameter(name, value * draw.uniform(-0.2, 2, value.shape))
        elif name.endswith("bias"):
            model.set_parameter(name, draw.uniform(-0.5, 0.5, value.shape))
    return model


def paper(neighbourhoods=(), dims=6, n_capsules=3, **options) -> tvae.Model:
    """The paper's networks over any topography."""
    model_options = {"likelihood": options.pop("likelihood", None)}
    prior = tvae.Prior(n_capsules, dims, neighbourhoods, **options)
    return tvae.Model(prior, SHAPE, seed=2, **model_options)


def convolutions(*layers: tvae.Layer) -> tvae.Sequential:
    """Two convolutions with another activation after each, then 2 x 8 latents."""
    down = tvae.Conv2d(2, 3, 3, SHAPE[1:], stride=2, padding=1)
    same = tvae.Conv2d(3, 4, (2, 1), (2, 3), bias=False)
    chain = [down, layers[0], tvae.Sequential(same, layers[1])]
    return tvae.Sequential(*chain, tvae.Linear(12, 16))


def convolutional() -> tvae.Model:
    """A model with every layer that the library has."""
    decoder = tvae.Sequential(
        tvae.Linear(8, 18, n_biases=0),
        tvae.Softplus(),
        tvae.ConvTranspose2d(3, 2, (3, 3), (2, 3), stride=2, padding=1, output_padding=1),
        tvae.Tanh(),
        tvae.Conv2d(2, 2, 3, (4, 6), padding=1),
    )
    encoders = (
        convolutions(tvae.ReLU(), tvae.LeakyReLU(0.2)),
        convolutions(tvae.Sigmoid(), tvae.Tanh()),
    )
    prior = tvae.Prior(2, 4, tvae.Neighbourhood.shifting(3))
    return tvae.Model(prior, SHAPE, encoders=encoders, decoder=decoder, seed=3)


def bare_layers() -> tvae.Model:
    """Networks that are one layer each, without a chain round them."""
    prior = tvae.Prior(2, 4, tvae.Neighbourhood.stationary(1, 3))
    encoders = (tvae.Linear(48, 16), tvae.Linear(48, 16))
    return tvae.Model(prior, SHAPE, encoders=encoders, decoder=tvae.Linear(8, 48), seed=3)


shifting, stationary = tvae.Neighbourhood.shifting, tvae.Neighbourhood.stationary
MODELS = {
    "paper": lambda: paper(shifting(3, off_diagonal=1)),
    "even window": lambda: paper(shifting(4)),
    "window beyond the sequence": lambda: paper(shifting(13, off_diagonal=1)),
    "within a frame": lambda: paper(stationary(1, 3)),
    "later frames only": lambda: paper(tvae.Neighbourhood.shifting_range(1, 2, 1)),
    "causal": lambda: paper(
        tvae.Neighbourhood.shifting_range(-3, 0), frame_boundary="zero", epsilon=0.01
    ),
    "open ends": lambda: paper(
        shifting(5, off_diagonal=1), frame_boundary="zero", capsule_boundary="zero"
    ),
    "torus": lambda: paper(stationary(1, 2, 3), dims=(3, 5), n_capsules=2),
    "three axes, open": lambda: paper(
        stationary(3, 2, 3, 2), dims=(2, 3, 3), n_capsules=2, capsule_boundary="zero"
    ),
    "two neighbourhoods": lambda: paper([shifting(3), stationary(3, 2)]),
    "Gaussian": lambda: paper(shifting(3), likelihood="gaussian"),
    "plain VAE": lambda: paper(),
    "convolutions": convolutional,
    "bare layers": bare_layers,
}


@pytest.fixture(params=MODELS)
def exported(request: pytest.FixtureRequest) -> tvae.Model:
    return with_random_parameters(MODELS[request.param]())


def run(model: tvae.Model, path: Path, part: str, **inputs: np.ndarray) -> dict[str, np.ndarray]:
    """Export a part and run it; outputs by name."""
    tvae.export_onnx(model, path, part)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, ["CPUExecutionProvider"])
    assert {entry.name for entry in session.get_inputs()} == set(inputs)
    names = [entry.name for entry in session.get_outputs()]
    return dict(zip(names, session.run(names, inputs), strict=True))


def assert_close(got: np.ndarray, wanted: np.ndarray) -> None:
    """Equal shapes, and no more than 1e-5 of the largest value apart."""
    assert got.shape == wanted.shape
    largest = np.abs(wanted).max()
    assert largest > 0.01
    np.testing.assert_allclose(got, wanted, rtol=0, atol=1e-5 * largest)


def test_encoder(exported: tvae.Model, tmp_path: Path) -> None:
    x = np.random.default_rng(1).random((3, N_FRAMES, *SHAPE), np.float32)
    got = run(exported, tmp_path / "encoder.onnx", "encoder", x=x)
    wanted = exported.posterior(x)._asdict()
    wanted = {name: value for name, value in wanted.items() if value is not None}
    wanted["t"] = exported.encode(x)
    assert set(got) == set(wanted)
    for name, value in wanted.items():
        assert_close(got[name], value)


def test_sampler(exported: tvae.Model, tmp_path: Path) -> None:
    x = np.random.default_rng(1).random((3, N_FRAMES, *SHAPE), np.float32)
    noise = {"noise_z": normal(3, N_FRAMES, *exported.latent_shape, seed=1)}
    if exported.is_topographic:
        noise["noise_u"] = normal(3, N_FRAMES, *exported.latent_shape, seed=2)
    got = run(exported, tmp_path / "sampler.onnx", "sampler", x=x, **noise)
    drawn = exported.sample(x, noise=(noise["noise_z"], noise.get("noise_u")))
    assert set(got) == {"t"}
    assert_close(got["t"], drawn)


def test_decoder(exported: tvae.Model, tmp_path: Path) -> None:
    t = normal(3, N_FRAMES, *exported.latent_shape)
    got = run(exported, tmp_path / "decoder.onnx", "decoder", t=t)
    assert set(got) == {"x"}
    assert_close(got["x"], exported.decode(t))


def test_any_number_of_sequences_and_frames(tmp_path: Path) -> None:
    model, path = paper(shifting(4, off_diagonal=1)), tmp_path / "encoder.onnx"
    tvae.export_onnx(model, path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for n_sequences, n_frames in ((1, 1), (2, 3), (1, 9)):
        x = np.random.default_rng(n_frames).random((n_sequences, n_frames, *SHAPE), np.float32)
        assert_close(session.run(["t"], {"x": x})[0], model.encode(x))


def test_the_file_says_what_it_is(tmp_path: Path) -> None:
    tvae.export_onnx(paper(shifting(3)), tmp_path / "encoder.onnx")
    proto = onnx.load(tmp_path / "encoder.onnx")
    assert (proto.producer_name, proto.producer_version) == ("tvae", tvae.__version__)
    (x,) = proto.graph.input
    axes = [axis.dim_param or axis.dim_value for axis in x.type.tensor_type.shape.dim]
    assert axes == ["sequences", "frames", *SHAPE]
    constants = {constant.name for constant in proto.graph.initializer}
    assert {"z_encoder.model.0.weight", "grouper.correlated_mean_beta"} <= constants


class Doubling(tvae.LayerFunctions):
    """y = 2 x."""

    def width(self, n_inputs):
        return n_inputs

    def forward(self, parameters, x, y):
        np.multiply(x, 2, out=y)

    def backward(self, parameters, x, y, dy, dx, gradients):
        if dx is not None:
            np.multiply(dy, 2, out=dx)


def test_layers_of_others_are_unsupported(tmp_path: Path) -> None:
    decoder = tvae.Sequential(tvae.Linear(8, 48), tvae.CustomLayer(Doubling()))
    encoders = (tvae.Linear(48, 16), None)
    model = tvae.Model(tvae.Prior(2, 4), SHAPE, encoders=encoders, decoder=decoder)
    with pytest.raises(tvae.UnsupportedError, match="custom"):
        tvae.export_onnx(model, tmp_path / "decoder.onnx", "decoder")
    assert not list(tmp_path.iterdir())
    with pytest.raises(tvae.UnsupportedError, match="'attention', want one of conv2d, "):
        _graph.add_layer(_graph.Graph({}), {"kind": "attention"}, "decoder.model.", "t")


def test_an_unknown_part_and_a_missing_package_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = paper(shifting(3))
    with pytest.raises(ValueError, match="'prior', want one of encoder, sampler, decoder"):
        tvae.export_onnx(model, tmp_path / "prior.onnx", "prior")
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match=r"pip install onnx, or 'tvae\[interchange\]'"):
        tvae.export_onnx(model, tmp_path / "encoder.onnx")
