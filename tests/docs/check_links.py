#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Links of README.md and docs/*.md lead to files and headings that exist; no page is left out.

    check_links.py SOURCE_FOLDER
"""
import re
import sys
from pathlib import Path


def anchors_of(path):
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links_of(path):
    text = re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"),
                  flags=re.MULTILINE | re.DOTALL)
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]


def main():
    source = Path(sys.argv[1])
    guides = sorted((source / "docs").glob("*.md"))
    faults, n_links = [], 0
    for page in [source / "README.md", *guides]:
        for link in links_of(page):
            name, _, anchor = link.partition("#")
            target = page.parent / name if name else page
            n_links += 1
            if not target.exists():
                faults.append(f"{page.name}: {link} leads nowhere")
            elif anchor and anchor not in anchors_of(target):
                faults.append(f"{page.name}: {link} has no such heading")
    listed = set(links_of(source / "docs" / "README.md"))
    faults += [f"docs/README.md does not list {page.name}" for page in guides
               if page.name not in listed | {"README.md"}]
    print("\n".join(faults) or f"{n_links} links lead somewhere")
    return 1 if faults or n_links < 20 else 0


if __name__ == "__main__":
    sys.exit(main())
