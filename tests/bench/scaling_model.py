# SPDX-License-Identifier: MIT
"""A model of the time that a step of several ranks takes, fitted to measured steps.

A rank computes for a + c b seconds, b being its sequences: `a` is what does not depend on
them, reading and updating the parameters. Its gradient of S bytes is summed over N ranks by
halving and doubling (Rabenseifner 2004), as Open MPI does it: each rank sends and receives
2 S (N - 1) / N bytes at W bytes a second, of which a share `efficiency` is reached, in
2 log2 N messages for each bucket, each of which costs `latency`; and ranks wait `skew` for the slowest. That is hidden behind the backward pass,
except for its last bucket and for what is longer than the share `overlap` of the time computed.
Before gradients go out each rank hears of all others, N parts of `part` bytes.
"""
import dataclasses
import math


@dataclasses.dataclass
class StepModel:
    """Seconds of a step; `scale` times larger models compute and send as much more."""
    fixed: float       # a
    a_sequence: float  # c
    efficiency: float
    latency: float
    skew: float
    overlap: float
    part: float = 400.0

    def compute(self, sequences, scale=1.0):
        """Seconds in which a rank computes."""
        return scale * (self.fixed + self.a_sequence * sequences)

    def exchange(self, n_ranks, n_bytes, bandwidth, n_buckets):
        """Seconds of the exchange, hidden or not."""
        if n_ranks == 1:
            return 0.0
        speed = self.efficiency * bandwidth
        sent = 2.0 * n_bytes * (n_ranks - 1) / n_ranks
        rounds = math.ceil(math.log2(n_ranks))
        meeting = rounds * self.latency + n_ranks * self.part / speed
        return self.skew + meeting + sent / speed + 2.0 * n_buckets * rounds * self.latency

    def step(self, n_ranks, sequences, n_bytes, bandwidth, n_buckets, scale=1.0):
        """Seconds of the step."""
        computed = self.compute(sequences, scale)
        exchanged = self.exchange(n_ranks, scale * n_bytes, bandwidth, n_buckets)
        last = exchanged / n_buckets
        return computed + max(exchanged - self.overlap * computed, last if exchanged else 0.0)


def line(points):
    """Least squares y = intercept + slope x, neither below zero, relative errors counting."""
    weights = [1.0 / (y * y) for _, y in points]
    sw = sum(weights)
    sx, sy = (sum(w * p[i] for w, p in zip(weights, points)) for i in (0, 1))
    sxx = sum(w * x * x for w, (x, _) in zip(weights, points))
    sxy = sum(w * x * y for w, (x, y) in zip(weights, points))
    slope = max((sw * sxy - sx * sy) / (sw * sxx - sx * sx), 0.0)
    return max((sy - slope * sx) / sw, 0.0), slope


def fit(alone, together):
    """The model of these measured steps.

    alone: {sequences: seconds} of one rank; together: dicts of two hosts with `ranks`,
    `sequences` (of a rank), `sent_bytes`, `bandwidth` (bytes a second), `buckets`, `latency`,
    `step` and `wait`, of which those with one bucket hide nothing.
    """
    fixed, a_sequence = line(sorted(alone.items()))
    bare = [m for m in together if m["buckets"] == 1]
    # wait = skew + sent / (efficiency bandwidth): a line over ideal seconds.
    skew, inverse = line([(2.0 * m["sent_bytes"] * (m["ranks"] - 1) / m["ranks"]
                              / m["bandwidth"], m["wait"]) for m in bare])
    latency = sorted(m["latency"] for m in together)[len(together) // 2]
    model = StepModel(fixed, a_sequence, 1.0 / max(inverse, 1e-9), latency, skew, 0.0)
    hidden = [m for m in together if m["buckets"] > 1]
    candidates = [i / 100 for i in range(101)]

    def error(overlap):
        model.overlap = overlap
        return sum(math.log(model.step(m["ranks"], m["sequences"], m["sent_bytes"],
                                       m["bandwidth"], m["buckets"]) / m["step"]) ** 2
                   for m in hidden)

    model.overlap = min(candidates, key=error) if hidden else 0.0
    return model
