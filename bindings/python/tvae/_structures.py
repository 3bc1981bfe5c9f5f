# SPDX-License-Identifier: MIT
"""What the C headers declare as types: opaque handles, sized structs, callbacks.

Handles are pointers to types of their own, so that ctypes refuses a handle of another kind
before it reaches C. A test compares names, sizes and offsets with the headers.
"""

from __future__ import annotations

from ctypes import (
    CFUNCTYPE,
    POINTER,
    Structure,
    c_char,
    c_char_p,
    c_double,
    c_float,
    c_int32,
    c_int64,
    c_size_t,
    c_uint64,
    c_void_p,
)
from typing import Any

Status = c_int32
N_SPRITE_FACTORS = 5


def _handle(name: str) -> Any:
    """The pointer type of an opaque C handle."""
    return POINTER(type(name, (Structure,), {}))


Activity = _handle("tvae_activity")
Archive = _handle("tvae_archive")
Capcorr = _handle("tvae_capcorr")
Config = _handle("tvae_config")
Covariance = _handle("tvae_covariance")
Dataset = _handle("tvae_dataset")
Layer = _handle("tvae_layer")
Loader = _handle("tvae_loader")
MaxActivation = _handle("tvae_max_activation")
Model = _handle("tvae_model")
Neighbourhood = _handle("tvae_neighbourhood")
Prior = _handle("tvae_prior")
Roll = _handle("tvae_roll")
Run = _handle("tvae_run")
Selectivity = _handle("tvae_selectivity")
Stream = _handle("tvae_stream")
Tensor = _handle("tvae_tensor")
Trainer = _handle("tvae_trainer")
Workspace = _handle("tvae_workspace")

Floats = POINTER(c_float)
FloatArrays = POINTER(Floats)

AllocFunction = CFUNCTYPE(c_void_p, c_void_p, c_size_t, c_size_t)
FreeFunction = CFUNCTYPE(None, c_void_p, c_void_p, c_size_t)
LogFunction = CFUNCTYPE(None, c_void_p, c_int32, c_char_p)
OutputWidthFunction = CFUNCTYPE(c_size_t, c_void_p, c_size_t)
InitialiseFunction = CFUNCTYPE(Status, c_void_p, c_uint64, FloatArrays)
ForwardFunction = CFUNCTYPE(Status, c_void_p, FloatArrays, c_size_t, c_size_t, Floats, Floats)
BackwardFunction = CFUNCTYPE(
    Status, c_void_p, FloatArrays, c_size_t, c_size_t, Floats, Floats, Floats, Floats, FloatArrays
)
ReleaseFunction = CFUNCTYPE(None, c_void_p)
SumStartFunction = CFUNCTYPE(Status, c_void_p, c_void_p, c_size_t, c_int32, POINTER(c_void_p))
SumWaitFunction = CFUNCTYPE(Status, c_void_p, c_void_p, c_double)
GatherFunction = CFUNCTYPE(
    Status, c_void_p, c_void_p, POINTER(c_size_t), c_void_p, c_int32, c_double
)
BroadcastFunction = CFUNCTYPE(Status, c_void_p, c_void_p, c_size_t, c_int32, c_int32, c_double)
BarrierFunction = CFUNCTYPE(Status, c_void_p, c_double)
LastErrorFunction = CFUNCTYPE(c_char_p, c_void_p)


class Allocator(Structure):
    """C: tvae_allocator."""

    _fields_ = (
        ("size", c_size_t),
        ("user", c_void_p),
        ("alloc", AllocFunction),
        ("release", FreeFunction),
    )


class LogHook(Structure):
    """C: tvae_log_hook."""

    _fields_ = (
        ("size", c_size_t),
        ("user", c_void_p),
        ("message", LogFunction),
    )


class RuntimeFacts(Structure):
    """C: tvae_runtime_facts."""

    _fields_ = (
        ("size", c_size_t),
        ("n_threads", c_int32),
        ("n_cpus", c_int32),
        ("kernel_level", c_int32),
        ("machine_level", c_int32),
        ("cpu", c_char * 64),
        ("blas_kernel", c_char * 32),
        ("blas_config", c_char * 128),
        ("blas_advice", c_char * 64),
    )


class LinearOptions(Structure):
    """C: tvae_linear_options."""

    _fields_ = (
        ("size", c_size_t),
        ("n_inputs", c_int64),
        ("n_outputs", c_int64),
        ("n_biases", c_int64),
        ("kernel_height", c_int64),
        ("kernel_width", c_int64),
        ("weight_order", c_int32),
        ("reserved", c_int32),
        ("init_bound", c_double),
    )


class Conv2dOptions(Structure):
    """C: tvae_conv2d_options."""

    _fields_ = (
        ("size", c_size_t),
        ("in_channels", c_int64),
        ("out_channels", c_int64),
        ("input_height", c_int64),
        ("input_width", c_int64),
        ("kernel_height", c_int64),
        ("kernel_width", c_int64),
        ("stride", c_int64),
        ("padding", c_int64),
        ("output_padding", c_int64),
        ("bias", c_int32),
        ("reserved", c_int32),
        ("init_bound", c_double),
    )


class CustomLayer(Structure):
    """C: tvae_custom_layer."""

    _fields_ = (
        ("size", c_size_t),
        ("user", c_void_p),
        ("n_parameters", c_size_t),
        ("parameter_names", POINTER(c_char_p)),
        ("parameter_counts", POINTER(c_size_t)),
        ("output_width", OutputWidthFunction),
        ("initialise", InitialiseFunction),
        ("forward", ForwardFunction),
        ("backward", BackwardFunction),
        ("release", ReleaseFunction),
    )


