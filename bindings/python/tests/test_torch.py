# SPDX-License-Identifier: MIT
"""State dicts go to PyTorch and come back through safetensors, with equal outputs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import tvae

torch = pytest.importorskip("torch", reason="torch is not installed")
safetensors_torch = pytest.importorskip(
    "safetensors.torch", reason="safetensors is not installed"
)
nn = torch.nn

CHANNELS, SIZE, CAPSULES, PLACES, FRAMES, WINDOW = 2, 5, 3, 6, 7, 3
LATENTS = CAPSULES * PLACES


class Network(nn.Module):
    """A chain under the name ``model``, as the reference's encoders and decoder are."""

    def __init__(self, *layers) -> None:
        super().__init__()
        self.model = nn.Sequential(*layers)

    def forward(self, x):
        return self.model(x)


def encoder() -> Network:
    return Network(
        nn.Conv2d(CHANNELS, 3 * LATENTS, SIZE),
        nn.ReLU(),
        nn.Conv2d(3 * LATENTS, 2 * LATENTS, 1),
        nn.ReLU(),
        nn.Conv2d(2 * LATENTS, 2 * LATENTS, 1),
    )


class Grouper(nn.Module):
    """Shifting coherence with random weights, so that a flipped kernel would show."""

    def __init__(self) -> None:
        super().__init__()
        self.correlated_mean_beta = nn.Parameter(torch.tensor([3.0]))
        around = (WINDOW - 1, WINDOW - 1, 0)
        self.model = nn.ConvTranspose3d(1, 1, (WINDOW, WINDOW, 1), padding=around, bias=False)
        band = np.subtract.outer(range(WINDOW), range(WINDOW))[None, None, :, :, None]
        weight = torch.rand_like(self.model.weight) + 0.1
        self.model.weight.data = weight * torch.from_numpy(abs(band) <= 1)

    def forward(self, z, u):
        squares = (u * u).unflatten(2, (CAPSULES, PLACES)).transpose(1, 2).flatten(0, 1)
        half = (WINDOW - 1) // 2
        ring = nn.functional.pad(squares[:, None, :, :, None], (0, 0) + (half,) * 4, "circular")
        v = self.model(ring).reshape(-1, CAPSULES, FRAMES, PLACES).transpose(1, 2)
        return (z + self.correlated_mean_beta) / torch.sqrt(v.reshape(z.shape) + 1e-6)


class Reference(nn.Module):
    """The paper's TVAE, its modules named as in the authors' code."""

    def __init__(self) -> None:
        super().__init__()
        self.z_encoder, self.u_encoder = encoder(), encoder()
        self.decoder = Network(
            nn.ConvTranspose2d(LATENTS, 2 * LATENTS, 1),
            nn.ReLU(),
            nn.ConvTranspose2d(2 * LATENTS, 3 * LATENTS, 1),
            nn.ReLU(),
            nn.ConvTranspose2d(3 * LATENTS, CHANNELS, SIZE),
        )
        self.grouper = Grouper()

    def posterior(self, network, x):
        code = network(x.flatten(0, 1)).reshape(*x.shape[:2], 2 * LATENTS)
        return code.chunk(2, dim=2)

    def encode(self, x):
        means = (self.posterior(network, x)[0] for network in (self.z_encoder, self.u_encoder))
        return self.grouper(*means)

    def decode(self, t):
        frames = torch.sigmoid(self.decoder(t.reshape(-1, LATENTS, 1, 1)))
        return frames.reshape(*t.shape[:2], CHANNELS, SIZE, SIZE)


@pytest.fixture
def module():
    torch.manual_seed(7)
    return Reference().eval()


def own_model(seed: int | None = None) -> tvae.Model:
    """A model of the reference's sizes; without a seed its parameters are zero."""
    window = tvae.Neighbourhood.shifting(WINDOW, off_diagonal=1)
    return tvae.Model(
        tvae.Prior(CAPSULES, PLACES, window), (CHANNELS, SIZE, SIZE), seed=seed
    )


def assert_equal_outputs(model: tvae.Model, module) -> None:
    """Posteriors, capsules and frames differ by no more than 1e-5 of the largest value."""
    x = np.random.default_rng(5).random((4, FRAMES, CHANNELS, SIZE, SIZE), np.float32)
    ours, theirs = model.posterior(x), []
    with torch.no_grad():
        frames = torch.from_numpy(x)
        for network in (module.z_encoder, module.u_encoder):
            theirs += module.posterior(network, frames)
        t = module.encode(frames)
        y = module.decode(t)
    pairs = list(zip(ours, theirs, strict=True))
    pairs += [(model.encode(x), t), (model.decode(t), y)]
    for got, wanted in pairs:
        wanted = wanted.numpy()
        largest = np.abs(wanted).max()
        assert largest > 0.01
        np.testing.assert_allclose(got.reshape(wanted.shape), wanted, atol=1e-5 * largest, rtol=0)


def test_a_state_dict_of_pytorch_gives_the_same_outputs_here(module, tmp_path: Path) -> None:
    path = tmp_path / "reference.safetensors"
    safetensors_torch.save_file(module.state_dict(), path)
    model = own_model()
    assert model.load_state_dict(path) == ([], [])
    assert_equal_outputs(model, module)


def test_a_model_saved_here_loads_strictly_in_pytorch(module, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    model = own_model(seed=11)
    model.save(path)
    module.load_state_dict(safetensors_torch.load_file(path), strict=True)
    assert_equal_outputs(model, module)


def test_tensors_go_in_and_arrays_come_out_without_a_file(module) -> None:
    model = own_model()
    model.load_state_dict(dict(module.named_parameters()))  # these require gradients
    assert_equal_outputs(model, module)
    model.initialise(4)
    state = {name: torch.from_numpy(value) for name, value in model.state_dict().items()}
    module.load_state_dict(state, strict=True)
    assert_equal_outputs(model, module)


def test_half_precision_is_widened(module, tmp_path: Path) -> None:
    path = tmp_path / "half.safetensors"
    half = module.to(torch.bfloat16)
    safetensors_torch.save_file(half.state_dict(), path)
    of_file, of_tensors = own_model(), own_model()
    of_file.load_state_dict(path)
    of_tensors.load_state_dict(half.state_dict())
    for name, value in half.state_dict().items():
        np.testing.assert_array_equal(of_file.get_parameter(name), value.float().numpy())
        np.testing.assert_array_equal(of_tensors.get_parameter(name), value.float().numpy())
