# SPDX-License-Identifier: MIT
"""Topographic variational autoencoders: Python on the C library libtvae.

Compose a :class:`Model` of a :class:`Prior` over :class:`Neighbourhood` s, train it with
``model.fit(dataset)``, roll its capsules with :func:`capsule_roll`; or run an experiment of
the paper by name with :class:`Run`; or use :class:`TopographicVAE` as in scikit-learn.
"""

from . import distributed, plot
from .archive import Archive
from .config import Config, Key, config_keys, experiments
from .custom import CustomLayer, LayerFunctions
from .data import Batch, Dataset, Loader
from .enums import (
    ActivityMeasure,
    Boundary,
    CapCorrChoice,
    Covariances,
    ExchangeType,
    Factor,
    KernelLevel,
    Likelihood,
    Optimizer,
    Schedule,
    Split,
    Transform,
    WeightOrder,
)
from .errors import (
    BusyError,
    CancelledError,
    Error,
    FileError,
    FormatError,
    InvalidError,
    NoMemoryError,
    NotFoundError,
    NumericError,
    ShapeError,
    StateError,
    TimeLimitError,
    UnsupportedError,
)
from .estimator import TopographicVAE
from .fitting import History, Step, fit
from .layer import (
    Conv2d,
    ConvTranspose2d,
    Layer,
    LeakyReLU,
    Linear,
    ReLU,
    Sequential,
    Sigmoid,
    Softplus,
    Tanh,
    Workspace,
)
from .metric import (
    Activity,
    CapCorr,
    Covariance,
    MaxActivation,
    Selectivity,
    Smoothness,
    capcorr,
    equivariance_error,
    equivariance_error_pairs,
)
from .model import Model, Posterior, Stream, Terms
from .onnx import export_onnx
from .plot import write_picture
from .run import Progress, Run, write_likelihood_plot, write_report
from .runtime import RuntimeInfo, runtime_info, set_kernel_level, set_threads, version
from .state import IncompatibleKeys
from .tensor import Tensor
from .topography import Neighbourhood, Prior, Roll, capsule_roll
from .trainer import ExchangeFacts, PartSeconds, Trainer

__version__ = version()

__all__ = [
    "__version__",
    "Activity",
    "ActivityMeasure",
    "Archive",
    "Batch",
    "Boundary",
    "BusyError",
    "CancelledError",
    "CapCorr",
    "capcorr",
    "CapCorrChoice",
    "capsule_roll",
    "Config",
    "config_keys",
    "Conv2d",
    "ConvTranspose2d",
    "Covariance",
    "Covariances",
    "CustomLayer",
    "Dataset",
    "distributed",
    "equivariance_error",
    "equivariance_error_pairs",
    "Error",
    "ExchangeFacts",
    "ExchangeType",
    "experiments",
    "export_onnx",
    "Factor",
    "FileError",
    "fit",
    "FormatError",
    "History",
    "IncompatibleKeys",
    "InvalidError",
    "KernelLevel",
    "Key",
    "Layer",
    "LayerFunctions",
    "LeakyReLU",
    "Likelihood",
    "Linear",
    "Loader",
    "MaxActivation",
    "Model",
    "Neighbourhood",
    "NoMemoryError",
    "NotFoundError",
    "NumericError",
    "Optimizer",
    "PartSeconds",
    "plot",
    "Posterior",
    "Prior",
    "Progress",
    "ReLU",
    "Roll",
    "Run",
    "runtime_info",
    "RuntimeInfo",
    "Schedule",
    "Selectivity",
    "Sequential",
    "set_kernel_level",
    "set_threads",
    "ShapeError",
    "Sigmoid",
    "Smoothness",
    "Softplus",
    "Split",
    "StateError",
    "Step",
    "Stream",
    "Tanh",
    "Tensor",
    "Terms",
    "TimeLimitError",
    "TopographicVAE",
    "Trainer",
    "Transform",
    "UnsupportedError",
    "version",
    "WeightOrder",
    "Workspace",
    "write_likelihood_plot",
    "write_picture",
    "write_report",
]