class PriorOptions(Structure):
    """C: tvae_prior_options."""

    _fields_ = (
        ("size", c_size_t),
        ("n_capsules", c_int64),
        ("capsule_dims", c_int64 * 3),
        ("mu_init", c_double),
        ("epsilon", c_double),
        ("learn_mu", c_int32),
        ("learn_weights", c_int32),
        ("frame_boundary", c_int32),
        ("capsule_boundary", c_int32),
    )


class ModelOptions(Structure):
    """C: tvae_model_options."""

    _fields_ = (
        ("size", c_size_t),
        ("channels", c_int64),
        ("height", c_int64),
        ("width", c_int64),
        ("gaussian_scale", c_double),
        ("likelihood", c_int32),
        ("bias_per_pixel", c_int32),
        ("learn_scale", c_int32),
        ("predict_steps", c_int32),
    )


class MnistOptions(Structure):
    """C: tvae_mnist_options."""

    _fields_ = (
        ("size", c_size_t),
        ("split_seed", c_uint64),
        ("validation_fraction", c_double),
        ("split", c_int32),
        ("transform", c_int32),
    )


class SpritesOptions(Structure):
    """C: tvae_sprites_options."""

    _fields_ = (
        ("size", c_size_t),
        ("image_size", c_int64),
        ("n_frames", c_int64),
        ("start", c_int64 * N_SPRITE_FACTORS),
        ("stride", c_int64 * N_SPRITE_FACTORS),
        ("max_values", c_int64 * N_SPRITE_FACTORS),
        ("split_seed", c_uint64),
        ("test_fraction", c_double),
        ("varying", c_int32),
        ("split", c_int32),
    )


class NpzOptions(Structure):
    """C: tvae_npz_options."""

    _fields_ = (
        ("size", c_size_t),
        ("split_seed", c_uint64),
        ("test_fraction", c_double),
        ("split", c_int32),
        ("random_split", c_int32),
    )


class LoaderOptions(Structure):
    """C: tvae_loader_options."""

    _fields_ = (
        ("size", c_size_t),
        ("batch_size", c_int64),
        ("seed", c_uint64),
        ("first_batch", c_int64),
        ("n_prefetch", c_int64),
        ("shuffle", c_int32),
        ("drop_last", c_int32),
        ("n_shards", c_int32),
        ("shard", c_int32),
    )


class TrainOptions(Structure):
    """C: tvae_train_options."""

    _fields_ = (
        ("size", c_size_t),
        ("seed", c_uint64),
        ("learning_rate", c_double),
        ("momentum", c_double),
        ("beta1", c_double),
        ("beta2", c_double),
        ("epsilon", c_double),
        ("weight_decay", c_double),
        ("optimizer", c_int32),
        ("schedule", c_int32),
        ("schedule_steps", c_int64),
        ("schedule_gamma", c_double),
        ("min_learning_rate", c_double),
        ("max_gradient_norm", c_double),
        ("kl_weight", c_double),
        ("kl_warmup_steps", c_int64),
    )


class Exchange(Structure):
    """C: tvae_exchange."""

    _fields_ = (
        ("size", c_size_t),
        ("user", c_void_p),
        ("rank", c_int32),
        ("n_ranks", c_int32),
        ("sum_start", SumStartFunction),
        ("sum_wait", SumWaitFunction),
        ("gather", GatherFunction),
        ("broadcast", BroadcastFunction),
        ("barrier", BarrierFunction),
        ("last_error", LastErrorFunction),
    )


class ExchangeOptions(Structure):
    """C: tvae_exchange_options."""

    _fields_ = (
        ("size", c_size_t),
        ("timeout_seconds", c_double),
        ("bucket_bytes", c_int64),
        ("gradient_type", c_int32),
        ("row_sparse", c_int32),
        ("shared_memory", c_int32),
        ("factors", c_int32),
    )


class ExchangeFacts(Structure):
    """C: tvae_exchange_facts."""

    _fields_ = (
        ("size", c_size_t),
        ("sent_bytes", c_double),
        ("dense_bytes", c_double),
        ("wait_seconds", c_double),
        ("n_buckets", c_int64),
    )


class Progress(Structure):
    """C: tvae_progress."""

    _fields_ = (
        ("size", c_size_t),
        ("phase", c_char_p),
        ("done", c_int64),
        ("total", c_int64),
        ("seconds", c_double),
        ("loss", c_double),
        ("first", c_int64),
    )


ProgressFunction = CFUNCTYPE(c_int32, c_void_p, POINTER(Progress))


class ProgressHook(Structure):
    """C: tvae_progress_hook."""

    _fields_ = (
        ("size", c_size_t),
        ("user", c_void_p),
        ("progress", ProgressFunction),
    )


class EvaluateOptions(Structure):
    """C: tvae_evaluate_options."""

    _fields_ = (
        ("size", c_size_t),
        ("n_samples", c_int64),
        ("n_sequences", c_int64),
        ("seed", c_uint64),
        ("split", c_int32),
        ("at_means", c_int32),
        ("best", c_int32),
        ("reserved", c_int32),
    )


class KeyFacts(Structure):
    """C: tvae_key_facts."""

    _fields_ = (
        ("size", c_size_t),
        ("name", c_char_p),
        ("type", c_char_p),
        ("initial", c_char_p),
        ("meaning", c_char_p),
        ("words", POINTER(c_char_p)),
        ("low", c_double),
        ("high", c_double),
        ("low_is_outside", c_int32),
        ("high_is_outside", c_int32),
        ("may_change_on_resume", c_int32),
        ("zero_is_automatic", c_int32),
    )
