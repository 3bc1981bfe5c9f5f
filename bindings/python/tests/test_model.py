# SPDX-License-Identifier: MIT
"""Models: encode, decode, score, save, compose, custom layers."""

from __future__ import annotations

import gc

import numpy as np
import pytest

import tvae

N_LATENTS = 18


def test_shapes(model: tvae.Model, sequences: np.ndarray) -> None:
    assert model.frame_shape == (1, 1, 12)
    assert model.latent_shape == (3, 6)
    t = model.sample(sequences, seed=1)
    assert t.shape == (10, 6, 3, 6)
    assert model.decode(t).shape == sequences.shape
    assert model.reconstruct(sequences).shape == sequences.shape
    assert model.draw(2, 6).shape == (2, 6, 1, 1, 12)
    assert model.predict(sequences, 3, n_steps=2).shape == (10, 2, 1, 1, 12)
    assert model.log_likelihood(sequences, 3).shape == (10, 6)


def test_encode_is_the_prior_of_the_posterior_means(
    model: tvae.Model, sequences: np.ndarray
) -> None:
    posterior = model.posterior(sequences)
    t = model.prior.apply(posterior.z_mean, posterior.u_mean)
    np.testing.assert_allclose(model.encode(sequences), t, rtol=1e-5, atol=1e-5)


