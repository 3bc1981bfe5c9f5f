# SPDX-License-Identifier: MIT
"""The enumerations of the C interface.

Wherever a function takes one of these, its name as a text does as well: ``"adam"`` for
``Optimizer.ADAM``. A test compares the numbers with the headers.
"""

from __future__ import annotations

from enum import IntEnum


class KernelLevel(IntEnum):
    """The instruction sets that the vector kernels may use."""

    PORTABLE = 0
    AVX2 = 1
    AVX512 = 2


class WeightOrder(IntEnum):
    """How a linear layer's weight is shown: [outputs, inputs] or [inputs, outputs]."""

    OUT_IN = 0
    IN_OUT = 1


class Boundary(IntEnum):
    """What lies beyond the ends of an axis: the axis is a ring, or nothing."""

    CIRCULAR = 0
    ZERO = 1


class Likelihood(IntEnum):
    """p(x | t): the decoder gives logits, or means."""

    BERNOULLI = 0
    GAUSSIAN = 1


class Optimizer(IntEnum):
    """SGD with momentum, Adam, or Adam with decoupled weight decay."""

    SGD = 0
    ADAM = 1
    ADAMW = 2


class Schedule(IntEnum):
    """How the learning rate depends on the steps completed."""

    CONSTANT = 0
    STEP = 1
    COSINE = 2


class ExchangeType(IntEnum):
    """What the values that ranks send each other are; bytes are never summed."""

    FLOAT32 = 0
    BFLOAT16 = 1
    BYTE = 2


class Split(IntEnum):
    """Parts of a dataset."""

    TRAIN = 0
    VALIDATION = 1
    TEST = 2


class Transform(IntEnum):
    """Sequence transforms of MNIST images."""

    NONE = 0
    RANDOM = 1
    DUAL = 2
    PERSPECTIVE = 3
    ROTATION = 4


class Factor(IntEnum):
    """Factors of the sprites."""

    SHAPE = 0
    SCALE = 1
    ORIENTATION = 2
    POS_X = 3
    POS_Y = 4


class Covariances(IntEnum):
    """What of each unit's value varies: the value, its square, its absolute value."""

    VALUES = 0
    SQUARES = 1
    ABSOLUTE = 2


class CapCorrChoice(IntEnum):
    """Which of several frames counts in which a factor is canonical."""

    NEAREST = 0
    FIRST = 1


class ActivityMeasure(IntEnum):
    """How a latent's activity is measured: variance of its mean, or KL from the prior."""

    VARIANCE = 0
    KL = 1
