#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How training scales over ranks: measured here, and predicted where it cannot be.

    scaling.py BENCH_RANKS --data ../shared/data/mnist [--steps 30] [--json FILE]
               [--picture docs/pictures/scaling.png]
    scaling.py --from FILE [--picture ...]      without measuring again

Times steps at the paper's MNIST size: one rank with batches of several sizes; 1, 2 and 4 ranks
of this machine with the same whole batch; two "hosts" (tests/mpi/hosts.py, as root) over a wire
of 1 and of 10 Gbit/s, with gradients sent plain, without dark rows, by factors, and as
bfloat16, in buckets and in one piece. Fits scaling_model.py to them, prints Markdown tables, and draws predictions
for 8 to 1024 ranks and for models 10 and 100 times as large.
"""
import argparse
import json
import pathlib
import sys

import scaling_model
from figures import median

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "mpi"))
import hosts  # noqa: E402  pylint: disable=wrong-import-position
import ranks  # noqa: E402  pylint: disable=wrong-import-position

EXPERIMENT = "tvae_Lpartial_mnist"
GBIT = 1e9 / 8.0
ROUNDS = 3
ONE_PIECE = "exchange_bucket_bytes=1000000000"
HALVES = "exchange_type=bfloat16"
SENDINGS = {"plain": ["exchange_rows=all"], "lit rows": ["exchange_rows=lit"],
            "lit rows, bfloat16": ["exchange_rows=lit", HALVES], "factors": [],
            "factors, bfloat16": [HALVES]}


def bench(program, threads, steps, data, batch, sets=()):
    """The command that times steps."""
    return [program, EXPERIMENT, threads, steps, f"data={data}", f"batch_size={batch}", *sets]


def read(result, **facts):
    """The line of JSON that it prints."""
    return {**json.loads(result.stdout.splitlines()[-1]), **facts}


def measure(program, data, steps):
    """All measured steps."""
    found = []

    def add(command, **facts):
        found.append(read(ranks.run(command, seconds=600), **facts))
        last = found[-1]
        print(f"{facts}: step {1e3 * last['step']:.1f} ms, wait {1e3 * last['wait']:.1f} ms",
              file=sys.stderr)

    for batch in (2, 4, 8, 16):
        add(bench(program, 1, steps, data, batch), kind="alone")
    for turn in range(ROUNDS):  # a machine that gets slower meanwhile changes no ratio
        add(bench(program, 2, steps, data, 8), kind="threads", turn=turn)
        for n, batch in ((2, 4), (4, 2)):
            for name, sets in SENDINGS.items():
                add(ranks.ranks(n, *bench(program, 1, steps, data, batch, sets)), kind="shared",
                    sending=name, turn=turn)
        add(ranks.ranks(2, *bench(program, 1, steps, data, 4, [HALVES, "exchange_shared=no"])),
            kind="messages", sending="factors, bfloat16", turn=turn)
    for rate in (1, 10):
        with hosts.Hosts(rate=f"{rate}gbit") as pair:
            for name, sets in SENDINGS.items():
                for more in ([], [ONE_PIECE]):
                    add(pair.ranks(*bench(program, 1, steps, data, 4, [*sets, *more]),
                                   options=["--bind-to", "none"]),
                        kind="hosts", sending=name, gbit=rate)
    return found


# ---- tables ----

def best(rows):
    """The quickest of rows that measured the same."""
    return min(rows, key=lambda row: row["step"])


def print_shared(found):
    """Ranks of one machine beside threads of one process, within each round."""
    base = {m["turn"]: m["step"] for m in found if m["kind"] == "threads"}
    print("\n| on this machine, 8 sequences in all | sent | step | of one process, median "
          "(least to greatest) |\n|---|---:|---:|---:|")
    print(f"| 1 rank, 2 threads | | {1e3 * median(base.values()):.1f} ms | 1 |")
    for kind in ("shared", "messages"):
        rows = [m for m in found if m["kind"] == kind]
        for n, sending in dict.fromkeys((m["ranks"], m["sending"]) for m in rows):
            own = [m for m in rows if (m["ranks"], m["sending"]) == (n, sending)]
            ratios = sorted(m["step"] / base[m["turn"]] for m in own)
            how = "" if kind == "shared" else ", by messages"
            print(f"| {n} ranks, {sending}{how} | {own[0]['sent_bytes'] / 1e6:.1f} MB "
                  f"| {1e3 * median(m['step'] for m in own):.1f} ms "
                  f"| {median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}) |")


def print_hosts(found):
    """Two hosts, and how much of the exchange is hidden."""
    print("\n| two hosts, 4 sequences each | sent | of plain | step | waits | in one piece "
          "| hidden |\n|---|---:|---:|---:|---:|---:|---:|")
    rows = [m for m in found if m["kind"] == "hosts"]
    for gbit, sending in dict.fromkeys((m["gbit"], m["sending"]) for m in rows):
        own = [m for m in rows if (m["gbit"], m["sending"]) == (gbit, sending)]
        piece = best([m for m in own if m["buckets"] == 1])
        row = best([m for m in own if m["buckets"] > 1])
        print(f"| {gbit} Gbit/s, {sending} | {row['sent_bytes'] / 1e6:.1f} MB "
              f"| {100 * row['sent_bytes'] / row['dense_bytes']:.0f} % "
              f"| {1e3 * row['step']:.1f} ms | {1e3 * row['wait']:.1f} ms "
              f"| {1e3 * piece['wait']:.1f} ms | {100 * (1 - row['wait'] / piece['wait']):.0f} % |")


def fit(found):
    """The model."""
    alone = {m["sequences"]: m["step"] for m in found if m["kind"] == "alone"}
    together = [{**m, "sequences": m["sequences"] // m["ranks"], "bandwidth": m["gbit"] * GBIT}
                for m in found if m["kind"] == "hosts"]
    model = scaling_model.fit(alone, together)
    worst = max(abs(model.step(m["ranks"], m["sequences"], m["sent_bytes"], m["bandwidth"],
                               m["buckets"]) / m["step"] - 1) for m in together)
    print(f"\nfitted: a = {1e3 * model.fixed:.1f} ms, c = {1e3 * model.a_sequence:.2f} ms a "
          f"sequence, efficiency {model.efficiency:.2f}, latency {1e6 * model.latency:.0f} us, "
          f"skew {1e3 * model.skew:.1f} ms, overlap {model.overlap:.2f}; off by at most {100 * worst:.0f} % of a measured step")
    return model


COUNTS = [2 ** i for i in range(11)]
SCALES = (1, 10, 100)


def predictions(model, found, gbit):
    """{(kind, scale): [efficiency at COUNTS]}; weak: 8 sequences a rank; strong: 1024 in all."""
    row = next(m for m in found if m["kind"] == "hosts" and m["buckets"] > 1
               and m["sending"] == "lit rows, bfloat16")
    curves = {}
    for scale in SCALES:
        n_buckets = row["buckets"] * scale

        def seconds(n, sequences, scale=scale, n_buckets=n_buckets):
            return model.step(n, sequences, row["sent_bytes"], gbit * GBIT, n_buckets, scale)

        curves["weak", scale] = [seconds(1, 8) / seconds(n, 8) for n in COUNTS]
        curves["strong", scale] = [seconds(1, 1024) / (n * seconds(n, 1024 / n)) for n in COUNTS]
    return curves


def print_predictions(model, found):
    """Efficiency: 1 is what one rank does."""
    for gbit in (10, 100):
        curves = predictions(model, found, gbit)
        print(f"\n| predicted at {gbit} Gbit/s | "
              + " | ".join(f"{n} ranks" for n in COUNTS[3:]) + " |\n|---|"
              + "---:|" * len(COUNTS[3:]))
        for (kind, scale), values in curves.items():
            print(f"| {kind}, model x {scale} | "
                  + " | ".join(f"{100 * v:.0f} %" for v in values[3:]) + " |")


def draw(model, found, path):
    """Efficiency over ranks, and the measured steps beside what the model says of them."""
    import matplotlib  # pylint: disable=import-outside-toplevel
    matplotlib.use("Agg")
    from matplotlib import pyplot  # pylint: disable=import-outside-toplevel

    figure, axes = pyplot.subplots(1, 3, figsize=(13, 4.2), constrained_layout=True)
    for axis, kind, title in ((axes[0], "weak", "weak: 8 sequences a rank"),
                              (axes[1], "strong", "strong: 1024 sequences in all")):
        for gbit, style in ((10, "--"), (100, "-")):
            for color, scale in zip(("tab:blue", "tab:orange", "tab:green"), SCALES):
                axis.plot(COUNTS, predictions(model, found, gbit)[kind, scale], style,
                          color=color, label=f"model x {scale}, {gbit} Gbit/s")
        axis.set(xscale="log", xlabel="ranks", title=title, ylim=(0, 1.05))
        axis.set_xticks(COUNTS, [str(n) for n in COUNTS])
        axis.tick_params(axis="x", labelrotation=60)
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("efficiency, 1: as one rank")
    axes[0].legend(fontsize=8)
    rows = [m for m in found if m["kind"] == "hosts"]
    for gbit, mark in ((1, "o"), (10, "s")):
        own = [m for m in rows if m["gbit"] == gbit]
        axes[2].plot([1e3 * m["step"] for m in own],
                     [1e3 * model.step(m["ranks"], m["sequences"] // m["ranks"], m["sent_bytes"],
                                       gbit * GBIT, m["buckets"]) for m in own],
                     mark, label=f"two hosts, {gbit} Gbit/s")
    own = [m for m in found if m["kind"] == "alone"]
    axes[2].plot([1e3 * m["step"] for m in own],
                 [1e3 * model.compute(m["sequences"]) for m in own], "^", label="one rank")
    ends = [15, 1.1e3 * max(m["step"] for m in rows)]
    axes[2].plot(ends, ends, color="gray", linewidth=0.8)
    axes[2].set(xscale="log", yscale="log", xlabel="measured step, ms", ylabel="model, ms",
                title="the model and what was measured")
    axes[2].legend(fontsize=8)
    figure.savefig(path, dpi=110)


def main():
    """See the top."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", nargs="?")
    parser.add_argument("--data")
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--from", dest="source", type=pathlib.Path)
    parser.add_argument("--picture")
    arguments = parser.parse_args()
    if arguments.source:
        found = json.loads(arguments.source.read_text())
    elif arguments.program and arguments.data:
        found = measure(arguments.program, arguments.data, arguments.steps)
    else:
        parser.error("give BENCH_RANKS and --data, or --from")
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=0))
    print_shared(found)
    print_hosts(found)
    model = fit(found)
    print_predictions(model, found)
    if arguments.picture:
        draw(model, found, arguments.picture)


if __name__ == "__main__":
    main()
