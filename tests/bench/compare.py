#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Sets `tvae bench` beside PyTorch, and beside the dense floor.

    compare.py --peer 'torch 2.15=/path/to/python' --peer 'debian 1.13=/usr/bin/python3'
    compare.py --growth --picture docs/pictures/growth.png

Each peer (a Python that has torch) runs torch_peer.py in several variants: eager, compile
(torch.compile) and as-installed (without the tuning that torch_peer.py does). Every run of
a peer is followed at once by a run of `tvae bench`, and the ratio of a row is taken within
such a pair, so that a machine that gets slower meanwhile does not decide. Printed are
median, least and greatest ratio of all pairs (below 1: tvae is faster), and which peer was
the fastest at each row. A variant that does not run (torch.compile in an old torch) is left
out, and said so on stderr.

--growth times the training step at other batches, capsules, frames, image sizes and numbers
of threads, prints a Markdown table and draws it if matplotlib is there.
"""
import argparse
import json
import pathlib
import subprocess
import sys

import growth
from figures import Ratio, median

HERE = pathlib.Path(__file__).resolve().parent
CONFIGS = ("mnist", "dsprites")
ROWS = ("train_step", "encode_1", "encode_batch", "likelihood_10", "peak_rss_mib")
VARIANTS = {"eager": [], "compile": ["--compile"], "as-installed": ["--as-installed"]}
RUN_SECONDS = 600


def rows_of(command):
    """The JSON lines that a command prints, by row and configuration; None if it fails."""
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=True,
                                timeout=RUN_SECONDS)
    except (OSError, subprocess.SubprocessError) as error:
        said = (getattr(error, "stderr", None) or "").strip().splitlines()
        print(f"compare.py: {' '.join(command)}: {said[-1] if said else error}",
              file=sys.stderr)
        return None
    lines = (line for line in result.stdout.splitlines() if line.startswith("{"))
    return {row["what"]: row for row in map(json.loads, lines)}


def number_of(row):
    """Seconds, or MiB."""
    return row["mib"] if row["seconds"] is None else row["seconds"]


class Peer:
    """One interpreter in one variant."""

    def __init__(self, label, python, variant, script):
        self.name = f"{label} {variant}"
        self.command = [python, str(script), *VARIANTS[variant]]

    def run(self, config, threads):
        return rows_of([*self.command, "--config", config, "--threads", str(threads)])


class Tvae:
    """The program, of which only the rows are run that a peer has, and the floor."""

    def __init__(self, program, threads):
        self.command = [program, "bench", "--json", "--threads", str(threads)]
        for what in (*ROWS, "dense_floor"):
            self.command += ["--only", what]
        self.machine = {}

    def run(self, config):
        rows = rows_of([*self.command, "--config", config])
        if rows is None:
            sys.exit(1)
        self.machine = rows.pop("machine")
        return rows


def measure(tvae, peers, configs, pairs, threads):
    """The ratios of all pairs: {(config, row, whose): Ratio}."""
    ratios, absent = {}, set()
    for pair in range(pairs):
        for config in configs:
            for peer in peers:
                if peer.name in absent:
                    continue
                print(f"compare.py: pair {pair + 1} of {pairs}: {config}, {peer.name}",
                      file=sys.stderr)
                theirs = peer.run(config, threads)
                if theirs is None:
                    absent.add(peer.name)
                    continue
                add_pair(ratios, config, peer.name, tvae.run(config), theirs)
            if not peers:
                add_pair(ratios, config, None, tvae.run(config), {})
    return {key: ratio for key, ratio in ratios.items() if key[2] not in absent}


def add_pair(ratios, config, name, ours, theirs):
    for what in ROWS:
        if what in theirs:
            ratios.setdefault((config, what, name), Ratio()).add(
                number_of(ours[what]), number_of(theirs[what]))
    ratios.setdefault((config, "train_step", "dense floor"), Ratio()).add(
        ours["train_step"]["seconds"], ours["dense_floor"]["seconds"])


def fastest_of(ratios):
    """Whose number is the least at each row: {(config, row): name}."""
    best = {}
    for (config, what, name), ratio in ratios.items():
        key = (config, what)
        if name != "dense floor" and (
                key not in best or median(ratio.theirs) < median(ratios[(*key, best[key])].theirs)):
            best[key] = name
    return best


def in_order(ratios):
    return sorted(ratios.items(),
                  key=lambda item: (CONFIGS.index(item[0][0]), ROWS.index(item[0][1])))


def print_json(tvae, ratios):
    best = fastest_of(ratios)
    print(json.dumps(tvae.machine))
    for (config, what, name), ratio in in_order(ratios):
        print(json.dumps({"what": what, "config": config, "against": name,
                          "ratio": ratio.median, "least": ratio.least,
                          "greatest": ratio.greatest, "ours": median(ratio.ours),
                          "theirs": median(ratio.theirs), "pairs": len(ratio.ours),
                          "fastest": best.get((config, what)) == name}))


def print_table(tvae, ratios):
    best, machine = fastest_of(ratios), tvae.machine
    print(f"{machine['cpu']}, {machine['threads']} threads, BLAS kernel "
          f"{machine['blas_kernel']}, tvae {machine['version']}. Milliseconds (peak memory: "
          "MiB), medians; the ratio is tvae's divided by theirs, median of the pairs "
          "(least - greatest). An asterisk marks the fastest peer.\n")
    print("| config | row | against | tvae | theirs | ratio |\n|---|---|---|---|---|---|")
    for (config, what, name), ratio in in_order(ratios):
        scale = 1.0 if what == "peak_rss_mib" else 1e3
        mark = " *" if best.get((config, what)) == name else ""
        print(f"| {config} | {what} | {name}{mark} | {scale * median(ratio.ours):.3g} | "
              f"{scale * median(ratio.theirs):.3g} | **{ratio.median:.3f}** "
              f"({ratio.least:.3f} - {ratio.greatest:.3f}) |")


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tvae", default="build/examples/cli/tvae", help="the program")
    parser.add_argument("--script", type=pathlib.Path,
                        default=HERE.parents[1].parent / "shared/bench/torch_peer.py",
                        help="torch_peer.py (default: ../shared/bench/ beside the tree)")
    parser.add_argument("--peer", action="append", default=[], metavar="LABEL=PYTHON")
    parser.add_argument("--variants", default="eager,compile,as-installed",
                        help="of each peer, commas between (default: all three)")
    parser.add_argument("--config", choices=CONFIGS, action="append")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", action="store_true", help="one object a line")
    parser.add_argument("--growth", action="store_true", help="growth of the step instead")
    parser.add_argument("--picture", type=pathlib.Path, help="of --growth, a PNG file")
    arguments = parser.parse_args()
    for peer in arguments.peer:
        if "=" not in peer:
            parser.error(f"--peer is '{peer}', want LABEL=PYTHON")
    for variant in arguments.variants.split(","):
        if variant not in VARIANTS:
            parser.error(f"--variants has '{variant}', want {', '.join(VARIANTS)}")
    if arguments.pairs < 1:
        parser.error("--pairs wants at least 1")
    return arguments


def main():
    a = parse_arguments()
    if a.growth:
        growth.report(a.tvae, rows_of, a.pairs, a.json, a.picture)
        return
    peers = [Peer(*peer.split("=", 1), variant, a.script)
             for peer in a.peer for variant in a.variants.split(",")]
    tvae = Tvae(a.tvae, a.threads)
    ratios = measure(tvae, peers, a.config or CONFIGS, a.pairs, a.threads)
    (print_json if a.json else print_table)(tvae, ratios)


if __name__ == "__main__":
    main()
