"""Inventory cases of other projects, computed by our own rules: do they come to the same?

A location's stock is what is on hand; what is allocated there is committed in NetSuite; what carts reserve is held. A channel
sees its pool. What has no counterpart here is left out with the reason.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from contract.models import Contract
from domain.what_if import what_if
from tests.conformance.compare import Difference, Family
from tests.domain.channel_world import make_contract

AT = datetime(2026, 3, 2, tzinfo=UTC)
Case = dict[str, Any]
_NOT_OURS = {
    "own_reservations": "a shopper's own cart is not told apart: every hold counts",
    "track_inventory": "an untracked variant takes no number",
    "zone_filter": "shipping zones are no rule of ours: the contract names a channel's pool",
    "zone_countries": "shipping zones are no rule of ours: the contract names a channel's pool",
    "in_stock": "which batch an order line takes is NetSuite's to decide",
    "today": "which batch an order line takes is NetSuite's to decide",
    "b1": "which batch an order line takes is NetSuite's to decide",
    "same_line_twice": "a line is read by its id: there is no saying it twice",
}


def oracles(folder: Path) -> list[Family]:
    """Return what became of the cases of each project."""
    return [_family(path) for path in sorted(folder.glob("*.json"))]


def _family(path: Path) -> Family:
    told = json.loads(path.read_text())
    family = Family(f"Inventory cases of {told['peer'].split(' ')[0]}")
    for case in told["cases"]:
        family.found += 1
        reason = next((why for word, why in _NOT_OURS.items() if f'"{word}"' in json.dumps([case["given"], case["when"]])), None)
        if reason:
            family.left_out[reason] += 1
            continue
        family.covered += 1
        family.values += 1
        expected, found = _of_batches(case) if "cosmic" in case["id"] else _of_locations(case)
        if expected != found:
            family.differences.append(Difference(case["id"], "available", expected, found))
    return family


def _of_locations(case: Case) -> tuple[Any, Any]:
    """Return a Saleor case's result: what a channel sees over its locations, or whether a wish fits into it."""
    channel, then = case["when"].get("channel", "ANY"), case["then"]
    mine = {name: row for name, row in case["given"]["locations"].items() if channel in row.get("channels", [channel])}
    stock = [(name, row["on_hand"], row.get("allocated", 0)) for name, row in mine.items()]
    held = {name: row.get("reserved_by_carts", 0) for name, row in mine.items()}
    seen = _number(stock, held)
    return _compared(then, seen, case["when"].get("want", 0))


def _of_batches(case: Case) -> tuple[Any, Any]:
    """Return a cosmicpython case's result: a batch is a location, an order line demand that NetSuite does not know."""
    given, when, then = case["given"], case["when"], dict(case["then"])
    batch = given.get("batch") or {"sku": "X", "qty": next(iter(given["batches"].values()))}
    wished = when.get("line", 0)
    sku, wish = wished if isinstance(wished, list) else (batch["sku"], wished)
    units = when.get("to", batch["qty"])
    before = [units - 0]
    if "lines" in when:
        first, wish = when["lines"]
        before = [_number([("A", units, 0)], {}, first)]
    elif isinstance(then.get("available"), int):
        return then["available"], _number([("A", units, 0)], {}, wish)
    if "second" in then or "notification" in then:
        then = {"accepted": False}
    seen = before[0] if sku == batch["sku"] else 0
    return _compared(then, seen, wish)


def _compared(then: Case, seen: int, wish: int) -> tuple[Any, Any]:
    return (then["accepted"], wish <= seen) if "accepted" in then else (then["available"], seen)


def _number(stock: list[tuple[str, int, int]], held: dict[str, int], demand: int = 0) -> int:
    """Return what a channel over these locations shows of a SKU."""
    if not stock:
        return 0
    places = {name: f"P{number}" for number, (name, _, _) in enumerate(stock)}
    contract: Contract = make_contract({"FEED": {}}, locations=tuple(places.values()))
    given = {
        "core_items": pd.DataFrame({"sku": ["X"], "tags": [""]}),
        "core_locations": pd.DataFrame({"location_code": list(places.values())}),
        "core_stock": pd.DataFrame(
            [
                {"sku": "X", "location_code": places[name], "on_hand_qty": units, "committed_qty": taken, "backordered_qty": 0}
                | {"available_qty": max(units - taken, 0), "read_at_utc": None}
                for name, units, taken in stock
            ]
        ),
        "core_holds": pd.DataFrame(
            [{"sku": "X", "location_code": places[name], "held_qty": count} for name, count in held.items()]
        ),
    }
    if demand:
        line = {"order_line_id_shopify": "L", "sku": "X", "location_code": "P0", "demand_qty": demand, "shop_code": "-"}
        given["core_order_lines"] = pd.DataFrame([line | {"placed_at_utc": None}])
    if not held:
        del given["core_holds"]
    shown = what_if(given, contract, "f", AT).out_channel_quantities
    return int(shown["publish_qty"].sum())
