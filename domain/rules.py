"""Which rule decides: parameters looked up from the most specific rule to the widest, each by itself.

    SKU (its own name before a pattern) > tag > location > channel > default

Inside one rank a rule with a location comes before one without, and one with a time window (while it is open) before one
without. Of two rules that are equally specific the one that shows fewer units decides, and the finding names both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fnmatch import translate
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from contract.models import Channel, ChannelRule, Contract, Rule

PARAMETERS = tuple(Rule.model_fields)
"""Every parameter that a rule may set."""
WHOLE_POOL = "-"
"""Stands for the location where a channel takes one number."""

_SAFER: dict[str, Callable[[Any], Any]] = {
    "share": lambda value: value,
    "buffer_units": lambda value: -value,
    "buffer_percent": lambda value: -value,
    "buffer_sold_minutes": lambda value: -value,
    "cap": lambda value: value,
    "end_when": lambda value: -value,
    "arriving": len,
    "horizon_days": lambda value: value,
    "stale_after_minutes": lambda value: value,
    "stale_percent": lambda value: -value,
}
"""For each parameter, a key by which the value that shows fewer units sorts first."""


@dataclass(frozen=True)
class Decided:
    """A complete rule, what decided it (most specific first), and the rules that claimed one parameter alike."""

    rule: Rule
    rule_code: str
    ambiguous: tuple[str, ...] = ()


@dataclass(frozen=True)
class Assignment:
    """The rules of many SKUs at one location: `decided[which[i]]` is the rule of SKU i."""

    decided: tuple[Decided, ...]
    which: npt.NDArray[np.int64]


class ChannelRules:
    """The rules of one channel, matched once against its SKUs.

    Args:
        contract: for the default rule.
        channel: the outlet.
        skus: the SKUs, in the order that assignments use.
        tags: per SKU, its tags.
        at: the run's instant, for rules that hold for a time.
    """

    def __init__(
        self, contract: Contract, channel: Channel, skus: Sequence[str], tags: Sequence[frozenset[str]], at: datetime
    ) -> None:
        self._contract, self._channel, self._count = contract, channel, len(skus)
        names = pd.Series(skus, dtype="str")
        self._masks: dict[int, npt.NDArray[np.int64]] = {}
        for position, rule in enumerate(channel.rules):
            if is_open(rule, at):
                self._masks[position] = _ranks(rule, names, tags)

    def assign(self, location_code: str) -> Assignment:
        """Return the rule of every SKU at a location.

        Args:
            location_code: the location, or `WHOLE_POOL`.
        """
        here = [position for position in self._masks if self._channel.rules[position].location in (None, location_code)]
        if not here:
            return Assignment((self._decide({}),), np.zeros(self._count, dtype=np.int64))
        ranks = np.column_stack([self._masks[position] for position in here])
        kinds, which = np.unique(ranks, axis=0, return_inverse=True)
        decided = tuple(self._decide({p: int(rank) for p, rank in zip(here, kind, strict=True) if rank}) for kind in kinds)
        return Assignment(decided, which.reshape(-1).astype(np.int64))

    def unmatched(self) -> list[int]:
        """Return the positions of open rules that match no SKU."""
        return [position for position, ranks in self._masks.items() if not ranks.any()]

    def _decide(self, matching: dict[int, int]) -> Decided:
        """Return the complete rule of SKUs that match the same rules in the same way."""
        ranked: dict[tuple[int, bool, bool], list[int]] = {}
        for position, rank in matching.items():
            rule = self._channel.rules[position]
            is_windowed = rule.valid_from is not None or rule.valid_until is not None
            ranked.setdefault((rank, rule.location is not None, is_windowed), []).append(position)
        found: dict[str, Any] = {}
        codes: list[str] = []
        ambiguous: list[str] = []
        for key in sorted(ranked, reverse=True):
            _merge(found, codes, ambiguous, [(f"rules[{p}]", self._channel.rules[p]) for p in ranked[key]])
        _merge(found, codes, ambiguous, [("channel", self._channel.rule)])
        _merge(found, codes, ambiguous, [("default", self._contract.default_rule)])
        return Decided(Rule(**found), "+".join(codes) or "none", tuple(ambiguous))


def is_open(rule: ChannelRule, at: datetime) -> bool:
    """Return whether a rule's time window is open.

    Args:
        rule: the rule; a side that is left out is open.
        at: the instant.
    """
    return (rule.valid_from is None or rule.valid_from <= at) and (rule.valid_until is None or at < rule.valid_until)


def _merge(found: dict[str, Any], codes: list[str], ambiguous: list[str], rules: Sequence[tuple[str, Rule]]) -> None:
    """Take from equally specific rules what no more specific one has set."""
    used: set[str] = set()
    for name in [parameter for parameter in PARAMETERS if parameter not in found]:
        claims = [(code, getattr(rule, name)) for code, rule in rules if getattr(rule, name) is not None]
        if not claims:
            continue
        code, value = min(claims, key=lambda claim: _SAFER[name](claim[1]))
        found[name] = value
        used.add(code)
        if len({repr(value) for _, value in claims}) > 1:
            ambiguous.append(f"{name}: {' and '.join(code for code, _ in claims)}")
    codes += [code for code, _ in rules if code in used]


def _ranks(rule: ChannelRule, skus: pd.Series, tags: Sequence[frozenset[str]]) -> npt.NDArray[np.int64]:
    """Return per SKU how specifically the rule names it: 4 its name, 3 a pattern, 2 a tag, 1 everything, 0 not at all."""
    ranks = np.zeros(len(skus), dtype=np.int64)
    if rule.skus or rule.tags:
        if rule.tags:
            ranks[[not known.isdisjoint(rule.tags) for known in tags]] = 2
        for pattern in rule.skus:
            if "*" in pattern:
                ranks = np.maximum(ranks, 3 * skus.str.fullmatch(_regex(pattern)).to_numpy(dtype=np.int64))
        ranks[skus.isin([name for name in rule.skus if "*" not in name]).to_numpy(dtype=bool)] = 4
        return ranks
    return ranks + 1


def _regex(pattern: str) -> str:
    """Only `*` is special in a SKU pattern: brackets and question marks are ordinary characters of SKUs."""
    escaped = pattern.replace("[", "[[]").replace("?", "[?]")
    return translate(escaped)


def percent_of(units: npt.NDArray[np.int64], percent: Decimal, *, up: bool) -> npt.NDArray[np.int64]:
    """Return a percentage of units, exactly, rounded up or down to whole units.

    Args:
        units: not negative.
        percent: 0 to 100, with at most four decimals.
        up: round up, else down.

    >>> percent_of(np.array([10, 3]), Decimal("33.3333"), up=True).tolist()
    [4, 1]
    """
    scaled, whole = int(percent * 10_000), 1_000_000
    return (units * scaled + (whole - 1 if up else 0)) // whole
