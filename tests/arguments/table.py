# SPDX-License-Identifier: MIT
"""Valid values for the parameters of the public functions: expressions over the fixture `f`.

A value is looked for by "function.parameter", then by the parameter's name, then by its type.
"""
import re

# Handles: `tvae_model *` is f.model, and so on.
HANDLES = {"activity", "archive", "capcorr", "config", "covariance", "dataset", "layer", "loader",
           "max_activation", "model", "neighbourhood", "prior", "roll", "run", "selectivity",
           "stream", "trainer", "workspace"}

HANDLE_NAMES = {"tensor": "spare"}  # destroyed by its own test alone

# NULL is fine there, though the parameter's own @param line does not say so.
MAY_BE_NULL = {
    ("model_parameter_info", "rank"): "as tvae_layer_parameter_info()",
    ("model_parameter_info", "shape"): "as tvae_layer_parameter_info()",
    ("config_get", "value"): "asks for the size, as tvae_neighbourhood_describe()",
    ("config_get", "needed"): "as tvae_neighbourhood_describe()",
    ("config_json", "text"): "asks for the size, as tvae_neighbourhood_describe()",
    ("config_json", "needed"): "as tvae_neighbourhood_describe()",
    ("model_elbo_gradient", "noise_z"): "as tvae_model_elbo()",
    ("model_elbo_gradient", "noise_u"): "as tvae_model_elbo()",
}

# The header says NULL, but of something else.
NEVER_NULL = {
    ("topographic_smoothness", "covariance"): "the y of another call may be NULL",
    ("model_elbo", "noise_z"): "both or neither: checked below by noise_u",
    ("model_elbo", "noise_u"): "both or neither",
    ("model_sample", "noise_u"): "the fixture's model has u",
    ("prior_apply", "u"): "the fixture's prior has neighbourhoods",
    ("prior_gradient", "du"): "the fixture's prior has neighbourhoods",
    ("model_compose", "u_encoder"): "the fixture's prior has neighbourhoods",
    ("tensor_create", "shape"): "the fixture's rank is 2",
    ("prior_create", "neighbourhoods"): "the fixture gives one",
    ("neighbourhood_describe", "text"): "the fixture gives a capacity",
}

# Greatest values that are valid and would be computed for ever.
ENDLESS = {("tvae_evaluate_options", "n_samples"), ("model_log_likelihood", "n_samples")}

# Failures are told by a call within that met them: its name, one of these, begins the sentence.
INNER = {
    "dataset_create_mnist": "idx_read", "dataset_create_dsprites": "npz_open",
    "dataset_create_npz": "archive_load", "config_load": "file_read",
    "run_open": "file_read",
    "config_save": "file_write", "config_open_data": "dataset_create_sprites",
    "layer_create_linear": "parameter_init", "model_load": "archive_load",
    "model_elbo_gradient": "model_elbo", "run_evaluate": "dataset_create_dsprites",
    "report_figures": "config_set dataset_create_dsprites", "report_html": "file_write",
    "trainer_save": "file_write", "trainer_load": "archive_load",
    "trainer_step_part": "trainer_step", "run_create_distributed": "run_create",
    "run_open_distributed": "run_open file_read",
}

# What valid arguments give where that is not TVAE_OK.
STATUS = {
    "set_allocator": "TVAE_E_STATE",  # blocks are in use
    "dataset_create_dsprites": "TVAE_E_FORMAT",  # an archive of other arrays
    "run_train": "TVAE_E_INVALID",  # the run is open to be read
}

# Functions that train, evaluate or draw: one bad argument at a time.
SLOW = {"run_create", "run_create_distributed", "run_open_distributed", "run_resume",
        "run_evaluate", "report_figures", "report_html", "report_likelihood"}

# Members that a call must refuse when they are NULL, negative or at their type's ends.
REQUIRED = {("tvae_exchange", name) for name in
            ("rank", "n_ranks", "sum_start", "sum_wait", "gather", "broadcast", "barrier")}

# Structs that a call fills, where their names are not those of the functions.
FILLED = {"runtime_info": "runtime_facts", "config_key_facts": "key_facts",
          "trainer_exchange_facts": "exchange_facts"}

