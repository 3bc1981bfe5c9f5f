#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A long training run with checkpoints and evaluations leaks neither memory nor descriptors, and
its log has every line once.

    run.py PROGRAM [SECONDS]            default 1800

After a third of the time has passed for warming up, the rest is cut into windows. A leak raises
the floor of every later window, whatever is allocated for the moment while a checkpoint is
written: so the least size of each window is compared with that of the first, to the page.
"""
import json
import os
import pathlib
import resource
import signal
import subprocess
import sys
import tempfile
import time

N_WINDOWS = 8
LOG_STEPS, CHECKPOINT_STEPS, EVAL_STEPS = 10, 50, 100
KEYS = {"image_size": 16, "n_capsules": 4, "log_steps": LOG_STEPS,
        "checkpoint_steps": CHECKPOINT_STEPS}


def start(program, folder, messages):
    command = [program, "train", "sprites_quick", "--out", str(folder), "--steps", str(10**9),
               "--threads", "2", "--eval-every", str(EVAL_STEPS)]
    for key, value in KEYS.items():
        command += ["--set", f"{key}={value}"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=messages)


def sample(process):
    """Bytes of memory of its own (what is mapped from files comes and goes), descriptors."""
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    facts = dict(line.split(":", 1) for line in status.splitlines())
    size = int(facts["RssAnon"].split()[0]) * 1024
    return size, len(os.listdir(f"/proc/{process.pid}/fd"))


def watch(process, seconds):
    """The least and the most of each window: [(memory, descriptors), ...]."""
    time.sleep(seconds / 3)
    windows = []
    for _ in range(N_WINDOWS):
        end = time.monotonic() + seconds * 2 / 3 / N_WINDOWS
        samples = []
        while time.monotonic() < end:
            assert process.poll() is None, f"training ended with {process.returncode}"
            samples.append(sample(process))
            time.sleep(0.01)
        memory, descriptors = zip(*samples)
        windows.append((min(memory), min(descriptors)))
        print(f"memory {min(memory)} to {max(memory)} bytes, "
              f"descriptors {min(descriptors)} to {max(descriptors)}", flush=True)
    return windows


def check_log(path):
    """Every line of training and of evaluation is there once, in order."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    steps = [line["step"] for line in lines if "eval" not in line]
    evaluations = [line["step"] for line in lines if "eval" in line]
    assert steps == list(range(LOG_STEPS, steps[-1] + 1, LOG_STEPS)), "steps of the log"
    assert evaluations == list(range(EVAL_STEPS, steps[-1] + 1, EVAL_STEPS)), "evaluations"
    return steps[-1], len(evaluations)


def main():
    program = sys.argv[1]
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 1800.0
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch) / "run"
        with open(pathlib.Path(scratch) / "messages", "w+") as messages:
            process = start(program, folder, messages)
            try:
                windows = watch(process, seconds)
                process.send_signal(signal.SIGTERM)
                status = process.wait(60)
            finally:
                process.kill()
                process.wait()
            messages.seek(0)
            assert status == 130, f"status {status}: {messages.read()[-500:]}"
        steps, evaluations = check_log(folder / "log.jsonl")
    page = resource.getpagesize()
    print(f"{seconds:.0f} s, {steps} steps, {steps // CHECKPOINT_STEPS} checkpoints, "
          f"{evaluations} evaluations")
    growth = [(memory - windows[0][0]) // page for memory, _ in windows]
    print(f"pages gained over the first window: {growth}")
    assert max(growth) <= 0, "memory grows"
    assert max(count for _, count in windows) == windows[0][1], "descriptors are lost"


if __name__ == "__main__":
    main()
