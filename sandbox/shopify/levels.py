"""The levels of a shop: units per inventory item, location and state.

Shopify's identity holds at every step: on_hand = available + committed + reserved + damaged + quality_control +
safety_stock; `incoming` stands outside it. On hand is never kept, always summed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from sandbox.clock import Clock
from sandbox.shopify.connections import number

STATES = ("available", "committed", "reserved", "damaged", "quality_control", "safety_stock")
_BY_HAND = frozenset(STATES) - {"committed"} | {"incoming"}
Pair = tuple[str, str]
"""Inventory item id and location id."""


class Levels:
    """The levels, and what changes them by hand.

    Args:
        seed: the shop's seed: locations, variants, levels.
        clock: the world's clock.
    """

    def __init__(self, seed: Mapping[str, Any], clock: Clock) -> None:
        self.clock = clock
        self.locations: dict[str, dict[str, Any]] = {row["id"]: row for row in seed["locations"]}
        self.variants: dict[str, dict[str, Any]] = {row["id"]: row for row in seed["variants"]}
        self.items: dict[str, dict[str, Any]] = {row["inventory_item_id"]: row for row in seed["variants"]}
        self.levels: dict[Pair, dict[str, Any]] = {}
        self.inactive: set[Pair] = {
            (row["inventory_item_id"], row["location_id"]) for row in seed.get("levels", []) if not row.get("is_active", True)
        }
        self._pairs_of: dict[str, list[Pair]] = defaultdict(list)
        self._sorted: set[str] = set()
        for row in seed.get("levels", []):
            self._open_level(row)

    def level(self, item_id: str, location_id: str) -> dict[str, Any]:
        """Return a level, made with zeros where there was none."""
        key = (item_id, location_id)
        if key not in self.levels:
            self._open_level({"inventory_item_id": item_id, "location_id": location_id})
        return self.levels[key]

    def levels_at(self, location_id: str) -> list[Pair]:
        """Return the pairs of a location by the number of their item."""
        return self._pairs(location_id, 0)

    def levels_of(self, item_id: str) -> list[Pair]:
        """Return the pairs of an item by the number of their location."""
        return self._pairs(item_id, 1)

    def level_number(self, location_id: str) -> str:
        """Return the number in the ids of a location's levels: the seed's, else one made of the location's."""
        return str(self.locations.get(location_id, {}).get("level_number") or f"1{location_id.rsplit('/', 1)[1]}")

    def change_level(self, body: dict[str, Any]) -> dict[str, Any]:
        """Change a level by hand: {inventory_item_id, location_id, delta: {state: units}}.

        Raises:
            ValueError: a state that only Shopify changes, or none at all.
        """
        for state in body["delta"]:
            if state not in _BY_HAND:
                raise ValueError(f"{state} is changed by orders only; by hand: {', '.join(sorted(_BY_HAND))}")
        self.shift(body["inventory_item_id"], body["location_id"], body["delta"])
        level = self.level(body["inventory_item_id"], body["location_id"])
        return {state: level[state] for state in STATES}

    def change_location(self, body: dict[str, Any]) -> dict[str, Any]:
        """Change a location's properties, or open a new one: {id, is_active?, name?}."""
        self.locations.setdefault(body["id"], {}).update(body)
        return {}

    def shift(self, item_id: str, location_id: str, change: Mapping[str, int]) -> None:
        """Add units to states of a level."""
        level = self.level(item_id, location_id)
        for state, units in change.items():
            level[state] += units
        level["updated_at"] = self.clock.now()

    def _pairs(self, end: str, place: int) -> list[Pair]:
        if end not in self._sorted:
            self._pairs_of[end].sort(key=lambda pair: number(pair[place]))
            self._sorted.add(end)
        return self._pairs_of[end]

    def _open_level(self, row: Mapping[str, Any]) -> None:
        level = {state: int(row.get(state, 0)) for state in (*STATES, "incoming")}
        pair = (row["inventory_item_id"], row["location_id"])
        if pair not in self.levels:
            for end in pair:
                self._pairs_of[end].append(pair)
                self._sorted.discard(end)
        self.levels[pair] = level | {"updated_at": self.clock.now()}
