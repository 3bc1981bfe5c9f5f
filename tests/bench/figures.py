# SPDX-License-Identifier: MIT
"""Medians and ratios of timings."""
from statistics import median


class Ratio:
    """Two series of numbers measured in pairs, and the ratio of each pair."""

    def __init__(self):
        self.ours, self.theirs = [], []

    def add(self, ours, theirs):
        self.ours.append(ours)
        self.theirs.append(theirs)

    def _each(self):
        return [a / b for a, b in zip(self.ours, self.theirs)]

    @property
    def median(self):
        return median(self._each())

    @property
    def least(self):
        return min(self._each())

    @property
    def greatest(self):
        return max(self._each())
