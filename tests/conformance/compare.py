"""Compares a recorded answer with the sandbox's, and settles what differs against the list of known differences.

What must differ from run to run (ids the shop makes up, instants, cursors, points left in the bucket) is named in
`LOOSE`; everything else must be equal.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
# Objects whose ids a recording does not let us seed: the shop makes them up.
_MADE_UP_KINDS = (
    "InventoryAdjustmentGroup TaxLine ShippingLine DeliveryMethod Fulfillment FulfillmentLineItem FulfillmentOrder "
    "FulfillmentOrderLineItem Refund RefundLineItem BulkOperation OrderTransaction"
)
MADE_UP = frozenset(_MADE_UP_KINDS.split())


@dataclass(frozen=True)
class Difference:
    """One value that differs: which recording, where in its answer, what was recorded, what the sandbox answers."""

    recording: str
    path: str
    recorded: Any
    answered: Any

    def told(self) -> str:
        """Return the difference as one line."""
        return f"{self.recording}: {self.path}: recorded {_short(self.recorded)}, the sandbox answers {_short(self.answered)}"


@dataclass(frozen=True)
class Listed:
    """A known difference: patterns (`*` stands for anything) of recording and path, and why it differs."""

    recording: str
    path: str
    reason: str

    def covers(self, found: Difference) -> bool:
        """Tell whether a difference is this one."""
        return fnmatchcase(found.recording, self.recording) and fnmatchcase(found.path, self.path)


@dataclass
class Family:
    """What became of one kind of recordings.

    `found` counts recordings; `left_out` says why some were not covered; `values` counts the values compared; `extra` are
    lines to print.
    """

    name: str
    found: int = 0
    covered: int = 0
    values: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)

    @property
    def agreeing(self) -> int:
        """How many of the covered recordings differ in nothing."""
        return self.covered - len({found.recording for found in self.differences})


@dataclass(frozen=True)
class Verdict:
    """Differences nobody listed, and list entries that no longer occur."""

    unlisted: list[Difference]
    stale: list[Listed]

    @property
    def is_good(self) -> bool:
        """Whether nothing is wrong."""
        return not self.unlisted and not self.stale


def settle(differences: Iterable[Difference], listed: Sequence[Listed]) -> Verdict:
    """Return which differences are on no list, and which entries no difference uses."""
    used: set[Listed] = set()
    unlisted = []
    for found in differences:
        covering = [entry for entry in listed if entry.covers(found)]
        used.update(covering)
        if not covering:
            unlisted.append(found)
    return Verdict(unlisted, [entry for entry in listed if entry not in used])


def compare(recording: str, recorded: Any, answered: Any, path: str = "") -> tuple[int, list[Difference]]:
    """Return how many values were compared, and every difference.

    Args:
        recording: its name.
        recorded: the answer as recorded.
        answered: the sandbox's.
        path: where both stand, dotted.
    """
    pairs = list(_leaves(recorded, answered, path))
    return len(pairs), [
        Difference(recording, where, left, right) for where, left, right in pairs if not _is_same(where, left, right)
    ]


ABSENT = "(absent)"


def _leaves(recorded: Any, answered: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    if _shape(path) and ABSENT not in (recorded, answered):
        yield path, recorded, answered
    elif isinstance(recorded, dict) and isinstance(answered, dict):
        for key in dict.fromkeys([*recorded, *answered]):
            yield from _leaves(recorded.get(key, ABSENT), answered.get(key, ABSENT), f"{path}.{key}".lstrip("."))
    elif isinstance(recorded, list) and isinstance(answered, list):
        if len(recorded) != len(answered):
            yield f"{path}.length", len(recorded), len(answered)
        for index, (left, right) in enumerate(zip(recorded, answered, strict=False)):
            yield from _leaves(left, right, f"{path}.{index}")
    else:
        yield path, recorded, answered


def _is_same(path: str, recorded: Any, answered: Any) -> bool:
    leaf = path.rsplit(".", 1)[-1]
    if shape := _shape(path):
        return shape(recorded) == shape(answered)
    if leaf == "id" and isinstance(recorded, str) and isinstance(answered, str):
        return recorded == answered or (_kind(recorded) == _kind(answered) and _kind(recorded) in MADE_UP)
    return type(recorded) is type(answered) and recorded == answered


def _instant(value: Any) -> Any:
    """Compared by shape: the world's clock is not the recording's."""
    return "an instant" if isinstance(value, str) and _INSTANT.fullmatch(value) else value


def _text(value: Any) -> Any:
    """Compared by presence: cursors and request ids are opaque."""
    return "a text" if isinstance(value, str) and value else value


def _places(value: Any) -> Any:
    """Compared by shape: the recordings keep documents trimmed of their first line, so lines differ."""
    return [sorted(place) for place in value] if isinstance(value, list) else value


def _number(value: Any) -> Any:
    """Compared by kind: 2000 and 2000.0 are one JSON number, and points left depend on what ran before."""
    return "a number" if isinstance(value, int | float) and not isinstance(value, bool) else value


_SHAPES: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("createdAt", "updatedAt"), _instant),
    **dict.fromkeys(("cursor", "startCursor", "endCursor", "requestId"), _text),
    "locations": _places,
    **dict.fromkeys(("currentlyAvailable", "maximumAvailable", "restoreRate"), _number),
}


def _shape(path: str) -> Callable[[Any], Any] | None:
    leaf = path.rsplit(".", 1)[-1]
    # A shop has locations too.
    return _SHAPES.get(leaf) if leaf != "locations" or path.startswith("errors") else None


def _kind(gid: str) -> str:
    return gid.removeprefix("gid://shopify/").split("/")[0]


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 160 else f"{text[:157]}..."
