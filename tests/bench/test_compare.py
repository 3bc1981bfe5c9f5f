#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""compare.py with stand-ins for PyTorch and for tvae, whose numbers are known.

    test_compare.py COMPARE_PY
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

# tvae gets slower from run to run; so does the peer beside it, which takes four times as long.
TVAE = """#!{python}
import json, pathlib, sys
count = pathlib.Path(__file__).with_name("count")
run = int(count.read_text()) + 1 if count.exists() else 1
count.write_text(str(run))
config = sys.argv[sys.argv.index("--config") + 1]
print(json.dumps(dict(what="machine", config=None, seconds=None, threads=2, cpu="none",
                      blas_kernel="none", version="0")))
for what in ("train_step", "encode_1", "encode_batch", "likelihood_10"):
    print(json.dumps(dict(what=what, config=config, seconds=0.001 * run)))
print(json.dumps(dict(what="dense_floor", config=config, seconds=0.002 * run)))
print(json.dumps(dict(what="peak_rss_mib", config=config, seconds=None, mib=100)))
"""
PEER = """
import json, pathlib, sys
if "--compile" in sys.argv:
    sys.exit("this torch cannot compile")
count = pathlib.Path(__file__).with_name("count")
run = int(count.read_text()) + 1 if count.exists() else 1
factor = 10 if "--as-installed" in sys.argv else 4
config = sys.argv[sys.argv.index("--config") + 1]
print("a warning that is no JSON")
for what in ("train_step", "encode_1", "encode_batch", "likelihood_10"):
    print(json.dumps(dict(what=what, config=config, seconds=0.001 * factor * run)))
print(json.dumps(dict(what="peak_rss_mib", config=config, seconds=None, mib=400)))
"""


def run(folder, *words):
    result = subprocess.run(
        [sys.executable, sys.argv[1], "--tvae", f"{folder}/tvae", "--script",
         f"{folder}/peer.py", *words], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result


def check_ratios(folder):
    result = run(folder, "--peer", f"torch 9={sys.executable}", "--pairs", "3", "--json")
    machine, *rows = map(json.loads, result.stdout.splitlines())
    assert machine["what"] == "machine" and "cannot compile" in result.stderr
    by_name = {(row["config"], row["what"], row["against"]): row for row in rows}
    assert len(by_name) == len(rows) == 2 * (5 + 5 + 1), rows
    for config in ("mnist", "dsprites"):
        eager = by_name[config, "train_step", "torch 9 eager"]
        floor = by_name[config, "train_step", "dense floor"]
        slow = by_name[config, "train_step", "torch 9 as-installed"]
        assert abs(eager["ratio"] - 0.25) < 1e-9 and eager["fastest"], eager
        assert eager["pairs"] == 3 and abs(eager["least"] - eager["greatest"]) < 1e-9, eager
        assert abs(slow["ratio"] - 0.1) < 1e-9 and not slow["fastest"], slow
        assert abs(floor["ratio"] - 0.5) < 1e-9 and not floor["fastest"], floor
        assert by_name[config, "peak_rss_mib", "torch 9 eager"]["ratio"] == 0.25


def check_tables(folder):
    table = run(folder, "--peer", f"torch 9={sys.executable}", "--variants", "eager",
                "--pairs", "1", "--config", "mnist").stdout
    assert "| mnist | train_step | torch 9 eager * |" in table, table
    assert "**0.250** (0.250 - 0.250)" in table, table
    alone = run(folder, "--pairs", "1").stdout
    assert "| dsprites | train_step | dense floor |" in alone, alone
    growth = run(folder, "--growth", "--pairs", "1").stdout
    assert "| `image_size` | 56 |" in growth and growth.count("| 0.50 |") == 18, growth


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "tvae").write_text(TVAE.format(python=sys.executable))
        os.chmod(folder / "tvae", 0o755)
        (folder / "peer.py").write_text(PEER)
        check_ratios(folder)
        check_tables(folder)
    print("all checks passed")


if __name__ == "__main__":
    main()
