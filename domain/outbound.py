"""Fulfilments that NetSuite made first: what of them Shopify does not know yet, and on which fulfilment orders it goes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from contract.models import Contract
from domain.demand import OPEN_FULFILLMENT_ORDERS
from domain.order_facts import number_of

OURS = "SHOPFUL-"


@dataclass(frozen=True)
class Outbound:
    """One item fulfilment to tell to Shopify: units by fulfilment order and its line; what does not fit has a reason."""

    key: str
    shop_code: str
    order_id_shopify: str
    fulfillment_id_netsuite: str
    units: Mapping[str, Mapping[str, int]]
    wanted: Mapping[str, int]
    reason: str | None = None


def find_outbound(
    raw_netsuite__order_lines: pd.DataFrame,
    links: pd.DataFrame,
    raw_shopify__fulfillment_order_lines: pd.DataFrame,
    contract: Contract,
    told: Collection[str],
) -> list[Outbound]:
    """Return the shipped item fulfilments of our orders that are not ours and not told yet.

    Args:
        raw_netsuite__order_lines: lines of sales orders and item fulfilments.
        links: orders that NetSuite has.
        raw_shopify__fulfillment_order_lines: what Shopify still expects to leave.
        contract: for the locations.
        told: keys that Shopify has been told.
    """
    order_of = {row["transaction_id_netsuite"]: row for row in links.to_dict("records")}
    lines = raw_netsuite__order_lines
    shipped = lines.loc[lines["transaction_type"].eq("ItemShip") & lines["status_code"].eq("C") & lines["kit_member_of"].isna()]
    found: list[Outbound] = []
    for document, rows in shipped.groupby("transaction_id_netsuite", sort=True):
        first = rows.iloc[0]
        owner = order_of.get(first["created_from_id_netsuite"])
        is_ours = isinstance(first["external_id"], str) and first["external_id"].startswith(OURS)
        if owner is None or is_ours:
            continue
        key = f"NSFUL-{owner['shop_code']}-{document}"
        if key not in told:
            found.append(
                _outbound(
                    key,
                    str(document),
                    {str(k): v for k, v in owner.items()},
                    rows,
                    (raw_shopify__fulfillment_order_lines, contract),
                )
            )
    return found


def _outbound(
    key: str, document: str, owner: Mapping[str, Any], rows: pd.DataFrame, found: tuple[pd.DataFrame, Contract]
) -> Outbound:
    routed, contract = found
    shop, order = str(owner["shop_code"]), str(owner["order_id_shopify"])
    wanted: dict[str, int] = {}
    units: dict[str, dict[str, int]] = {}
    missing: list[str] = []
    for row in rows.dropna(subset=["order_line_id_shopify"]).to_dict("records"):
        line, count = str(row["order_line_id_shopify"]), int(float(row["ordered_qty"]))
        wanted[line] = wanted.get(line, 0) + count
        place = _shopify_place(contract, shop, str(row["location_id_netsuite"]))
        left = _take(routed, order, line, place, count, units)
        if left:
            missing.append(f"{left} of line {number_of(line)}")
    told = (
        f"item fulfilment {document} ships {', '.join(missing)} more than is open at its location in Shopify" if missing else None
    )
    reason = f"{told}; move the fulfilment order there, or fulfil it by hand" if told else None
    if not wanted:
        reason = f"item fulfilment {document} has no line with a Shopify line id; fulfil it in Shopify by hand"
    return Outbound(key, shop, order, document, units, wanted, reason)


def _take(  # noqa: PLR0913, PLR0917 - which units, from where, into what
    routed: pd.DataFrame, order: str, line: str, place: str | None, count: int, units: dict[str, dict[str, int]]
) -> int:
    """Put units on open fulfilment order lines at a location; return how many did not fit."""
    is_open = routed["status_code"].isin(sorted(OPEN_FULFILLMENT_ORDERS)) & routed["location_id_shopify"].eq(place or "")
    mine = routed.loc[is_open & routed["order_id_shopify"].eq(order) & routed["order_line_id_shopify"].eq(line)]
    left = count
    for row in mine.to_dict("records"):
        lines = units.setdefault(str(row["fulfillment_order_id_shopify"]), {})
        key = str(row["fulfillment_order_line_id_shopify"])
        taken = min(left, int(row["remaining_qty"]) - lines.get(key, 0))
        if taken > 0:
            lines[key] = lines.get(key, 0) + taken
            left -= taken
    return left


def _shopify_place(contract: Contract, shop_code: str, location_id: str) -> str | None:
    return next((x.shopify_locations.get(shop_code) for x in contract.locations if location_id in x.netsuite_locations), None)
