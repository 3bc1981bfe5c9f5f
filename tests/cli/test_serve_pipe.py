#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The example that serves a model over a pipe answers as `tvae encode` does, at once, and
refuses what is not whole sequences.

    test_serve_pipe.py PROGRAM SERVE_PIPE
"""
import pathlib
import random
import struct
import subprocess
import sys
import tempfile

N_FRAMES, SIDE = 15, 8
SETTINGS = ["--set", f"image_size={SIDE}", "--set", "n_capsules=2"]


def run(*words, **options):
    return subprocess.run(words, capture_output=True, timeout=60, **options)


def write_npy(path, shape, data):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}"
    header = header.ljust(117) + "\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header))
                     + header.encode() + data)


def read_npy(path):
    raw = path.read_bytes()
    return raw[10 + struct.unpack("<H", raw[8:10])[0]:]


def sequence(seed):
    draw = random.Random(seed)
    values = [float(draw.random() < 0.1) for _ in range(N_FRAMES * SIDE * SIDE)]
    return struct.pack(f"<{len(values)}f", *values)


def check_answers(program, serve, model, folder):
    """Two sequences, each answered before the next is sent."""
    command = [serve, model, str(N_FRAMES)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as server:
        for seed in (1, 2):
            write_npy(folder / "x.npy", (N_FRAMES, 1, SIDE, SIDE), sequence(seed))
            result = run(program, "encode", model, folder / "x.npy", folder / "t.npy",
                         "--threads", "1")
            assert result.returncode == 0, result.stderr
            want = read_npy(folder / "t.npy")
            server.stdin.write(sequence(seed))
            server.stdin.flush()
            assert server.stdout.read(len(want)) == want, f"sequence {seed} differs"
        server.stdin.close()
        assert server.stdout.read() == b""
        sizes = server.stderr.read().decode()
        assert server.wait(60) == 0, sizes
    assert f"request: [{N_FRAMES}, 1, {SIDE}, {SIDE}] floats" in sizes, sizes
    assert f"answer: [{N_FRAMES}, 2, 15, 1, 1] floats" in sizes, sizes


def check_failures(serve, model):
    short = run(serve, model, str(N_FRAMES), input=sequence(1)[:-4])
    assert short.returncode == 1 and short.stdout == b"", short
    assert b"ends after 959 of a sequence's 960 floats" in short.stderr, short.stderr
    missing = run(serve, "no-such.safetensors", input=b"")
    assert missing.returncode == 1 and b"TVAE_E_NOT_FOUND" in missing.stderr, missing
    for words in ([], [model, "0"], [model, "1", "2"]):
        assert run(serve, *words, input=b"").returncode == 2, words


def main():
    program, serve = sys.argv[1:]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        trained = run(program, "train", "sprites_quick", *SETTINGS, "--steps", "2",
                      "--threads", "1", "--out", folder / "run")
        assert trained.returncode == 0, trained.stderr
        model = str(folder / "run" / "model.safetensors")
        check_answers(program, serve, model, folder)
        check_failures(serve, model)


if __name__ == "__main__":
    main()
