#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every code block of README.md and docs/*.md does what it says.

    check_blocks.py SOURCE_FOLDER BUILD_FOLDER LIBRARY [SANITIZERS]

Blocks of a page run in the page's order in a scratch folder of its own, in which `build`,
`examples`, `tests` and `docs` are the real ones and `tvae` is on the PATH:

- `sh` runs under `sh -eu`;
- `c` and `cpp` with a main() are programs of their own; those without are parts of one main()
  a page, in order, after `require()` of examples/; all compile without a warning and run;
- `python` runs where the package `tvae` can be imported, all blocks of a page as one program;
- `json` is read, `text` is left alone; a block without a language is a fault.

A comment right before a block changes that: `<!-- quote: FILE -->` says that the block is a
part of FILE to the letter (FILE itself is built and run elsewhere), `<!-- setup: COMMANDS -->`
runs commands first that the reader has no need of, `<!-- not run: REASON -->` leaves it out.
"""
import json
import os
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from blocks import indented_lines, read_blocks

LIMIT_SECONDS = 60             # of one block
LIMIT_SECONDS_SANITIZED = 300  # under sanitizers, which slow it down
N_WORKERS = 2                  # pages side by side
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror"]
PRELUDE = """#include <stdio.h>
#include <stdlib.h>
#include <tvae/tvae.h>
static void require(tvae_status status)
{
    if (status == TVAE_OK)
        return;
    (void)fprintf(stderr, "%s: %s\\n", tvae_status_name(status), tvae_last_error());
    exit(EXIT_FAILURE);
}
"""
COMPILERS = {"c": ["cc", "-std=c11"], "cpp": ["c++", "-std=c++17"]}


class Fault(Exception):
    """What is wrong with a block."""


class Page:
    """A page of Markdown, its scratch folder, and what its blocks have gathered."""

    def __init__(self, path, folder, settings):
        self.path, self.folder, self.settings = path, folder, settings
        self.parts = {"c": [], "cpp": [], "python": []}
        self.skipped = []
        for name in ("examples", "tests", "docs"):
            os.symlink(settings.source / name, folder / name)
        os.symlink(settings.build, folder / "build")

    def run(self, words):
        """A command's failure is a fault; one that lasts is ended with all it started."""
        with subprocess.Popen(words, cwd=self.folder, env=self.settings.environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True,
                              start_new_session=True) as process:
            try:
                said = process.communicate(timeout=self.settings.limit)[0]
            except subprocess.TimeoutExpired as late:
                os.killpg(process.pid, signal.SIGKILL)
                raise Fault(f"{words[0]} takes more than {self.settings.limit} s") from late
        if process.returncode != 0:
            raise Fault(f"{words[0]} ends with {process.returncode}:\n{said[-2000:]}")

    def compile_and_run(self, language, text):
        source = self.folder / f"block.{language}"
        source.write_text(text, encoding="utf-8")
        self.run([*COMPILERS[language], *WARNINGS, *self.settings.flags, source.name,
                  "-o", "block", *self.settings.links])
        self.run(["./block"])

    def check(self, block):
        if "not run" in block.notes:
            self.skipped.append(f"not run: {self.path.name}:{block.line}: "
                                f"{block.notes['not run']}")
            return
        if "setup" in block.notes:
            self.run(["sh", "-euc", block.notes["setup"]])
        if "quote" in block.notes:
            text = (self.settings.source / block.notes["quote"]).read_text(encoding="utf-8")
            if block.text not in text:
                raise Fault(f"is no longer a part of {block.notes['quote']}")
        elif block.language == "sh":
            self.run(["sh", "-euc", block.text])
        elif block.language in COMPILERS and "int main(" in block.text:
            self.compile_and_run(block.language, block.text)
        elif block.language in self.parts:
            self.parts[block.language].append(block.text)
        elif block.language == "json":
            json.loads(block.text)
        elif block.language != "text":
            raise Fault(f"has the language '{block.language}', want one that the test knows")

    def finish(self):
        """Run what the parts of the page make together."""
        for language in COMPILERS:
            if self.parts[language]:
                self.compile_and_run(language, PRELUDE + "int main(void)\n{\n" +
                                     "".join(self.parts[language]) + "return 0;\n}\n")
        if self.parts["python"]:
            if self.settings.has_python_package:
                self.run([sys.executable, "-c", "".join(self.parts["python"])])
            else:
                self.skipped.append(f"SKIP python blocks of {self.path.name}: "
                                    "the package tvae cannot be imported")


class Settings:
    """Where things are, and how blocks are compiled and run."""

    def __init__(self, source, build, library, sanitizers="none"):
        self.source, self.build = Path(source).resolve(), Path(build).resolve()
        library = Path(library).resolve()
        self.limit = LIMIT_SECONDS if sanitizers == "none" else LIMIT_SECONDS_SANITIZED
        sanitize = [] if sanitizers == "none" else [f"-fsanitize={sanitizers}"]
        self.flags = [f"-I{self.source / 'include'}", f"-I{self.build / 'include'}",
                      f"-I{self.source / 'bindings' / 'cpp'}", *sanitize]
        self.links = [str(library), f"-Wl,-rpath,{library.parent}", "-lm"]
        self.environment = dict(
            os.environ, OPENBLAS_NUM_THREADS="1", TVAE_LIBRARY=str(library),
            PATH=f"{self.build / 'examples' / 'cli'}:{os.environ['PATH']}",
            PYTHONPATH=f"{self.source / 'bindings' / 'python'}:"
                       f"{os.environ.get('PYTHONPATH', '')}")
        self.has_python_package = subprocess.run(
            [sys.executable, "-c", "import numpy, tvae"], env=self.environment, check=False,
            capture_output=True, cwd="/").returncode == 0


def check_page(path, settings):
    """The faults of one page, what it left out, and how many blocks it has."""
    text = path.read_text(encoding="utf-8")
    faults = [f"{path.name}:{line}: code without a fence and a language"
              for line in indented_lines(text)]
    blocks = read_blocks(text)
    with tempfile.TemporaryDirectory() as folder:
        page = Page(path, Path(folder), settings)
        for block in blocks:
            try:
                page.check(block)
            except (Fault, ValueError) as fault:
                faults.append(f"{path.name}:{block.line}: {fault}")
        try:
            page.finish()
        except Fault as fault:
            faults.append(f"{path.name}: the parts of a program together: {fault}")
    return faults, page.skipped, len(blocks)


def main():
    settings = Settings(*sys.argv[1:])
    pages = [settings.source / "README.md", *sorted((settings.source / "docs").glob("*.md"))]
    all_faults, n_blocks = [], 0
    with ThreadPoolExecutor(N_WORKERS) as pool:
        results = list(pool.map(lambda path: check_page(path, settings), pages))
    for path, (faults, skipped, n_here) in zip(pages, results):
        all_faults += faults
        n_blocks += n_here
        print("\n".join([*skipped, f"{path.name}: {n_here} blocks"]))
    print("\n".join(all_faults))
    print(f"{n_blocks} blocks in {len(pages)} pages, {len(all_faults)} faults")
    return 1 if all_faults or n_blocks < 20 else 0


if __name__ == "__main__":
    sys.exit(main())
