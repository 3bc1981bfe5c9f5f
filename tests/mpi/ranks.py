# SPDX-License-Identifier: MIT
"""What tests of the program with several ranks share: starting it, and reading its files."""
import array
import json
import os
import shutil
import struct
import subprocess
import sys

# Open MPI: run as root (in a container), and more ranks than CPUs; 5.0 has other names for that.
ENVIRONMENT = {**os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
               "OMPI_MCA_rmaps_base_oversubscribe": "1",
               "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
               "OPENBLAS_NUM_THREADS": "1"}
SKIP = 77


def need(*programs):
    """Skip the test where one is missing."""
    for program in programs:
        if not shutil.which(program):
            print(f"SKIP mpi: there is no {program}")
            sys.exit(SKIP)


def run(command, status=0, seconds=120, **more):
    """Run it; the result, once its exit status is the one wanted (None: any)."""
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                            timeout=seconds, env=ENVIRONMENT, check=False, **more)
    if status is not None and result.returncode != status:
        sys.exit(f"{' '.join(map(str, command))}\nexit status {result.returncode}, want {status}\n"
                 f"{result.stdout}{result.stderr}")
    return result


def ranks(n, *command):
    """That command by n ranks of this machine."""
    return ["mpirun", "-n", n, *command]


def train(program, folder, *words, steps, batch, sets=()):
    """The command that trains sprites_quick by SGD, one log line every 10 steps."""
    keys = [f"batch_size={batch}", "log_steps=10", "checkpoint_steps=10", "optimizer=sgd",
            "learning_rate=1e-4", *sets]
    return [program, "train", "sprites_quick", "--out", folder, "--steps", steps, *words,
            *[word for key in keys for word in ("--set", key)]]


def parameters(path):
    """The tensors of a model file, name to numbers."""
    raw = path.read_bytes()
    length = struct.unpack("<Q", raw[:8])[0]
    tensors = {}
    for name, facts in json.loads(raw[8:8 + length]).items():
        if name != "__metadata__":
            begin, end = facts["data_offsets"]
            tensors[name] = array.array("f", raw[8 + length + begin:8 + length + end])
    return tensors


def largest_difference(folder, other):
    """Between the parameters of two runs."""
    a, b = (parameters(f / "model.safetensors") for f in (folder, other))
    assert a.keys() == b.keys()
    return max(abs(x - y) for name in a for x, y in zip(a[name], b[name]))


def log(folder):
    """The lines of a run's log, without times."""
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [{k: v for k, v in line.items() if not k.endswith("seconds")} for line in lines]


def assert_close(got, want, relative):
    """Two lists of lines of a log, or two summaries: the same keys, numbers within `relative`."""
    if isinstance(want, dict):
        assert got.keys() == want.keys(), (got.keys(), want.keys())
        for key, value in want.items():
            assert_close(got[key], value, relative)
    elif isinstance(want, list):
        assert len(got) == len(want), (len(got), len(want))
        for one, other in zip(got, want):
            assert_close(one, other, relative)
    elif isinstance(want, float):
        assert abs(got - want) <= relative * max(abs(want), 1e-3), (got, want)
    else:
        assert got == want, (got, want)
