# SPDX-License-Identifier: MIT
"""What the documents quote is what runs; types are right; pictures are drawn."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tvae


def blocks(path: Path) -> list[str]:
    """The blocks in Python, but for those that say that they are not run."""
    pattern = r"^(<!-- not run:[^\n]*-->\n)?```python\n(.*?)^```"
    found = re.findall(pattern, path.read_text("utf-8"), flags=re.M | re.S)
    return [block for note, block in found if not note]


def example(source: Path) -> str:
    """The example without its heading."""
    text = (source / "bindings/python/examples/sprites.py").read_text("utf-8")
    return text[text.index("import tvae") :]


@pytest.mark.parametrize("name", ["README.md", "bindings/python/README.md"])
def test_readmes_quote_the_example(source: Path, name: str) -> None:
    assert example(source) in blocks(source / name)


def test_snippets_of_the_documents_run(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed").use("Agg")
    monkeypatch.chdir(tmp_path)
    for name in ("README.md", "bindings/python/README.md", "docs/python.md"):
        names = {"__name__": "snippet"}  # the snippets of a document follow each other
        for block in blocks(source / name):
            short = re.sub(r"\bsteps=\d+", "steps=3", block)
            exec(compile(short, name, "exec"), names)
    assert (tmp_path / "traversal.png").read_bytes().startswith(b"\x89PNG")


def test_everything_public_is_documented() -> None:
    for name in tvae.__all__:
        thing = getattr(tvae, name)
        if callable(thing):
            assert thing.__doc__, name
            methods = vars(thing).items() if isinstance(thing, type) else ()
            for method, function in methods:
                if not method.startswith("_") and callable(function):
                    assert function.__doc__, f"{name}.{method}"


def test_types_are_right(source: Path, tmp_path: Path) -> None:
    pytest.importorskip("mypy", reason="mypy is not installed")
    program = tmp_path / "user.py"
    program.write_text(
        "import numpy as np\nimport tvae\n\n"
        "model = tvae.Model(tvae.Prior(2, 3, tvae.Neighbourhood.shifting(3)), (1, 4, 4))\n"
        "history: tvae.History = model.fit(np.zeros((4, 3, 1, 4, 4)), steps=1)\n"
        "losses: list[float] = history.loss\n"
        "for batch in tvae.Dataset.sprites().loader(4):\n"
        "    frames: np.ndarray = batch.x\n"
    )
    package = source / "bindings/python"
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--config-file",
        package / "pyproject.toml",
    ]
    done = subprocess.run(
        [*command, "--cache-dir", tmp_path, package / "tvae", program],
        capture_output=True,
        text=True,
        env={**os.environ, "MYPYPATH": str(package)},
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_plots(model: tvae.Model, sequences: np.ndarray, tmp_path: Path) -> None:
    frames = tvae.plot.traversal_frames(model, sequences[0])
    assert frames.shape == (3, 6, 1, 1, 12)
    np.testing.assert_array_equal(frames[0], sequences[0])
    np.testing.assert_allclose(frames[1, 0], frames[2, 0], rtol=1e-6)
    tvae.write_picture(tmp_path / "picture.png", frames)
    pytest.importorskip("matplotlib", reason="matplotlib is not installed").use("Agg")
    history = model.fit(sequences, steps=3, progress=False)
    tvae.plot.history(history, tmp_path / "history.png")
    tvae.plot.matrix(np.eye(3), tmp_path / "matrix.png")
    tvae.plot.traversal(model, sequences[0], tmp_path / "traversal.png")
    for path in tmp_path.glob("*.png"):
        assert path.read_bytes().startswith(b"\x89PNG"), path
