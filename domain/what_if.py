"""What-if: the rules as a calculator, on core frames that anyone can write by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from contract.frames import conform, empty
from contract.models import Contract
from domain.components import explode
from domain.compute import decide_numbers
from domain.conform_netsuite import NETSUITE, Stock
from domain.sales import find_sales
from domain.unresolved import unresolved

_PAIR = ["sku", "location_code"]
HOLDS = ("reserved_qty", "damaged_qty", "safety_stock_qty", "quality_control_qty")


@dataclass(frozen=True)
class Given:
    """The columns of one frame that a what-if reads: those it needs, and those that count as their default."""

    needed: tuple[str, ...]
    defaults: Mapping[str, object]


COLUMNS: Mapping[str, Given] = {
    "core_items": Given(("sku",), {"tags": ""}),
    "core_locations": Given(("location_code",), {}),
    "core_stock": Given(
        ("sku", "location_code", "on_hand_qty"),
        {"committed_qty": 0, "backordered_qty": 0, "available_qty": 0, "read_at_utc": None},
    ),
    "core_order_lines": Given(
        ("order_line_id_shopify", "sku", "location_code", "demand_qty"), {"shop_code": "-", "placed_at_utc": None}
    ),
    "core_ledger": Given(("sku", "location_code", "unreflected_qty"), {}),
    "core_levels": Given(("shop_code", "sku", "location_code"), {"committed_qty": 0, **dict.fromkeys(HOLDS, 0)}),
    "core_holds": Given(("sku", "location_code", "held_qty"), {}),
    "core_arrivals": Given(("sku", "location_code", "arriving_qty"), {"due_date": "0001-01-01", "source_code": "in_transit"}),
    "core_components": Given(("kit_sku", "sku", "component_qty"), {}),
}
"""Every frame that a what-if reads, the first three needed, the others none where they are missing."""
NEEDED = ("core_items", "core_locations", "core_stock")


@dataclass(frozen=True)
class WhatIf:
    """What the rules make of the frames given."""

    out_atp: pd.DataFrame
    out_channel_quantities: pd.DataFrame
    core_unresolved: pd.DataFrame


def what_if(given: Mapping[str, pd.DataFrame], contract: Contract, fingerprint: str, at: datetime) -> WhatIf:
    """Return the numbers that the rules make of core frames.

    Where there is no ledger, NetSuite knows none of the order lines: all their demand is unreflected. Where there are no
    holds, they are the levels'. A level whose committed units are more than the open order lines of its shop says that the
    rest is in no order list yet: it is unseen.

    Args:
        given: frames with the columns of `COLUMNS`, quantities as whole numbers.
        contract: the rules.
        fingerprint: the contract's version.
        at: the instant: time windows, horizons and ages count from it.
    """
    known = set(given["core_items"]["sku"])
    stock = given["core_stock"]
    lost = unresolved("core_stock", stock.loc[~stock["sku"].isin(known)], _PAIR, "unmapped_sku", "sku")
    balances = stock.loc[stock["sku"].isin(known)].assign(in_transit_qty=0, on_order_qty=0)
    read_at = balances["read_at_utc"].where(balances["read_at_utc"].notna(), pd.Timestamp(at))
    balances = conform("core_stock", balances.assign(read_at_utc=pd.to_datetime(read_at, utc=True), source_code=NETSUITE))
    kits = given.get("core_components", empty("core_components"))
    lines = given.get("core_order_lines")
    levels = given.get("core_levels")
    core = {
        "core_components": conform("core_components", kits),
        "core_tags": _tags(given["core_items"]),
        "core_arrivals": _arrivals(given.get("core_arrivals")),
        "core_sales": _sales(lines, kits),
        "core_ledger": explode(given["core_ledger"] if "core_ledger" in given else _gaps(lines), kits, ["unreflected_qty"]),
        "core_holds": given["core_holds"] if "core_holds" in given else _holds(levels),
        "core_levels": empty("core_levels") if levels is None else levels.assign(read_at_utc=pd.Timestamp(at)),
        "core_expected_levels": _unseen(levels, lines),
        "core_other_orders": empty("core_other_orders"),
        "core_partner_open": empty("core_partner_open"),
        "core_blocked": empty("core_blocked"),
    }
    nothing = pd.DataFrame(columns=_PAIR)
    out_atp, numbers, findings = decide_numbers(core, Stock(balances, lost, nothing), contract, fingerprint, at)
    return WhatIf(out_atp, numbers, pd.concat([lost, findings], ignore_index=True))


def _tags(items: pd.DataFrame) -> pd.DataFrame:
    lists = items["tags"].map(lambda text: [tag.strip() for tag in str(text).split(",") if tag.strip()])
    tags = items[["sku"]].assign(tag=lists).explode("tag").dropna(subset=["tag"])
    return conform("core_tags", tags.drop_duplicates())


def _arrivals(arrivals: pd.DataFrame | None) -> pd.DataFrame:
    if arrivals is None:
        return empty("core_arrivals")
    key = [*_PAIR, "due_date", "source_code"]
    return conform("core_arrivals", arrivals.groupby(key, as_index=False)[["arriving_qty"]].sum())


def _sales(lines: pd.DataFrame | None, kits: pd.DataFrame) -> pd.DataFrame:
    if lines is None:
        return empty("core_sales")
    dated = lines.loc[lines["placed_at_utc"].notna()]
    return find_sales(
        dated.assign(left_qty=dated["demand_qty"], placed_at_utc=pd.to_datetime(dated["placed_at_utc"], utc=True)), kits
    )


def _gaps(lines: pd.DataFrame | None) -> pd.DataFrame:
    """Return all demand as unreflected: NetSuite is said to know none of it."""
    if lines is None:
        return pd.DataFrame({"sku": [], "location_code": [], "unreflected_qty": []})
    return lines.rename(columns={"demand_qty": "unreflected_qty"})[[*_PAIR, "unreflected_qty"]]


def _holds(levels: pd.DataFrame | None) -> pd.DataFrame:
    if levels is None:
        return pd.DataFrame({"sku": [], "location_code": [], "held_qty": []})
    return levels[_PAIR].assign(held_qty=levels[list(HOLDS)].clip(lower=0).sum(axis=1))


def _unseen(levels: pd.DataFrame | None, lines: pd.DataFrame | None) -> pd.DataFrame:
    if levels is None:
        return pd.DataFrame({"sku": [], "location_code": [], "drop_qty": []})
    key = ["shop_code", *_PAIR]
    rows = levels[[*key, "committed_qty"]].assign(open_qty=0)
    if lines is not None:
        known = lines.groupby(key, as_index=False)[["demand_qty"]].sum()
        rows = rows.merge(known, on=key, how="left", validate="one_to_one").assign(open_qty=lambda r: r["demand_qty"].fillna(0))
    return rows[_PAIR].assign(drop_qty=(rows["committed_qty"] - rows["open_qty"]).clip(lower=0).astype("int64"))
