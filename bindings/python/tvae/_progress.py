# SPDX-License-Identifier: MIT
"""A progress bar by tqdm where it is installed; without it nothing is shown."""

from __future__ import annotations

from typing import Any


class ProgressBar:
    """Shows how far work has come, if asked to and able to."""

    def __init__(self, show: bool, total: int, label: str, start: int = 0) -> None:
        self._bar: Any = None
        if not show:
            return
        try:
            from tqdm.auto import tqdm
        except ImportError:
            return
        self._bar = tqdm(total=total, desc=label, initial=start)

    def move_to(self, done: int, **values: float) -> None:
        """Show that so much is done, with numbers beside."""
        if self._bar is None:
            return
        if values:
            self._bar.set_postfix(values, refresh=False)
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        """Leave the bar as it stands."""
        if self._bar is not None:
            self._bar.close()