VALUES = {
    # texts
    "data": '""', "experiment": '"sprites_quick"', "folder": '"run"', "key": '"steps"',
    "path": '"archive.npz"', "text": '"a text"',
    "dataset_create_mnist.folder": '"."', "run_create.folder": '"new"',
    "run_create_distributed.folder": '"new"',
    "archive_metadata.key": '"key"', "archive_set_metadata.key": '"key"',
    "run_evaluate.data": "NULL", "report_figures.data": "NULL", "report_html.data": "NULL",
    "archive_get.name": '"x"', "archive_put.name": '"y"',
    "layer_get_parameter.name": '"weight"', "layer_set_parameter.name": '"weight"',
    "layer_get_gradient.name": '"weight"',
    "model_get_parameter.name": "f.parameter", "model_set_parameter.name": "f.parameter",
    "model_get_gradient.name": "f.parameter",
    "config_load.path": '"config.json"', "config_save.path": '"saved.json"',
    "run_summary_number.path": '"loss"', "archive_save.path": '"saved.npz"',
    "model_save.path": '"saved.safetensors"', "model_load.path": '"model.safetensors"',
    "picture_write.path": '"picture.png"', "report_likelihood.path": '"likelihood.png"',
    "report_html.path": '"page.html"', "trainer_save.path": '"saved-state.safetensors"',
    "trainer_load.path": '"state.safetensors"', "config_set.value": '"7"',
    # numbers
    "axis": "0", "choice": "0", "resume": "0", "kind": "0", "level": "0", "n_threads": "1", "measure": "0",
    "covariance_create.kind": "TVAE_COVARIANCE_ABSOLUTE",
    "split": "0", "status": "-1", "zero_diagonal": "0", "rank": "2",
    "first": "0", "first_frame": "-1", "last_frame": "1", "off_diagonal": "1", "n_samples": "2",
    "n_seen": "2", "scale": "1", "window_capsule": "3", "window_frames": "3",
    "capacity": "ROOM_BYTES", "capsule": "0", "factor": "0", "index": "0", "item": "0",
    "n_capsules": "3", "n_classes": "2", "n_columns": "12", "n_rows": "12", "n_factors": "2",
    "n_inputs": "25", "n_layers": "1", "n_neighbourhoods": "1", "n_offsets": "2",
    "n_parts": "TVAE_N_PARTS", "n_runs": "1", "n_shifts": "1", "n_terms": "TVAE_N_TERMS",
    "n_total": "2", "trainer_step_part.n_frames": "0",
    "n_units": "12", "offset": "0", "unit": "0", "draw": "1", "seed": "1", "uint64_t.stream": "1",
    "mu": "3.0", "negative_slope": "0.01", "rate": "0.001", "threshold": "0.5",
    # arrays
    "double.shifts": "f.real_shifts", "shifts": "f.shifts", "weights": "f.weights",
    "capsule_dims": "f.capsule_dims", "offsets": "f.offsets", "window": "f.window",
    "const size_t *.shape": "f.shape", "topographic_smoothness.shape": "f.grid",
    "tensor_wrap.data": "f.floats",
    "layers": "f.layers", "neighbourhoods": "f.neighbourhoods", "runs": "f.runs",
    # options
    "exchange": "&f.exchange",
    "hook": "&f.progress_hook", "set_log_hook.hook": "&f.log_hook", "allocator": "&f.allocator",
    "callbacks": "&f.custom", "z_encoder": "f.encoders[0]", "u_encoder": "f.encoders[1]",
    "decoder": "f.decoder",
    # tensors
    "roll_gradient.dout": "f.latents", "roll_gradient.dt": "f.other_latents",
    "prior_gradient.dt": "f.latents", "prior_gradient.dz": "f.other_latents",
    "prior_gradient.du": "f.u", "prior_gradient.dweights": "f.weight_room",
    "layer_backward.y": "f.rows_y", "layer_backward.dy": "f.rows_dy",
    "layer_backward.x": "f.rows_x", "layer_backward.dx": "f.rows_dx",
    "layer_forward.x": "f.rows_x", "layer_forward.y": "f.rows_y",
    "capcorr_add.factors": "f.factors", "capcorr_add_factor.factors": "f.factors",
    "capcorr_add.t": "f.capsules", "capcorr_add_factor.t": "f.capsules",
    "equivariance_error.t": "f.capsules", "equivariance_error_pairs.t": "f.capsules",
    "frame": "f.frame", "frames": "f.frames", "labels": "f.labels",
    "mean": "f.latents", "log_variance": "f.latents", "noise_u": "f.latents",
    "noise_z": "f.latents", "t": "f.latents", "tensor": "f.latents", "base": "f.latents",
    "prior_apply.t": "f.other_latents", "model_encode.t": "f.other_latents",
    "model_sample.t": "f.other_latents", "stream_push.t": "f.one_latents",
    "u": "f.latents", "z": "f.latents", "x": "f.x", "y": "f.latents", "covariance_add.x": "f.latents",
    "layer_set_parameter.value": "f.weight", "layer_get_parameter.value": "f.weight",
    "layer_get_gradient.gradient": "f.weight", "model_get_parameter.value": "f.parameter_value",
    "model_set_parameter.value": "f.parameter_value",
    "model_get_gradient.gradient": "f.parameter_value", "d_prime": "f.d_prime", "map": "f.map",
    "matrix": "f.matrix", "normalised": "f.scores", "reference": "f.other_scores",
    "roll_apply.out": "f.other_latents", "roll_apply_fractional.out": "f.other_latents",
    "predicted": "f.predicted", "z_mean": "f.other_latents", "z_log_variance": "f.more_latents[0]",
    "u_mean": "f.more_latents[1]", "u_log_variance": "f.more_latents[2]",
    "dataset_create_memory.factors": "f.factors", "dataset_get.factors": "f.item_factors",
    "dataset_get.x": "f.item", "loader_next.x": "f.batch", "loader_next.factors": "f.factors_room",
    "model_decode.x": "f.x_room",
}


def valid(function, parameter):
    """The expression; None for a pointer to what the call writes."""
    kind, name = parameter.type, parameter.name
    if (function, name) in NEVER_NULL:
        parameter.may_be_null = False
    if function.endswith("_init") or function in FILLED:
        struct = FILLED.get(function, function.removesuffix("_init"))
        if name == "size":
            return f"sizeof(tvae_{struct})"
        if kind == f"tvae_{struct} *":
            return None
    if kind.endswith("**"):
        struct = kind.removeprefix("tvae_").removesuffix(" **")
        return f"&f.{HANDLE_NAMES.get(struct, struct)}" if function.endswith("_destroy") else None
    for key in (f"{function}.{name}", f"{kind}.{name}"):
        if key in VALUES:
            return VALUES[key]
    match = re.fullmatch(r"(?:const )?tvae_(\w+) \*", kind)
    if match and match.group(1) in HANDLES and name not in VALUES:
        return f"f.{match.group(1)}"
    if match and match.group(1).endswith("_options"):
        return f"&f.{match.group(1)}"
    if kind == "const double *":
        return VALUES["double.shifts"]
    if kind.endswith("*") and not kind.startswith("const") and "tvae_" not in kind:
        return None
    if name not in VALUES:
        raise SystemExit(f"tests/arguments/table.py has no value for {function}: {kind}{name}")
    return VALUES[name]
