#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A training run that is killed at random moments always resumes, from a checkpoint no older than
the last one completed, and ends in the bytes of a run that was never killed. Two processes on one
run folder: the second is refused.

    test_kill.py PROGRAM [KILLS]        default 20; by hand 200

TVAE_TEST_SEED chooses the moments (default 1).
"""
import json
import os
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import time

LOG_STEPS, CHECKPOINT_STEPS, EVAL_STEPS = 2, 5, 10
KEYS = {"image_size": 8, "n_capsules": 2, "log_steps": LOG_STEPS,
        "checkpoint_steps": CHECKPOINT_STEPS, "eval_sequences": 2}
LONGEST_LIFE = 0.4  # seconds until the kill; starting takes part of it
# What differs between equal runs: times, and the memory the process took.
MEASURED = {"log_seconds", "train_seconds", "peak_rss_bytes", "crc32"}


def command(program, folder, steps, *words):
    words = ["train", "sprites_quick", "--out", str(folder), "--steps", str(steps),
             "--threads", "1", "--eval-every", str(EVAL_STEPS), *words]
    for key, value in KEYS.items():
        words += ["--set", f"{key}={value}"]
    return [program, *words]


def read_state(path):
    """The metadata and the rest of a state: (dict, tensors' descriptions and bytes)."""
    raw = path.read_bytes()
    length = struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8:8 + length])
    return header.pop("__metadata__"), (header, raw[8 + length:])


def newest_step(folder):
    """The step of the newest state. Between two renames the one before is the newest."""
    for name in ("state.safetensors", "state.previous.safetensors"):
        try:
            return int(read_state(folder / name)[0]["step"])
        except FileNotFoundError:
            pass
    return 0


def live_and_die(arguments, folder, life, messages):
    """Start, kill after `life` seconds; the last step seen to be saved before the kill."""
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=messages)
    try:
        time.sleep(life)
        seen = newest_step(folder)
    finally:
        process.kill()
        status = process.wait()
    assert status == -9, f"ended by itself with status {status}"
    return seen


def check_log(folder, total):
    """Each line once, in order: of training every LOG_STEPS, of evaluation every EVAL_STEPS."""
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    steps = [line["step"] for line in lines if "eval" not in line]
    evaluations = [line["step"] for line in lines if "eval" in line]
    assert steps == list(range(LOG_STEPS, total + 1, LOG_STEPS)), steps
    assert evaluations == list(range(EVAL_STEPS, total + 1, EVAL_STEPS)), evaluations
    for line in lines:
        line.pop("step_seconds", None)
    return lines


def compare(killed, unbroken, total):
    for name in ("model.safetensors", "best.safetensors", "config.json"):
        assert (killed / name).read_bytes() == (unbroken / name).read_bytes(), name
    (a, a_tensors), (b, b_tensors) = (read_state(folder / "state.safetensors")
                                      for folder in (killed, unbroken))
    assert a_tensors == b_tensors, "tensors of the state"
    differing = {key for key in a.keys() | b.keys() if a.get(key) != b.get(key)}
    assert differing <= MEASURED, differing
    assert check_log(killed, total) == check_log(unbroken, total), "the logs"
    left = {path.name for path in killed.iterdir()} ^ {path.name for path in unbroken.iterdir()}
    assert not left, f"only one of the folders has {left}"


def check_lock(program, folder):
    """The second process is refused; the lock of a killed one is no lock."""
    first = subprocess.Popen(command(program, folder, 10**9), stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while newest_step(folder) == 0 and time.monotonic() < deadline:
            time.sleep(0.02)
        second = subprocess.run(command(program, folder, 10**9, "--resume"), timeout=60,
                                capture_output=True, text=True)
        assert second.returncode == 1, second
        assert "another process is training" in second.stderr, second.stderr
        assert first.poll() is None, "the first process goes on"
    finally:
        first.kill()
        first.wait()
    third = subprocess.run(command(program, folder, newest_step(folder) + 1, "--resume"),
                           timeout=60, capture_output=True, text=True)
    assert third.returncode == 0, third.stderr


def main():
    program = sys.argv[1]
    kills = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    seed = int(os.environ.get("TVAE_TEST_SEED", "1"))
    print(f"seed {seed}")
    draw = random.Random(seed)
    n_advanced = n_mid_save = 0
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        killed, unbroken = scratch / "killed", scratch / "unbroken"
        last = 0
        with open(scratch / "messages", "w+") as messages:
            for _ in range(kills):
                seen = live_and_die(command(program, killed, 10**9, "--resume"), killed,
                                    draw.uniform(0.0, LONGEST_LIFE), messages)
                step = newest_step(killed)
                assert step >= seen >= last, f"step {step}; {seen} was saved, {last} before"
                n_advanced += step > last
                names = [path.name for path in killed.iterdir()] if killed.exists() else []
                n_mid_save += any(".tmp-" in name or ".next" in name for name in names)
                last = step
            messages.seek(0)
            text = messages.read()
        assert "damaged" not in text and "error" not in text.lower(), text[-2000:]
        assert last > 0, "no life was long enough for a checkpoint"
        total = last + 2 * EVAL_STEPS
        for folder in (killed, unbroken):
            result = subprocess.run(command(program, folder, total, "--resume"), timeout=600,
                                    capture_output=True, text=True)
            assert result.returncode == 0, result.stderr
        compare(killed, unbroken, total)
        check_lock(program, scratch / "shared")
    print(f"{kills} kills, {n_advanced} after new checkpoints, {n_mid_save} in the middle of "
          f"one, {total} steps in the end: equal to an unbroken run")


if __name__ == "__main__":
    main()
