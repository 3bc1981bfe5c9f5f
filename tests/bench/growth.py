# SPDX-License-Identifier: MIT
"""How the training step grows with the sizes of the MNIST model, one at a time.

The sizes of all series are run in turn, several rounds of them, and each figure is the
median of its rounds: a machine that gets slower meanwhile bends no curve.
"""
import json
import sys

from figures import median

TITLES = {"batch_size": "sequences a step", "n_capsules": "capsules",
          "n_frames": "frames a sequence", "image_size": "pixels a side"}
SERIES = {"batch_size": (2, 4, 8, 16, 32), "n_capsules": (6, 9, 18, 27, 36),
          "n_frames": (6, 9, 18, 36), "image_size": (14, 28, 42, 56)}
ROWS = {1: ("train_step",), 2: ("train_step", "dense_floor")}  # by number of threads


def measure(tvae, rows_of, rounds):
    """{(key, value, threads, row): [seconds of each round]}."""
    times = {}
    for turn in range(rounds):
        for key, values in SERIES.items():
            print(f"compare.py: round {turn + 1} of {rounds}: {key}", file=sys.stderr)
            for value in values:
                for threads in ROWS:
                    measure_one(times, tvae, rows_of, key, value, threads)
    return times


def measure_one(times, tvae, rows_of, key, value, threads):
    command = [tvae, "bench", "--json", "--config", "mnist", "--threads", str(threads),
               "--set", f"{key}={value}"]
    for row in ROWS[threads]:
        command += ["--only", row]
    rows = rows_of(command)
    if rows is None:
        sys.exit(1)
    for row in ROWS[threads]:
        times.setdefault((key, value, threads, row), []).append(rows[row]["seconds"])


def print_table(seconds):
    print("| varied | value | step, 1 thread (ms) | step, 2 threads (ms) | speed-up | "
          "floor, 2 threads (ms) | step / floor |\n|---|---|---|---|---|---|---|")
    for key, values in SERIES.items():
        for value in values:
            one, two = (seconds[key, value, threads, "train_step"] for threads in ROWS)
            floor = seconds[key, value, 2, "dense_floor"]
            print(f"| `{key}` | {value} | {1e3 * one:.1f} | {1e3 * two:.1f} | "
                  f"{one / two:.2f} | {1e3 * floor:.1f} | {two / floor:.2f} |")


def print_json(seconds):
    for (key, value, threads, row), number in seconds.items():
        print(json.dumps({"what": row, "config": "mnist", "seconds": number,
                          "threads": threads, "varied": key, "value": value}))


def draw(seconds, path):
    """A panel for each quantity: step and floor over it, both axes logarithmic."""
    try:
        import matplotlib
    except ImportError:
        sys.exit("compare.py: no picture: this Python has no matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    lines = ((1, "train_step", "o-", "#9ecae1", "step, 1 thread"),
             (2, "train_step", "o-", "#08519c", "step, 2 threads"),
             (2, "dense_floor", "s--", "#888888", "dense floor, 2 threads"))
    figure, panels = pyplot.subplots(1, len(SERIES), figsize=(11, 3), sharey=True)
    for panel, (key, values) in zip(panels, SERIES.items()):
        for threads, row, style, colour, label in lines:
            panel.plot(values, [1e3 * seconds[key, value, threads, row] for value in values],
                       style, color=colour, label=label, markersize=4)
        panel.set(xscale="log", yscale="log", xlabel=TITLES[key])
        panel.set_xticks(values, [str(value) for value in values])
        panel.minorticks_off()
        panel.grid(alpha=0.3)
    panels[0].set_ylabel("milliseconds")
    panels[0].legend(fontsize=7, frameon=False)
    figure.tight_layout()
    figure.savefig(path, dpi=110, metadata={"Software": None})


def report(tvae, rows_of, rounds, as_json, picture):
    times = measure(tvae, rows_of, rounds)
    seconds = {key: median(numbers) for key, numbers in times.items()}
    (print_json if as_json else print_table)(seconds)
    if picture:
        draw(seconds, picture)
