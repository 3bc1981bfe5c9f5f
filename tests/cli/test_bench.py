#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`tvae bench`: every row is there, in its form, in time; nothing is said about speed.

    test_bench.py PROGRAM SOURCE_FOLDER

The model is small, so that the test ends soon even under a sanitizer.
"""
import json
import os
import subprocess
import sys
import tempfile

LIMIT_SECONDS = 60
SMALL = ["--threads", "1", "--set", "n_capsules=2", "--set", "batch_size=2"]

TIMED = {"train_step", "dense_floor", "part_noise", "part_encoders", "part_prior",
         "part_decoder", "part_likelihood", "part_equivariance", "part_backward",
         "part_update", "part_data", "encode_1", "decode_1", "encode_batch",
         "likelihood_10", "encode_host_1", "encode_hosts", "sequence", "loader"}
MNIST_ONLY = {"transform_warp", "transform_hue", "transform_perspective"}
COUNTED = {"hosts_speed_up": "ratio", "data_never_waits": "ratio", "peak_rss_mib": "mib",
           "allocations_per_step": "allocations"}


def run(*words, environment=None):
    return subprocess.run([sys.argv[1], "bench", *words], capture_output=True, text=True,
                          timeout=LIMIT_SECONDS, env=environment)


def rows_of(*words, environment=None):
    result = run("--json", *words, environment=environment)
    assert result.returncode == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def check_row(row):
    what = row["what"]
    if what in COUNTED:
        assert row["seconds"] is None and row[COUNTED[what]] >= 0, row
    else:
        assert row["seconds"] >= row["fastest"] >= 0 and row["repeats"] >= 1, row
        assert row.get("frames", row.get("sequences", 0)) >= 1, row
    assert row["threads"] == 1, row
    assert what != "allocations_per_step" or row["allocations"] == 0, row


def check_all_rows():
    machine, *rows = rows_of(*SMALL)
    assert machine["what"] == "machine" and machine["blas_kernel"], machine
    for config, more in (("mnist", MNIST_ONLY), ("dsprites", set())):
        got = [row["what"] for row in rows if row["config"] == config]
        assert len(got) == len(set(got)), got
        assert set(got) == TIMED | set(COUNTED) | more, set(got) ^ (TIMED | set(COUNTED) | more)
    for row in rows:
        check_row(row)
    steps = [row for row in rows if row["what"] == "train_step"]
    assert all(row["repeats"] >= 32 for row in steps), steps


def check_choices():
    rows = rows_of(*SMALL, "--config", "mnist", "--only", "encode_1", "--only", "decode_1")
    assert [row["what"] for row in rows] == ["machine", "encode_1", "decode_1"], rows
    sizes = ["--set", "n_frames=6", "--set", "window=3", "--set", "image_size=8",
             "--set", "capsule_dim=6"]
    rows = rows_of(*SMALL, *sizes, "--config", "dsprites", "--only", "train_step")
    assert rows[1]["frames"] == 2 * 6, rows


def check_hosts():
    """One host thread and as many as --threads says, both with a library of one."""
    small = ["--threads", "2", *SMALL[2:], "--config", "mnist"]
    rows = rows_of(*small, "--only", "encode_host_1", "--only", "encode_hosts",
                   "--only", "hosts_speed_up")[1:]
    assert [row["what"] for row in rows] == ["encode_host_1", "encode_hosts",
                                             "hosts_speed_up"], rows
    one, many, speed_up = rows
    assert (one["threads"], many["threads"]) == (1, 2), rows
    assert abs(speed_up["ratio"] * many["seconds"] / one["seconds"] - 1) < 1e-3, rows


def check_table():
    result = run(*SMALL, "--config", "dsprites", "--only", "encode_batch")
    assert result.returncode == 0 and "BLAS kernel" in result.stdout, result
    assert any(line.split()[:2] == ["dsprites", "encode_batch"]
               for line in result.stdout.splitlines()), result.stdout


def write_idx(path, extents, values):
    header = bytes([0, 0, 8, len(extents)]) + b"".join(n.to_bytes(4, "big") for n in extents)
    with open(path, "wb") as file:
        file.write(header + bytes(values))


def check_real_data(folder):
    """Other pictures than 28 x 28 would not fit; files of MNIST's format are read."""
    write_idx(f"{folder}/train-images-idx3-ubyte", [10, 28, 28], [7] * (10 * 28 * 28))
    write_idx(f"{folder}/train-labels-idx1-ubyte", [10], range(10))
    rows = rows_of(*SMALL, "--config", "mnist", "--data", folder, "--only", "train_step",
                   "--only", "loader")
    assert [row["what"] for row in rows[1:]] == ["train_step", "loader"], rows
    result = run("--data", f"{folder}/nothing", "--config", "mnist", *SMALL)
    assert result.returncode == 1 and "nothing" in result.stderr, result


def check_nothing_is_left(folder):
    rows_of(*SMALL, "--config", "mnist", "--only", "sequence",
            environment=dict(os.environ, TMPDIR=folder))
    assert not os.listdir(folder), os.listdir(folder)


def check_wrong_usage():
    for words, hint in ((["--only", "train_stop"], "train_step"),
                        (["--config", "cifar"], "mnist"),
                        (["--set", "pixels=3"], "image_size"),
                        (["--set", "batch_size=0"], "1 to"),
                        (["--set", "density=2"], "0 to 1"),
                        (["--threads", "-1"], "0 to"),
                        (["more"], "more")):
        result = run(*words)
        assert result.returncode == 2 and hint in result.stderr, (words, result)


def check_documentation():
    with open(f"{sys.argv[2]}/docs/performance.md", encoding="utf-8") as file:
        text = file.read()
    for name in TIMED | MNIST_ONLY | set(COUNTED):
        assert f"`{name}`" in text, f"docs/performance.md says nothing of {name}"


def main():
    check_documentation()
    check_all_rows()
    check_choices()
    check_hosts()
    check_table()
    check_wrong_usage()
    with tempfile.TemporaryDirectory() as folder:
        check_real_data(folder)
    with tempfile.TemporaryDirectory() as folder:
        check_nothing_is_left(folder)
    print("all checks passed")


if __name__ == "__main__":
    main()
