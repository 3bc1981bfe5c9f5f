# SPDX-License-Identifier: MIT
"""The model in scikit-learn's manner: ``TopographicVAE().fit(X).transform(X)``.

Follows scikit-learn's conventions (parameters are the constructor's arguments, what is learnt
ends in an underscore) and needs none of it.
"""

from __future__ import annotations

import inspect
from typing import Any, TypeVar

import numpy as np

from .distributed import ranks_of
from .fitting import History
from .model import Model
from .tensor import ArrayLike, FloatArray, as_float32
from .topography import Neighbourhood, Prior

T = TypeVar("T", bound="TopographicVAE")
DEFAULT_CAPSULE_DIM = 15


class TopographicVAE:
    """Learns topographic capsules of sequences.

    X is [sequences, frames, channels, height, width], [sequences, frames, features], or
    [samples, features], which are sequences of one frame.

    Parameters
    ----------
    n_capsules : number of capsules.
    capsule_dim : places in a capsule; None: as many as a sequence has frames, 15 for one.
    coherence : "shifting" (TVAE), "stationary" (BubbleVAE, or a ring of neighbours for
        single frames) or "none" (plain VAE). Single frames have no shifting coherence and
        take "stationary" instead.
    window : frames (and places) that a neighbourhood spans; None: two thirds of the capsule,
        5 at most places for single frames.
    off_diagonal : half the band of shifting coherence.
    likelihood : "bernoulli", "gaussian" (its scale is learnt), or "auto": Bernoulli if X
        lies in [0, 1].
    mu_init, epsilon : of the prior.
    n_steps, batch_size, optimizer, learning_rate : of the training.
    random_state : seed of initial parameters, order and noise.
    communicator : for several processes that fit together, each with all of X: a communicator
        of mpi4py, or :class:`tvae.distributed.Ranks`. ``batch_size`` is each one's own.
    progress : show a progress bar, with tqdm.

    Attributes
    ----------
    model_ : the trained :class:`tvae.Model`.
    history_ : the loss terms of each step.
    n_features_in_ : values in a frame.
    """

    def __init__(
        self,
        n_capsules: int = 15,
        capsule_dim: int | None = None,
        *,
        coherence: str = "shifting",
        window: int | None = None,
        off_diagonal: int = 0,
        likelihood: str = "auto",
        mu_init: float = 30.0,
        epsilon: float = 1e-6,
        n_steps: int = 1000,
        batch_size: int = 8,
        optimizer: str = "adam",
        learning_rate: float = 1e-3,
        random_state: int = 0,
        communicator: Any = None,
        progress: bool = False,
    ) -> None:
        self.n_capsules = n_capsules
        self.capsule_dim = capsule_dim
        self.coherence = coherence
        self.window = window
        self.off_diagonal = off_diagonal
        self.likelihood = likelihood
        self.mu_init = mu_init
        self.epsilon = epsilon
        self.n_steps = n_steps
        self.batch_size = batch_size
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.random_state = random_state
        self.communicator = communicator
        self.progress = progress

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The constructor's arguments."""
        names = list(inspect.signature(type(self).__init__).parameters)[1:]
        return {name: getattr(self, name) for name in names}

    def set_params(self: T, **parameters: Any) -> T:
        """Change arguments of the constructor."""
        known = self.get_params()
        for name, value in parameters.items():
            if name not in known:
                raise ValueError(f"{name!r} is no parameter: {', '.join(known)} are")
            setattr(self, name, value)
        return self

    def fit(self: T, X: ArrayLike, y: Any = None) -> T:
        """Train a new model on X; y is ignored."""
        x = _as_sequences(X)
        self.n_features_in_ = int(np.prod(x.shape[2:]))
        self.model_ = self._build(x)
        with ranks_of(self.communicator) as ranks:
            self.history_: History = self.model_.fit(
                x,
                steps=self.n_steps,
                batch_size=self.batch_size,
                seed=self.random_state,
                optimizer=self.optimizer,
                learning_rate=self.learning_rate,
                progress=self.progress,
                ranks=ranks,
            )
        return self

    def _build(self, x: FloatArray) -> Model:
        n_frames = x.shape[1]
        dim = self.capsule_dim or (n_frames if n_frames > 1 else DEFAULT_CAPSULE_DIM)
        likelihood = self.likelihood
        if likelihood == "auto":
            likelihood = "bernoulli" if x.min() >= 0.0 and x.max() <= 1.0 else "gaussian"
        with Prior(
            self.n_capsules,
            dim,
            self._neighbourhoods(n_frames, dim),
            mu_init=self.mu_init,
            epsilon=self.epsilon,
        ) as prior:
            return Model(
                prior,
                x.shape[2:],
                seed=self.random_state,
                likelihood=likelihood,
                learn_scale=likelihood == "gaussian",
            )

    def _neighbourhoods(self, n_frames: int, dim: int) -> list[Neighbourhood]:
        if self.coherence not in ("shifting", "stationary", "none"):
            raise ValueError(
                f"coherence is {self.coherence!r}, not 'shifting', 'stationary' or 'none'"
            )
        if self.coherence == "none":
            return []
        if n_frames == 1:
            return [Neighbourhood.stationary(1, self.window or min(5, dim))]
        window = self.window or max(1, 2 * min(n_frames, dim) // 3)
        if self.coherence == "stationary":
            return [Neighbourhood.stationary(window, min(window, dim))]
        return [Neighbourhood.shifting(window, window, self.off_diagonal)]

    def _fitted(self) -> Model:
        if not hasattr(self, "model_"):
            raise _not_fitted(f"this {type(self).__name__} is not fitted: call fit first")
        return self.model_

    def transform(self, X: ArrayLike) -> FloatArray:
        """Capsules at the posterior means, [sequences, frames, capsules, d].

        Samples [samples, features] give [samples, latents].
        """
        model, x = self._fitted(), _as_sequences(X)
        t: FloatArray = model.encode(x)
        return t if np.ndim(X) > 2 else t.reshape(len(x), -1)

    def fit_transform(self, X: ArrayLike, y: Any = None) -> FloatArray:
        """Train on X, then transform it."""
        return self.fit(X).transform(X)

    def inverse_transform(self, T: ArrayLike) -> FloatArray:
        """Frames of capsules: [samples, features] from [samples, latents]."""
        model, t = self._fitted(), as_float32(T)
        if t.ndim > 2:
            frames: FloatArray = model.decode(t)
            return frames
        flat: FloatArray = model.decode(t.reshape((len(t), 1) + model.latent_shape))
        return flat.reshape(len(t), -1)

    def score(self, X: ArrayLike, y: Any = None) -> float:
        """The ELBO of X, nats a frame: higher is better."""
        return -self._fitted().elbo(_as_sequences(X), self.random_state).loss

    def get_feature_names_out(self, input_features: Any = None) -> Any:
        """Names of the latents, "topographicvae0" and so on."""
        n_latents = int(np.prod(self._fitted().latent_shape))
        return np.asarray([f"topographicvae{i}" for i in range(n_latents)], dtype=object)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model_")

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn asks of an estimator; called by scikit-learn alone."""
        from sklearn.utils import InputTags, Tags, TargetTags, TransformerTags

        return Tags(
            estimator_type=None,
            target_tags=TargetTags(required=False),
            transformer_tags=TransformerTags(preserves_dtype=["float32"]),
            input_tags=InputTags(two_d_array=True, three_d_array=True),
        )

    def __repr__(self) -> str:
        defaults = inspect.signature(type(self).__init__).parameters
        changed = {
            name: value
            for name, value in self.get_params().items()
            if value != defaults[name].default
        }
        arguments = ", ".join(f"{name}={value!r}" for name, value in changed.items())
        return f"{type(self).__name__}({arguments})"


def _as_sequences(X: ArrayLike) -> FloatArray:
    """X as [sequences, frames, channels, height, width]."""
    x = as_float32(X)
    if x.ndim == 2:
        return x[:, np.newaxis, np.newaxis, np.newaxis, :]
    if x.ndim == 3:
        return x[:, :, np.newaxis, np.newaxis, :]
    if x.ndim == 5:
        return x
    raise ValueError(
        f"X is of shape {x.shape}, not [samples, features], [sequences, frames, features] or "
        "[sequences, frames, channels, height, width]"
    )


def _not_fitted(message: str) -> Exception:
    """scikit-learn's exception where it is there, else one of the same bases."""
    try:
        from sklearn.exceptions import NotFittedError
    except ImportError:
        return AttributeError(message)
    error: Exception = NotFittedError(message)
    return error
