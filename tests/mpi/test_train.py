#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The program under mpirun, on this machine: ranks give the run of one process.

    test_train.py PROGRAM
"""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

import ranks
from ranks import ENVIRONMENT, assert_close, largest_difference, log, need, run, train

STEPS = 30


def test_equals_one_process(program, folder):
    """N ranks of batch B: the log, the parameters and the evaluation of one of batch N B."""
    run(train(program, folder / "one", steps=STEPS, batch=8))
    evaluate = ["--sequences", "45", "--samples", "2"]
    table = run([program, "eval", folder / "one", *evaluate]).stdout.splitlines()
    summary = json.loads((folder / "one" / "summary.json").read_text())
    for n, batch, more in ((2, 4, []), (4, 2, []), (2, 4, ["exchange_shared=no"]),
                           (2, 4, ["exchange_rows=all", "exchange_bucket_bytes=65536"])):
        other = folder / f"ranks-{n}-{'-'.join(more)}"
        result = run(ranks.ranks(n, *train(program, other, steps=STEPS, batch=batch, sets=more)))
        assert result.stdout == f"{other}\n", result.stdout
        assert_close(log(other), log(folder / "one"), 1e-5)
        difference = largest_difference(other, folder / "one")
        print(f"{n} ranks {more}: parameters differ by {difference:.2g} at most")
        assert difference <= 1e-5
        rows = run(ranks.ranks(n, program, "eval", other, *evaluate)).stdout.splitlines()
        assert [row[:26] for row in rows] == [row[:26] for row in table]
        got = json.loads((other / "summary.json").read_text())
        for facts in (got, summary):
            for key in ("seconds", "train_seconds", "peak_rss_bytes", "run", "folder"):
                facts.pop(key, None)
        assert_close(got, summary, 1e-4)


def test_resumes_with_another_number(program, folder):
    """2 ranks, then 4, then 1; another whole batch is refused, with what to set."""
    run(train(program, folder / "unbroken", steps=30, batch=8))
    parts = folder / "parts"
    run(ranks.ranks(2, *train(program, parts, steps=10, batch=4)))
    run(ranks.ranks(4, *train(program, parts, "--resume", steps=20, batch=2)))
    refused = run(train(program, parts, "--resume", steps=30, batch=4), status=1)
    assert "batch_size to 8" in refused.stderr, refused.stderr
    run(train(program, parts, "--resume", steps=30, batch=8))
    assert largest_difference(parts, folder / "unbroken") <= 1e-5
    assert_close(log(parts), log(folder / "unbroken"), 1e-5)


def test_refuses_unequal_options(program, folder):
    """Both ranks fail, with the key and both values, once."""
    one, other = (train(program, folder / "unequal", steps=10, batch=4, sets=[f"momentum={m}"])
                  for m in (0.9, 0.8))
    result = run(["mpirun", "-n", 1, *one, ":", "-n", 1, *other], status=None)
    assert result.returncode != 0
    said = [line for line in result.stderr.splitlines() if line.startswith("tvae: ")]
    assert len(said) == 1 and "momentum=0.8" in said[0] and "momentum=0.9" in said[0], said
    assert not (folder / "unequal").exists()


def test_saves_when_told_to_stop(program, folder):
    """SIGTERM to mpirun: a checkpoint, and a run that goes on from it."""
    command = ["mpirun", "--mca", "odls_base_sigkill_timeout", "30", "-n", "2",
               *map(str, train(program, folder / "stopped", steps=100000, batch=4))]
    with subprocess.Popen(command, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True,
                          stdout=subprocess.PIPE) as process:
        while not (folder / "stopped" / "log.jsonl").exists():
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
    assert process.returncode != 0
    assert errors.count("continue with: mpirun -n 2 tvae train") == 1, errors
    steps = log(folder / "stopped")[-1]["step"]
    run(train(program, folder / "stopped", "--resume", steps=steps + 20, batch=8))
    run(train(program, folder / "straight", steps=steps + 20, batch=8))
    assert_close(log(folder / "stopped"), log(folder / "straight"), 1e-4)


def test_doctor_shows_the_layout(program, _):
    """A line for each rank; threads that do not fit are called so."""
    lines = run(ranks.ranks(3, program, "doctor")).stdout.splitlines()
    assert sum(line.startswith("tvae ") for line in lines) == 1
    assert sum(line.startswith("  rank ") for line in lines) == 3, lines
    crowded = any(line.startswith("Slow:") for line in lines)
    assert crowded or os.cpu_count() >= 3


def main():
    """Run all of them."""
    need("mpirun")
    program = os.path.abspath(sys.argv[1])
    tests = [value for name, value in globals().items() if name.startswith("test_")]
    for test in tests:
        with tempfile.TemporaryDirectory() as folder:
            test(program, pathlib.Path(folder))
            print(f"ok {test.__name__}")


if __name__ == "__main__":
    main()
