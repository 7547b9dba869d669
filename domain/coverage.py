"""Coverage: values of the orders that the contract has no place for, with how many orders carry each, and which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any

import pandas as pd

from contract.frames import Frames
from contract.models import Contract
from domain.custom_fields import read_source
from domain.findings import finding, settle
from domain.order_facts import OrderFacts, read_facts

_CLOSED = ("list", "record", "multi_select")
_Seen = tuple[str, str, str]


def find_uncovered(raw: Frames, skus: Collection[str], contract: Contract) -> pd.DataFrame:
    """Return `out_findings`: one for each value without a mapping; test orders are left out.

    Args:
        raw: the `raw_shopify__*` order frames.
        skus: those of NetSuite's stock items.
        contract: the mappings.
    """
    names: dict[_Seen, list[str]] = {}
    for facts in read_facts(raw):
        if facts.order["is_test"] == "true":
            continue
        for seen in dict.fromkeys((*_uncovered(facts, contract), *_unknown_goods(facts, skus))):
            names.setdefault(seen, []).append(str(facts.order["name"]))
    rows = (
        finding(code, where, field=value, found=value, rows=len(orders), examples=orders)
        for (code, where, value), orders in sorted(names.items())
    )
    return settle(rows, contract)


def _uncovered(facts: OrderFacts, contract: Contract) -> Iterator[_Seen]:
    shop, rules = facts.key[0], contract.orders
    if facts.order["currency_code"] not in (contract.account.currency_code, *contract.account.currencies):
        yield "unmapped_currency", shop, str(facts.order["currency_code"])
    places = {gid for place in contract.locations for code, gid in place.shopify_locations.items() if code == shop}
    used = {made.location_id for made in facts.shipments} | {place for _, place in facts.open_units}
    used |= {line.location_id for line in facts.refund_lines} | {facts.order["retail_location_id_shopify"]}
    for gid in sorted(place for place in used if place and place not in places):
        yield "unmapped_location", shop, gid
    if rules.follow_to == "settlement":
        yield from (("unmapped_gateway", shop, one.gateway) for one in facts.tenders if one.gateway not in rules.gateways)
    if rules.tax == "suitetax":
        titles = {title for sale in facts.sales for title, amount in sale.money.taxes.items() if amount}
        yield from (("unmapped_tax", shop, title or "(no title)") for title in sorted(titles) if title not in rules.tax_codes)
    yield from _values(facts, contract)


def _unknown_goods(facts: OrderFacts, skus: Collection[str]) -> Iterator[_Seen]:
    kept: Counter[str] = Counter()
    for sale in facts.sales:
        if sale.line_type == "PRODUCT" and sale.line_id is not None:
            kept[sale.line_id] += sale.units
    for key, line in facts.lines.items():
        if kept[key] > 0 and line["is_gift_card"] != "true" and line["sku"] and line["sku"] not in skus:
            yield "unmapped_sku", facts.key[0], str(line["sku"])


def _values(facts: OrderFacts, contract: Contract) -> Iterator[_Seen]:
    for mapping in contract.orders.fields:
        if mapping.type not in _CLOSED:
            continue
        owners: list[Any] = list(facts.lines.values()) if mapping.level == "line" else [None]
        for line in owners:
            text = read_source(mapping.source, facts.order, line) or mapping.default or ""
            parts = [part.strip() for part in text.split(",")] if mapping.type == "multi_select" else [text]
            for part in parts:
                if part and part not in mapping.values:
                    yield "unmapped_value", mapping.target, part
