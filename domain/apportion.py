"""Apportioning a split pool: Webster's method, which is house-monotone.

Units go one by one to the channel with the largest weight / (2 x units it has + 1). So a pool that is one unit smaller
takes a unit from one channel and gives none to another: a unit sold never raises any channel's number, as the method of
largest remainders would.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import numpy as np
import numpy.typing as npt

Units = npt.NDArray[np.int64]


def apportion(pools: Units, weights: Sequence[Decimal]) -> Units:
    """Return each channel's part of each pool.

    Args:
        pools: whole units; a negative pool counts as 0.
        weights: one per channel, 0 to 1. What they lack to 1 belongs to nobody and is kept back; above 1 only their
            ratio counts.

    Returns:
        A row per pool, a column per channel; a row adds up to its pool where the weights add up to 1 or more.

    >>> apportion(np.array([0, 1, 2, 7, -3]), [Decimal("0.6"), Decimal("0.4")]).tolist()
    [[0, 0], [1, 0], [1, 1], [4, 3], [0, 0]]
    """
    sizes = np.maximum(pools, 0)
    most = int(sizes.max(initial=0))
    kept = max(Decimal(0), 1 - sum(weights, Decimal(0)))
    parts = [*weights, kept]
    turn = _turns([float(weight) for weight in parts], most)
    # One running count per channel: how many of the first n units are its own.
    counts = np.zeros((most + 1, len(parts)), dtype=np.int64)
    counts[1:] = np.cumsum(turn[:, None] == np.arange(len(parts)), axis=0)
    return counts[sizes][:, : len(weights)]


def _turns(weights: Sequence[float], units: int) -> Units:
    """Return which channel takes the first, second, ... unit; of equal claims the earlier channel's comes first."""
    claims = [(2 * np.arange(units) + 1) / weight for weight in weights if weight > 0]
    if not claims or not units:
        return np.full(units, len(weights) - 1, dtype=np.int64)
    owners = np.concatenate([np.full(units, place, dtype=np.int64) for place, weight in enumerate(weights) if weight > 0])
    # A channel's own claims rise, so a stable sort keeps their order, and that of the channels among equals.
    return owners[np.argsort(np.concatenate(claims), kind="stable")[:units]]
