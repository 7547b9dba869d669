"""What changed from one version of the contract to another, key by key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_NAMES = ("shop_code", "location_code", "channel_code", "partner_code", "split_code", "target", "sku")


@dataclass(frozen=True)
class Change:
    """One key that differs; an empty text stands for a key that is not there."""

    key: str
    before: str
    after: str


def find_changes(before: Any, after: Any) -> list[Change]:
    """Return every key that differs between two contracts as plain values (as read from YAML).

    An entry of a list is named by its code, where it has one, so that moving it changes nothing.

    >>> find_changes({"a": 1, "l": [{"sku": "X", "units": 2}]}, {"a": 2, "l": [{"sku": "X", "units": 2}]})
    [Change(key='a', before='1', after='2')]
    """
    old, new = dict(_flat("", before)), dict(_flat("", after))
    keys = sorted(old.keys() | new.keys())
    return [Change(key, old.get(key, ""), new.get(key, "")) for key in keys if old.get(key) != new.get(key)]


def _flat(key: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _flat(f"{key}.{name}".lstrip("."), part)
    elif isinstance(value, list) and value and all(isinstance(part, dict) for part in value):
        for place, part in enumerate(value):
            name = next((str(part[code]) for code in _NAMES if code in part), str(place + 1))
            yield from _flat(f"{key}[{name}]", part)
    else:
        yield key, str(value)
