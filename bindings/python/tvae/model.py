# SPDX-License-Identifier: MIT
"""The Topographic VAE: encode, sample, decode, predict, score, train."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from ctypes import byref, c_double, c_size_t
from typing import TYPE_CHECKING, Any, NamedTuple

from . import _structures as structures
from ._configuration import check_weights
from ._handle import Handle, call
from ._options import choose, fill
from ._text import PathLike, path_bytes
from .enums import Likelihood
from .layer import Layer, Parameters, Workspace
from .tensor import ArrayLike, FloatArray, Output, Tensor, as_tensor, require_tensor
from .topography import Prior

if TYPE_CHECKING:
    from .fitting import History

N_TERMS = 5


class Terms(NamedTuple):
    """The loss, minus the ELBO, and its parts: nats a frame, means over frames."""

    loss: float
    neg_log_px: float
    kl_z: float
    kl_u: float
    #: Of t; filled by the trainer where capsules are 1-D, else 0.
    equivariance_error: float


class Posterior(NamedTuple):
    """Means and log-variances [sequences, frames, latents]; those of u are None for a VAE."""

    z_mean: FloatArray
    z_log_variance: FloatArray
    u_mean: FloatArray | None
    u_log_variance: FloatArray | None


class Model(Parameters):
    """A Topographic VAE, or a plain VAE if its prior has no neighbourhoods.

    Frames are [sequences, frames, channels, height, width], in [0, 1] for the Bernoulli
    likelihood; latents are [sequences, frames, capsules, d1] (or d1, d2, d3 where capsules
    have more axes). Float32 arrays in C order are read where they are, others are converted.
    Several threads may use one model at once while nobody trains it.
    """

    _pointer_type = structures.Model
    _destroy_function = "tvae_model_destroy"
    _noun = "model"
    _local: threading.local

    def __init__(
        self,
        prior: Prior,
        frame_shape: Sequence[int],
        *,
        encoders: tuple[Layer, Layer | None] | None = None,
        decoder: Layer | None = None,
        seed: int | None = 0,
        likelihood: Likelihood | str | None = None,
        gaussian_scale: float | None = None,
        learn_scale: bool | None = None,
        bias_per_pixel: bool | None = None,
        predict_steps: int | None = None,
    ) -> None:
        """The paper's networks; with ``encoders`` (of z and u) and ``decoder``, your own.

        ``frame_shape`` is (channels, height, width). The initial parameters are drawn from
        ``seed``; with None they stay as they are (zero, or the layers' own).
        """
        channels, height, width = frame_shape
        options = fill(
            structures.ModelOptions,
            "tvae_model_options_init",
            channels=channels,
            height=height,
            width=width,
            gaussian_scale=gaussian_scale,
            likelihood=None if likelihood is None else choose(Likelihood, likelihood),
            bias_per_pixel=bias_per_pixel,
            learn_scale=learn_scale,
            predict_steps=predict_steps,
        )
        if (encoders is None) != (decoder is None):
            raise TypeError("encoders and decoder are given together, or neither")
        if encoders is None:
            self._init("tvae_model_create", byref(options), prior)
        else:
            z, u = encoders
            self._init("tvae_model_compose", byref(options), z, u, prior, decoder)
        if seed is not None:
            self.initialise(seed)

    @classmethod
    def load(cls, path: PathLike) -> Model:
        """Load what :meth:`save`, a run or the ``tvae`` program wrote."""
        return cls._create("tvae_model_load", path_bytes(path))

    def save(self, path: PathLike) -> None:
        """Save parameters and configuration as one ``.safetensors`` file."""
        call("tvae_model_save", self, path_bytes(path))

    def _check_values(self, arrays: Mapping[str, FloatArray]) -> None:
        check_weights(self, arrays)

    def _own(self, pointer: Any, keeps: tuple[object, ...] = ()) -> None:
        super()._own(pointer, keeps)
        self._local = threading.local()

    @property
    def _work(self) -> Workspace:
        """The calling thread's workspace."""
        work: Workspace | None = getattr(self._local, "work", None)
        if work is None:
            work = self._local.work = Workspace()
        return work

    @property
    def frame_shape(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        shape = (c_size_t * 3)()
        call("tvae_model_frame_shape", self, shape)
        return shape[0], shape[1], shape[2]

    @property
    def latent_shape(self) -> tuple[int, ...]:
        """Capsules and the extents of a capsule, without the last ones that are 1."""
        shape = (c_size_t * 4)()
        call("tvae_model_latent_shape", self, shape)
        extents = list(shape)
        while len(extents) > 2 and extents[-1] == 1:
            extents.pop()
        return tuple(extents)

    @property
    def prior(self) -> Prior:
        """The model's own prior; its mu is the model's."""
        return Prior._create("tvae_model_prior", self)

    @property
    def is_topographic(self) -> bool:
        """Whether there is a u at all: not so for a plain VAE."""
        return any(name.startswith("grouper.") for name in self.parameter_shapes())

    def _latents(self, x: Tensor, out: Any = None) -> Output:
        return Output(x.shape[:2] + self.latent_shape, out)

    def encode(self, x: ArrayLike, *, out: Any = None) -> Any:
        """Topographic capsules t at the posterior means.

        Without the variance of u the energies are smaller than the decoder has seen in
        training: to decode, take :meth:`sample`.
        """
        tensor = require_tensor(x)
        result = self._latents(tensor, out)
        call("tvae_model_encode", self, self._work, tensor, result.tensor)
        return result.array

    def posterior(self, x: ArrayLike) -> Posterior:
        """Means and log-variances of z and u."""
        tensor = require_tensor(x)
        z = self._latents(tensor), self._latents(tensor)
        u = (self._latents(tensor), self._latents(tensor)) if self.is_topographic else None
        outputs = [part.tensor for part in z] + [part.tensor for part in u or ()]
        call(
            "tvae_model_posterior",
            self,
            self._work,
            tensor,
            *outputs,
            *[None] * (4 - len(outputs)),
        )
        u_mean, u_log_variance = (u[0].array, u[1].array) if u else (None, None)
        return Posterior(z[0].array, z[1].array, u_mean, u_log_variance)

    def _noise(self, x: Tensor, seed: int | None) -> tuple[Tensor | None, Tensor | None]:
        """Noise of z and u for a seed; none for None."""
        if seed is None:
            return None, None
        shape = x.shape[:2] + self.latent_shape
        u = Tensor(shape).fill_normal(seed, 1) if self.is_topographic else None
        return Tensor(shape).fill_normal(seed, 0), u

    def sample(
        self,
        x: ArrayLike,
        seed: int = 0,
        *,
        noise: tuple[ArrayLike, ArrayLike | None] | None = None,
        out: Any = None,
    ) -> Any:
        """Capsules t with z and u drawn from their posteriors, by a seed or given noise."""
        tensor = require_tensor(x)
        z, u = self._noise(tensor, seed) if noise is None else noise
        result = self._latents(tensor, out)
        call(
            "tvae_model_sample",
            self,
            self._work,
            tensor,
            require_tensor(z),
            as_tensor(u),
            result.tensor,
        )
        return result.array

    def decode(self, t: ArrayLike, *, out: Any = None) -> Any:
        """Frames of capsules t: probabilities (Bernoulli) or means."""
        tensor = require_tensor(t)
        result = Output(tensor.shape[:2] + self.frame_shape, out)
        call("tvae_model_decode", self, self._work, tensor, result.tensor)
        return result.array

    def reconstruct(self, x: ArrayLike, seed: int = 0) -> FloatArray:
        """Decode one sample of the posterior."""
        frames: FloatArray = self.decode(self.sample(x, seed))
        return frames

    def predict(self, x: ArrayLike, n_seen: int, n_steps: int = 1, *, out: Any = None) -> Any:
        """The frames after the first ``n_seen``: the last one's capsules, rolled, decoded."""
        tensor = require_tensor(x)
        result = Output((tensor.shape[0], n_steps) + self.frame_shape, out)
        call("tvae_model_predict", self, self._work, tensor, n_seen, result.tensor)
        return result.array

    def draw(self, n_sequences: int, n_frames: int, seed: int = 0) -> FloatArray:
        """Frames of the model's own: z and u drawn from the prior, then decoded."""
        shape = (n_sequences, n_frames) + self.latent_shape
        z = Tensor(shape).fill_normal(seed, 0)
        u = Tensor(shape).fill_normal(seed, 1) if self.is_topographic else None
        with self.prior as prior:
            frames: FloatArray = self.decode(prior.apply(z, u))
        return frames

    def _elbo(self, function: str, x: ArrayLike, seed: int | None) -> Terms:
        tensor = require_tensor(x)
        terms = (c_double * N_TERMS)()
        z, u = self._noise(tensor, seed)
        call(function, self, self._work, tensor, z, u, terms, N_TERMS)
        return Terms(*terms)

    def elbo(self, x: ArrayLike, seed: int | None = 0) -> Terms:
        """The loss of a batch and its parts; seed None takes the posterior means."""
        return self._elbo("tvae_model_elbo", x, seed)

    def elbo_gradient(self, x: ArrayLike, seed: int | None = 0) -> Terms:
        """As :meth:`elbo`; the gradient of the loss is added to :meth:`gradient`."""
        return self._elbo("tvae_model_elbo_gradient", x, seed)

    def log_likelihood(
        self, x: ArrayLike, n_samples: int = 10, seed: int = 0, *, reference: bool = False
    ) -> FloatArray:
        """Importance-sampled log p(x) [sequences, frames] in nats.

        ``reference`` leaves out the division by the number of samples, as the authors' code.
        """
        tensor = require_tensor(x)
        result = Output(tensor.shape[:2])
        outputs = (None, result.tensor) if reference else (result.tensor, None)
        call("tvae_model_log_likelihood", self, self._work, tensor, n_samples, seed, *outputs)
        array: FloatArray = result.array
        return array

    def stream(self) -> Stream:
        """An encoder of frames as they arrive; the model must be causal or a plain VAE."""
        return Stream(self)

    def fit(self, data: Any, **arguments: Any) -> History:
        """Train on arrays or a dataset; :func:`tvae.fit` says what the arguments are."""
        from .fitting import fit

        return fit(self, data, **arguments)

    def summary(self) -> str:
        """Sizes and parameters as a table of text."""
        shapes = self.parameter_shapes()
        counts = {name: _product(shape) for name, shape in shapes.items()}
        kind = "Topographic VAE" if self.is_topographic else "VAE"
        lines = [
            f"{kind}: frames {_times(self.frame_shape)}, latents {_times(self.latent_shape)}",
            f"{'parameter':<34}{'shape':>22}{'count':>12}",
        ]
        lines += [
            f"{name:<34}{_times(shape):>22}{counts[name]:>12,}" for name, shape in shapes.items()
        ]
        lines.append(f"{'all':<34}{'':>22}{sum(counts.values()):>12,}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        if self.closed:
            return "Model(closed)"
        return f"Model(frames {_times(self.frame_shape)}, latents {_times(self.latent_shape)})"


def _product(shape: Sequence[int]) -> int:
    result = 1
    for extent in shape:
        result *= extent
    return result


def _times(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape))


class Stream(Handle):
    """Encodes the frames of one sequence as they arrive, in constant memory."""

    _pointer_type = structures.Stream
    _destroy_function = "tvae_stream_destroy"

    def __init__(self, model: Model) -> None:
        self._shape = model.latent_shape
        self._init("tvae_stream_create", model)

    def push(self, frame: ArrayLike, *, out: Any = None) -> Any:
        """Capsules of the next frame [channels, height, width] at the posterior means."""
        result = Output(self._shape, out)
        call("tvae_stream_push", self, require_tensor(frame), result.tensor)
        return result.array

    def reset(self) -> None:
        """Forget the frames pushed: the next one begins another sequence."""
        call("tvae_stream_reset", self)
