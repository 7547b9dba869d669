"""Distribution drift: what a day's orders look like, against the days before.

The test, by kind of metric, each at the level `alpha = false alarms in 30 days / 30 / metrics` (Bonferroni over all of them):
- a count (volume, distinct values): a two-sided t prediction interval of log(1 + count) over the days of the baseline, because
  days scatter more than chance alone would have them; orders scatter at least as chance has them, and of different values at
  least three more or fewer than any day had are told;
- a share (of a value, of empty fields): the larger p of that same interval over the days' shares (arcsine scale), and of
  Fisher's exact test of today against the baseline together: a share is told only where it is unlike any day *and* unlike
  all of them; and it moved by at least `least_shift_percent`.
A metric needs 7 days of its own past; before that it is only recorded.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean, stdev
from typing import Any

import pandas as pd

from contract.frames import Frames, from_rows
from contract.models import Contract
from domain.custom_fields import read_source
from domain.findings import finding, settle
from domain.order_facts import read_facts

LEAST_DAYS = 7
_COUNTS = {"volume": "volume_shift", "distinct": "cardinality_shift"}
_SHARES = {"empty": "null_shift", "value": "share_shift"}
_FEW_VALUES = 50
"""A field with more different values than this has no shares of its own."""
_LEAST_SPREAD = 0.05
"""Baselines that hardly move at all are given this much spread (of a log), so that one order more is no alarm."""
_LEAST_VALUES = 3
"""So many different values more or fewer than any day had are told."""
Past = Mapping[tuple[str, str], Sequence[tuple[int, int]]]


def observe(raw: Frames, contract: Contract) -> pd.DataFrame:
    """Return `out_observations`: what one day's orders look like.

    Grain: one row per metric and thing: `volume` of a shop's orders; for each mapped field the share of `empty`, the number of
    `distinct` values and, where they are few, each `value`'s share; the same for gateways and sources.
    """
    seen: dict[str, list[str]] = {}
    volume: dict[str, int] = {shop.shop_code: 0 for shop in contract.shops}
    for facts in read_facts(raw):
        if facts.order["is_test"] == "true":
            continue
        volume[facts.key[0]] = volume.get(facts.key[0], 0) + 1
        seen.setdefault("order.source_name", []).append(str(facts.order["source_name"] or ""))
        for tender in facts.tenders:
            seen.setdefault("gateway", []).append(tender.gateway)
        for mapping in contract.orders.fields:
            owners: list[Any] = list(facts.lines.values()) if mapping.level == "line" else [None]
            seen.setdefault(mapping.target, []).extend(read_source(mapping.source, facts.order, line) or "" for line in owners)
    rows = [_row("volume", shop, count, count) for shop, count in volume.items()]
    for name, values in seen.items():
        counts = pd.Series(values).value_counts()
        filled = counts.drop("", errors="ignore")
        rows += [
            _row("empty", name, len(values) - int(filled.sum()), len(values)),
            _row("distinct", name, len(filled), len(filled)),
        ]
        if len(filled) <= _FEW_VALUES:
            rows += [_row("value", f"{name}={value}", int(count), len(values)) for value, count in filled.items()]
    return from_rows("out_observations", rows)


def find_shifts(out_observations: pd.DataFrame, past: Past, contract: Contract) -> pd.DataFrame:
    """Return `out_findings` of the metrics that are unlike their past.

    Args:
        out_observations: the day's.
        past: metric and thing to hits and total of each earlier day; a value that a day did not have is there with 0 hits.
        contract: the false alarms that are allowed, and the least shift that is told.
    """
    rows = [{str(k): v for k, v in row.items()} for row in out_observations.to_dict("records")]
    today = {(row["metric_code"], row["object_key"]): (int(row["hit_count"]), int(row["total_count"])) for row in rows}
    totals = {key.split("=")[0]: total for (metric, key), (_, total) in today.items() if metric == "empty"}
    for metric, key in past:
        # A value that was common and is gone has no row today.
        if metric == "value" and (metric, key) not in today and key.split("=")[0] in totals:
            today[metric, key] = (0, totals[key.split("=")[0]])
    tested = {name: now for name, now in today.items() if len(past.get(name, ())) >= LEAST_DAYS}
    alpha = float(contract.drift.false_alarms_in_30_days) / 30 / max(1, len(tested))
    least = float(contract.drift.least_shift_percent) / 100
    found = []
    for (metric, key), now in sorted(tested.items()):
        days = past[metric, key]
        if metric in _COUNTS:
            counts = [hits for hits, _ in days]
            # Orders scatter at least as chance alone would have them, however alike a few days were.
            p = _p_of_count(now[0], counts, 1 / math.sqrt(1 + fmean(counts)) if metric == "volume" else 0)
            if p < alpha and _is_wide(metric, now[0], counts):
                usual = f"{min(hits for hits, _ in days)} to {max(hits for hits, _ in days)} a day"
                found.append(finding(_COUNTS[metric], key, expected=usual, found=now[0], rows=now[0], examples=[f"p = {p:.1e}"]))
        elif metric in _SHARES and now[1]:
            before = sum(hits for hits, _ in days) / max(1, sum(total for _, total in days))
            p = _p_of_share(now, days, alpha)
            if p < alpha and abs(now[0] / now[1] - before) >= least:
                share = f"{now[0] / now[1]:.1%} ({now[0]} of {now[1]})"
                told = [f"p = {p:.1e}"]
                found.append(finding(_SHARES[metric], key, expected=f"{before:.1%}", found=share, rows=now[0], examples=told))
    return settle(found, contract)


def _is_wide(metric: str, count: int, days: Sequence[int]) -> bool:
    """Return whether a count is told at all: of different values, one or two more or fewer than any day had is chance.

    >>> _is_wide("distinct", 1, [2, 3, 2]), _is_wide("distinct", 7, [2, 3, 2]), _is_wide("volume", 1, [2, 3, 2])
    (False, True, True)
    """
    return metric != "distinct" or not min(days) - _LEAST_VALUES < count < max(days) + _LEAST_VALUES


def _p_of_count(count: int, days: Sequence[int], least: float = 0) -> float:
    """Return how likely a day this far from the others is.

    >>> _p_of_count(100, [90, 110, 100, 95, 105, 98, 102]) > 0.9, _p_of_count(0, [90, 110, 100, 95, 105, 98, 102]) < 1e-6
    (True, True)
    """
    return _p_of_prediction(math.log1p(count), [math.log1p(day) for day in days], least)


def _p_of_share(now: tuple[int, int], days: Sequence[tuple[int, int]], alpha: float) -> float:
    """Return how likely a share this far from the others is; beyond `alpha` it is no alarm, however far beyond."""
    known = [(hits, total) for hits, total in days if total]
    if len(known) < LEAST_DAYS:
        return 1.0
    scaled = [math.asin(math.sqrt(part / whole)) for part, whole in known]
    scattered = _p_of_prediction(math.asin(math.sqrt(now[0] / now[1])), scaled)
    if scattered >= alpha:
        return scattered
    from scipy import stats  # noqa: PLC0415 - takes a second, which runs that tell nothing save

    hits, total = sum(day[0] for day in known), sum(day[1] for day in known)
    exact = float(stats.fisher_exact([[now[0], now[1] - now[0]], [hits, total - hits]]).pvalue)
    return max(exact, scattered)


def _p_of_prediction(value: float, others: Sequence[float], least: float = 0) -> float:
    from scipy import special  # noqa: PLC0415 - as above

    spread = max(stdev(others), least, _LEAST_SPREAD) * math.sqrt(1 + 1 / len(others))
    return float(2 * special.stdtr(len(others) - 1, -abs(value - fmean(others)) / spread))


def _row(metric: str, key: str, hits: int, total: int) -> dict[str, Any]:
    return {"metric_code": metric, "object_key": key, "hit_count": hits, "total_count": total}
