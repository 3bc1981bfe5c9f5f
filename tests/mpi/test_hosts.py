#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Training on two "hosts" (hosts.py): over TCP, and what becomes of it when one dies.

    test_hosts.py PROGRAM
"""
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

import hosts
from ranks import ENVIRONMENT, assert_close, largest_difference, log, parameters, run, train

LIMIT = 5    # seconds that a rank waits for the others
GRACE = 30   # in which mpirun tidies up, on a loaded machine


def test_trains_over_tcp(program, folder):
    """The run of one process; the gradients have gone over the wire."""
    run(train(program, folder / "one", steps=30, batch=8))
    with hosts.Hosts() as pair:
        run(pair.ranks(*train(program, folder / "two", steps=30, batch=4)))
        sent = pair.sent_bytes()
    assert largest_difference(folder / "two", folder / "one") <= 1e-5
    assert_close(log(folder / "two"), log(folder / "one"), 1e-5)
    plain = 4 * sum(map(len, parameters(folder / "one" / "model.safetensors").values()))
    print(f"{sent / 30 / plain:.2f} of the plain gradient's bytes sent a step")
    assert sent > 30 * plain / 4


def find_ranks(folder):
    """Process numbers of the program on the hosts, by the run folder in their arguments."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if os.fsencode(folder) in words and words[1:2] == [b"train"]:
            found.append(int(path.parent.name))
    return sorted(found)


def survive(program, folder, disaster):
    """Train on two hosts until there are checkpoints, let something happen, and go on alone."""
    straight = folder / "straight"
    with hosts.Hosts() as pair:
        command = pair.ranks(*train(program, folder / "run", steps=100000, batch=4,
                                    sets=[f"exchange_seconds={LIMIT}"]))
        with subprocess.Popen(list(map(str, command)), env=ENVIRONMENT, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
            while not (folder / "run" / "state.previous.safetensors").exists():
                assert process.poll() is None, process.communicate()[0]
                time.sleep(0.05)
            disaster(pair, find_ranks(folder / "run"))
            began = time.monotonic()
            said = process.communicate(timeout=LIMIT + 60)[0]
            seconds = time.monotonic() - began
        time.sleep(LIMIT)
        assert find_ranks(folder / "run") == [], "a rank lives on"
    assert process.returncode != 0
    print(f"ended after {seconds:.1f} s")
    assert seconds < LIMIT + GRACE, seconds
    before = log(folder / "run")[-1]["step"]
    run(train(program, folder / "run", "--resume", steps=before + 20, batch=8))
    run(train(program, straight, steps=before + 20, batch=8))
    assert_close(log(folder / "run"), log(straight), 1e-4)
    return said


def test_a_rank_that_is_killed(program, folder):
    """mpirun names it, and ends the other."""
    said = survive(program, folder, lambda _, pids: os.kill(pids[-1], signal.SIGKILL))
    assert "exited on signal 9" in said, said


def test_a_wire_that_breaks(program, folder):
    """The time limit tells: the ranks end themselves."""
    said = survive(program, folder, lambda pair, _: pair.cut())
    assert f"has waited {LIMIT} seconds for the others" in said, said


def main():
    """Run all of them."""
    hosts.need()
    program = os.path.abspath(sys.argv[1])
    for test in (test_trains_over_tcp, test_a_rank_that_is_killed, test_a_wire_that_breaks):
        with tempfile.TemporaryDirectory() as folder:
            test(program, pathlib.Path(folder))
            print(f"ok {test.__name__}")


if __name__ == "__main__":
    main()
