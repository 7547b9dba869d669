"""Explain: why a number is what it is, term by term, from the evidence that its run kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from contract.frames import empty
from contract.models import Contract
from domain.atp import TERMS
from flows import screen
from flows.replay import contract_of
from flows.wiring import open_store
from store.publications import history_of
from store.snapshots import load_snapshot

SOURCES = {
    "on_hand_qty": "NetSuite balance: on hand",
    "committed_qty": "NetSuite balance: committed",
    "backordered_qty": "NetSuite balance: backordered",
    "spared_qty": "backorders of other origin that the contract leaves out",
    "unapproved_qty": "orders of other origin that nobody has approved, as the contract counts them",
    "partner_open_qty": "orders that the partner's snapshot does not net yet",
    "unreflected_qty": "ledger: order lines that NetSuite does not net yet",
    "unseen_qty": "expected level: left the shop's level, in no order yet",
    "held_qty": "Shopify: reserved, damaged, quality control, safety stock",
    "blocked_qty": "serials and lots that are doubtful, expired or inactive: truecount serial NUMBER",
}
"""Where each term of the equation comes from."""
_READ_AT = {
    "on_hand_qty": "stock",
    "committed_qty": "stock",
    "backordered_qty": "stock",
    "spared_qty": "stock",
    "unapproved_qty": "stock",
    "partner_open_qty": "stock",
    "unreflected_qty": "orders",
    "unseen_qty": "levels",
    "held_qty": "levels",
    "blocked_qty": "stock",
}
_NUMBER = ["channel_code", "location_code", "pool_qty", "buffer_qty", "cap_qty", "publish_qty", "rule_code", "contract_fingerprint"]
_LINE = [
    "order",
    "shop_code",
    "order_line_id_shopify",
    "location_code",
    "demand_qty",
    "reflected_qty",
    "unreflected_qty",
    "reason_code",
]
_EVIDENCE = (
    "out_atp",
    "core_ledger",
    "core_expected_levels",
    "core_holds",
    "core_other_orders",
    "core_partner_open",
    "core_blocked",
)
_DROP = ["shop_code", "location_code", "drop_qty", "first_seen_at_utc"]
_HOLD = ["location_code", "hold_code", "held_qty"]
Row = dict[str, Any]


def explain_sku(folder: Path, sku: str, channel_code: str | None = None) -> dict[str, Any]:
    """Return why a SKU's numbers are what they were decided to be in one run.

    Args:
        folder: the run's snapshot.
        sku: the SKU.
        channel_code: only this channel's numbers, and the locations of its pool.

    Returns:
        `numbers` (a row per channel and location), `locations` (a row per location: each term, its source and read
        time), the evidence behind the terms (`order_lines`, `drops`, `holds`, `other_orders`, `partner_open`), and
        `set_aside` rows that name the SKU.

    Raises:
        FatalError: the folder is no snapshot, or a file of it is damaged.
    """
    frames, _, extras = load_snapshot(folder)
    contract = contract_of(extras, folder).contract
    numbers = _of(frames["out_channel_quantities"], sku)
    pools = {code for channel in contract.channels for code in channel.pool}
    if channel_code:
        numbers = numbers.loc[numbers["channel_code"] == channel_code]
        pools = set(contract.channel(channel_code).pool) if channel_code in _codes(contract) else set()
    # A snapshot of before serials were traced has none of them.
    here = {name: _at(frames.get(name, empty(name)), sku, pools) for name in _EVIDENCE}
    lines = here["core_ledger"].loc[here["core_ledger"]["unreflected_qty"] > 0]
    named = frames["raw_shopify__orders"][["shop_code", "order_id_shopify", "name"]].rename(columns={"name": "order"})
    lines = lines.merge(named, on=["shop_code", "order_id_shopify"], how="left", validate="many_to_one")
    drops = here["core_expected_levels"].loc[here["core_expected_levels"]["drop_qty"] > 0]
    return {
        "sku": sku,
        "run_id": folder.name,
        "numbers": screen.rows_of(numbers[_NUMBER].astype("object").where(numbers[_NUMBER].notna(), None)),
        "locations": [_location(frames, row) for row in screen.rows_of(here["out_atp"])],
        "order_lines": screen.rows_of(lines[_LINE]),
        "drops": screen.rows_of(drops[_DROP]),
        "holds": screen.rows_of(here["core_holds"][_HOLD]),
        "other_orders": screen.rows_of(here["core_other_orders"]),
        "partner_open": screen.rows_of(here["core_partner_open"]),
        "blocked": screen.rows_of(here["core_blocked"]),
        "set_aside": screen.rows_of(_aside(frames["core_unresolved"], sku)),
    }


def published_of(sku: str, channel_code: str | None = None) -> list[dict[str, Any]]:
    """Return what was published of a SKU, newest first: when, by which run, and what the outlet answered.

    Args:
        sku: the SKU.
        channel_code: only this channel.
    """
    with open_store() as engine:
        rows = history_of(engine, sku, channel_code=channel_code)
    return screen.rows_of(rows.astype("object").where(rows.notna(), None))


def show(explained: dict[str, Any], *, as_json: bool = False) -> None:
    """Print an explanation: the equation with a column per location, then the numbers, then the evidence.

    Args:
        explained: from `explain_sku`.
        as_json: print it as JSON instead.
    """
    if as_json:
        screen.plain(json.dumps(explained, default=str))
        return
    sku, run_id = explained["sku"], explained["run_id"]
    if explained["locations"]:
        screen.show(f"{sku}: what can truly still be sold (run {run_id})", _equation(explained["locations"]))
    if explained["numbers"]:
        screen.show(f"{sku}: the number of each channel", [_number_row(row) for row in explained["numbers"]])
    for title, name in (
        ("Order lines that NetSuite does not net yet", "order_lines"),
        ("Units that left a shop's level, not explained by any order yet", "drops"),
        ("Units that a shop keeps back", "holds"),
        ("Orders of other origin", "other_orders"),
        ("What the partner's count does not net yet", "partner_open"),
        ("Serials and lots that are not offered", "blocked"),
        ("Set aside", "set_aside"),
        ("Published lately, newest first", "published"),
    ):
        if explained.get(name):
            screen.show(title, [_spoken(row) for row in explained[name]])


def _location(frames: dict[str, pd.DataFrame], row: Row) -> Row:
    place = {"sku": row["sku"], "location_code": row["location_code"]}
    read_at = {
        "stock": _oldest(frames["core_stock"], place, "read_at_utc"),
        "orders": _first_instant(frames["raw_shopify__orders"]),
        "levels": _oldest(frames["core_levels"], place, "read_at_utc"),
    }
    terms = [
        {
            "term": term.removesuffix("_qty"),
            "sign": "+" if sign > 0 else "-",
            "value": int(row.get(term, 0)),
            "source": SOURCES[term],
            "read_at_utc": read_at[_READ_AT[term]],
        }
        for term, sign in TERMS.items()
    ]
    return {
        "location_code": row["location_code"],
        "terms": terms,
        "atp_qty": int(row["atp_qty"]),
        "netsuite_available_qty": int(row["available_qty"]),
    }


def _equation(locations: list[Row]) -> list[Row]:
    """Return a row per term and a column per location."""
    rows = []
    for position, term in enumerate(locations[0]["terms"]):
        values = {place["location_code"]: place["terms"][position]["value"] for place in locations}
        oldest = min(
            (place["terms"][position]["read_at_utc"] for place in locations if place["terms"][position]["read_at_utc"]), default=""
        )
        rows.append({"term": f"{term['sign']} {term['term']}", **values, "source": term["source"], "read": oldest})
    total = {place["location_code"]: place["atp_qty"] for place in locations}
    theirs = {place["location_code"]: place["netsuite_available_qty"] for place in locations}
    rows.append({"term": "= ATP", **total, "source": "what can truly still be sold", "read": ""})
    rows.append({"term": "NetSuite says", **theirs, "source": "its available, which a copying connector shows", "read": ""})
    return rows


def _number_row(row: Row) -> Row:
    return {
        "channel": row["channel_code"],
        "location": "whole pool" if row["location_code"] == "-" else row["location_code"],
        "pool": row["pool_qty"],
        "buffer": row["buffer_qty"],
        "cap": "" if row["cap_qty"] is None else row["cap_qty"],
        "publish": row["publish_qty"],
        "rule": row["rule_code"],
        "contract": row["contract_fingerprint"],
    }


def _spoken(row: Row) -> Row:
    """Return an evidence row as people name things: without our suffixes, an id by its number."""
    spoken = {"shop_code": "shop", "location_code": "location", "order_line_id_shopify": "line", "first_seen_at_utc": "since"}
    return {
        spoken.get(name, name.removesuffix("_qty").removesuffix("_code")): str(value).rsplit("/", 1)[-1]
        if name.endswith("_shopify")
        else value
        for name, value in row.items()
    }


def _codes(contract: Contract) -> set[str]:
    return {channel.channel_code for channel in contract.channels}


def _of(frame: pd.DataFrame, sku: str) -> pd.DataFrame:
    return frame.loc[frame["sku"] == sku]


def _at(frame: pd.DataFrame, sku: str, places: set[str]) -> pd.DataFrame:
    rows = _of(frame, sku)
    return rows.loc[rows["location_code"].isin(places)]


def _aside(core_unresolved: pd.DataFrame, sku: str) -> pd.DataFrame:
    is_named = core_unresolved["value"].eq(sku) | core_unresolved["source_key"].str.split("/").map(lambda parts: sku in parts)
    return core_unresolved.loc[is_named, ["reason_code", "source_frame", "source_key", "field", "value"]]


def _oldest(frame: pd.DataFrame, place: Row, column: str) -> str:
    rows = frame.loc[(frame["sku"] == place["sku"]) & (frame["location_code"] == place["location_code"]), column]
    return "" if rows.empty else _spell(rows.min())


def _first_instant(frame: pd.DataFrame) -> str:
    return "" if frame.empty else _spell(pd.Timestamp(frame["extracted_at_utc"].min()))


def _spell(instant: pd.Timestamp) -> str:
    return instant.strftime("%Y-%m-%d %H:%M:%S")