def test_sample_takes_a_seed_or_noise(model: tvae.Model, sequences: np.ndarray) -> None:
    zeros = np.zeros((10, 6, 3, 6), np.float32)
    at_means = model.sample(sequences, noise=(zeros, zeros))
    np.testing.assert_allclose(at_means, model.encode(sequences), rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(model.sample(sequences, 4), model.sample(sequences, 4))
    assert not np.array_equal(model.sample(sequences, 4), model.sample(sequences, 5))


def test_a_plain_vae_has_no_u(sequences: np.ndarray) -> None:
    vae = tvae.Model(tvae.Prior(3, 6), (1, 1, 12))
    assert not vae.is_topographic
    assert vae.posterior(sequences).u_mean is None
    assert vae.sample(sequences).shape == (10, 6, 3, 6)
    assert vae.elbo(sequences).kl_u == 0
    assert vae.draw(1, 6).shape == (1, 6, 1, 1, 12)
    assert "Topographic" not in vae.summary()


def test_terms_add_up(model: tvae.Model, sequences: np.ndarray) -> None:
    terms = model.elbo(sequences)
    assert terms.loss == pytest.approx(terms.neg_log_px + terms.kl_z + terms.kl_u)
    reference = model.log_likelihood(sequences, 5, reference=True)
    normalised = model.log_likelihood(sequences, 5)
    np.testing.assert_allclose(reference - normalised, np.log(5), rtol=1e-3)


def test_parameters_go_in_and_out_by_name(model: tvae.Model, sequences: np.ndarray) -> None:
    state = model.state_dict()
    assert state["z_encoder.model.0.weight"].shape == (54, 1, 1, 12)
    before = model.encode(sequences)
    model.initialise(99)
    assert not np.array_equal(model.encode(sequences), before)
    model.load_state_dict(state)
    np.testing.assert_array_equal(model.encode(sequences), before)
    with pytest.raises(KeyError, match="missing"):
        model.load_state_dict({})
    with pytest.raises(tvae.NotFoundError, match="no_such"):
        model.get_parameter("no_such")


def test_gradient_is_that_of_differences(model: tvae.Model, sequences: np.ndarray) -> None:
    name = "decoder.model.4.weight"
    model.elbo_gradient(sequences, seed=2)
    gradient = model.gradient(name)
    weight = model.get_parameter(name)
    place = np.unravel_index(np.abs(gradient).argmax(), gradient.shape)
    losses = []
    for sign in (1, -1):
        moved = weight.copy()
        moved[place] += sign * 1e-2
        model.set_parameter(name, moved)
        losses.append(model.elbo(sequences, seed=2).loss)
    assert gradient[place] == pytest.approx((losses[0] - losses[1]) / 2e-2, rel=0.05)
    model.zero_gradient()
    assert not model.gradient(name).any()


def test_save_and_load(model: tvae.Model, sequences: np.ndarray, tmp_path) -> None:
    path = tmp_path / "model.safetensors"
    model.save(path)
    again = tvae.Model.load(path)
    np.testing.assert_array_equal(again.encode(sequences), model.encode(sequences))
    assert set(tvae.Archive.load(path)) >= {"decoder.model.0.weight"}


def test_stream_is_the_encoding_of_the_whole_sequence(sequences: np.ndarray) -> None:
    causal = tvae.Neighbourhood.shifting_range(-2, 0)
    model = tvae.Model(tvae.Prior(3, 6, causal, frame_boundary="zero"), (1, 1, 12))
    expected = model.encode(sequences[:1])[0]
    with model.stream() as stream:
        for _ in range(2):
            for frame, wanted in zip(sequences[0], expected, strict=True):
                np.testing.assert_allclose(stream.push(frame), wanted, rtol=1e-4, atol=1e-4)
            stream.reset()


def test_summary_counts_all_parameters(model: tvae.Model) -> None:
    total = sum(value.size for value in model.state_dict().values())
    assert model.summary().splitlines()[-1].split() == ["all", f"{total:,}"]
    assert repr(model) == "Model(frames 1 x 1 x 12, latents 3 x 6)"


def network(n_inputs: int, n_outputs: int) -> tvae.Layer:
    return tvae.Sequential(tvae.Linear(n_inputs, 16), tvae.Tanh(), tvae.Linear(16, n_outputs))


class Scale(tvae.LayerFunctions):
    """y = a x, with one parameter a a column."""

    def __init__(self, width: int) -> None:
        self.n_columns = width
        self.parameter_counts = {"factor": width}
        self.failure: Exception | None = None

    def width(self, n_inputs):
        return n_inputs if n_inputs == self.n_columns else 0

    def initialise(self, seed, parameters):
        parameters["factor"][:] = 1

    def forward(self, parameters, x, y):
        if self.failure:
            raise self.failure
        np.multiply(x, parameters["factor"], out=y)

    def backward(self, parameters, x, y, dy, dx, gradients):
        gradients["factor"] += (dy * x).sum(0)
        if dx is not None:
            np.multiply(dy, parameters["factor"], out=dx)


def composed(scale: Scale) -> tvae.Model:
    return tvae.Model(
        tvae.Prior(3, 6, tvae.Neighbourhood.shifting(3)),
        (1, 1, 12),
        encoders=(network(12, 2 * N_LATENTS), network(12, 2 * N_LATENTS)),
        decoder=tvae.Sequential(network(N_LATENTS, 12), tvae.CustomLayer(scale)),
    )


def test_a_composed_model_with_a_layer_in_python_learns(sequences: np.ndarray) -> None:
    model = composed(Scale(12))
    history = model.fit(
        sequences, steps=200, optimizer="adam", learning_rate=3e-3, progress=False
    )
    assert history.loss[-1] < 0.8 * history.loss[0]
    assert not np.array_equal(
        model.get_parameter("decoder.model.1.factor"), np.ones(12, np.float32)
    )


def test_exceptions_of_python_layers_come_through(sequences: np.ndarray) -> None:
    scale = Scale(12)
    model = composed(scale)
    scale.failure = ZeroDivisionError("on purpose")
    with pytest.raises(ZeroDivisionError, match="on purpose"):
        model.reconstruct(sequences)
    scale.failure = None
    assert np.isfinite(model.reconstruct(sequences)).all()


def test_functions_of_a_layer_go_with_the_last_model() -> None:
    from tvae import _callback, custom

    gc.collect()
    before = len(custom._alive)
    model = composed(Scale(12))
    assert len(custom._alive) == _callback.n_tables == before + 1
    model.close()
    del model
    gc.collect()
    assert len(custom._alive) == _callback.n_tables == before


@pytest.mark.parametrize(
    ("layer", "function"),
    [
        (tvae.ReLU(), lambda x: np.maximum(x, 0)),
        (tvae.LeakyReLU(0.1), lambda x: np.where(x > 0, x, 0.1 * x)),
        (tvae.Sigmoid(), lambda x: 1 / (1 + np.exp(-x))),
        (tvae.Tanh(), np.tanh),
        (tvae.Softplus(), lambda x: np.log1p(np.exp(x))),
    ],
)
def test_activations(layer: tvae.Layer, function) -> None:
    x = np.linspace(-3, 3, 10).reshape(2, 5).astype(np.float32)
    np.testing.assert_allclose(layer.forward(x), function(x), rtol=1e-5, atol=1e-6)


def test_linear_forward_and_backward() -> None:
    layer, work = tvae.Linear(4, 3), tvae.Workspace()
    layer.initialise(1)
    x = np.random.default_rng(0).random((5, 4), np.float32)
    y = layer.forward(x, work)
    weight = layer.get_parameter("weight")
    np.testing.assert_allclose(y, x @ weight.T + layer.get_parameter("bias"), rtol=1e-5)
    dx = layer.backward(x, y, np.ones_like(y), work)
    np.testing.assert_allclose(dx, np.ones_like(y) @ weight, rtol=1e-5)
    np.testing.assert_allclose(layer.gradient("bias"), 5, rtol=1e-6)
    with pytest.raises(tvae.StateError):
        layer.backward(x, y, np.ones_like(y), tvae.Workspace())


def test_convolutions_have_pytorch_s_sizes() -> None:
    down = tvae.Conv2d(1, 2, 3, (8, 8), stride=2, padding=1)
    up = tvae.ConvTranspose2d(2, 1, 3, (4, 4), stride=2, padding=1, output_padding=1)
    assert down.output_width(64) == 2 * 4 * 4
    assert up.output_width(32) == 64
    assert down.parameter_shapes() == {"weight": (2, 1, 3, 3), "bias": (2,)}
