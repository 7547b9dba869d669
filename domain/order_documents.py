"""Order documents: what each Shopify order becomes in NetSuite, to the cent, or why it is set aside.

A till order becomes a cash sale only if it is fully paid and handed over at its till; every other order a sales order.
The amounts are Shopify's own, never computed again; goods, discounts, shipping and tax must add up to its total before
anything is sent (the equality gate). Edited and refunded orders are set aside: their life comes with the next issue.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pandas as pd

from contract.frames import Frames, from_rows
from contract.models import Contract
from domain.conform_shopify import shopify_locations
from domain.custom_fields import map_fields
from domain.demand import OPEN_FULFILLMENT_ORDERS

Row = Mapping[str, Any]
_ORDER = ["shop_code", "order_id_shopify"]


@dataclass(frozen=True)
class Documents:
    """What was decided: `out_netsuite_documents`, one row per order, and `out_netsuite_document_lines`."""

    documents: pd.DataFrame
    lines: pd.DataFrame


@dataclass(frozen=True)
class _Books:
    """What the orders are looked up in."""

    contract: Contract
    item_of_sku: Mapping[str, str]
    lines: Mapping[Any, list[Row]]
    routed: Mapping[Any, list[Row]]
    shipped: Mapping[Any, list[Row]]
    linked: Mapping[Any, str]
    ambiguous: frozenset[str]
    places: Mapping[tuple[str, str], str]


@dataclass
class _Draft:
    """A document in the making: its lines, or the first thing that is wrong with it."""

    reason_code: str | None = None
    reason: str | None = None
    lines: list[dict[str, Any]] = field(default_factory=list)

    def refuse(self, code: str, told: str) -> None:
        """Keep the first reason: the others often follow from it."""
        if self.reason_code is None:
            self.reason_code, self.reason = code, told


def build_documents(
    raw: Frames, links: pd.DataFrame, ambiguous: pd.DataFrame, core_items: pd.DataFrame, contract: Contract
) -> Documents:
    """Return a decision for every order: create, adopt, skip or set_aside.

    Grain: documents one row per order; lines one row per NetSuite line to write.

    Args:
        raw: the `raw_shopify__*` order frames.
        links: orders that NetSuite has (`domain.order_links.link_orders`).
        ambiguous: what `link_orders` set aside: `value` holds the reference that several share.
        core_items: for the item of a SKU.
        contract: the rules.
    """
    places = shopify_locations(contract)
    books = _Books(
        contract=contract,
        item_of_sku=dict(zip(core_items["sku"], core_items["item_id_netsuite"], strict=True)),
        lines=_by_order(raw["raw_shopify__order_lines"]),
        routed=_by_order(raw["raw_shopify__fulfillment_order_lines"]),
        shipped=_by_order(raw["raw_shopify__fulfillments"]),
        linked={tuple(row[:2]): row[2] for row in links[[*_ORDER, "transaction_id_netsuite"]].itertuples(index=False, name=None)},
        ambiguous=frozenset(ambiguous["value"]),
        places={(row[0], row[1]): row[2] for row in places.itertuples(index=False, name=None)},
    )
    decided = [_decide(order, books) for order in _rows(raw["raw_shopify__orders"])]
    documents = [document for document, _ in decided]
    lines = [line for _, parts in decided for line in parts]
    return Documents(from_rows("out_netsuite_documents", documents), from_rows("out_netsuite_document_lines", lines))


def external_id(shop_code: str, order_id: str) -> str:
    """Return an order's external id in NetSuite.

    >>> external_id("GROCER", "gid://shopify/Order/42")
    'SHOPIFY-GROCER-42'
    """
    return f"SHOPIFY-{shop_code}-{order_id.rsplit('/', 1)[-1]}"


def _decide(order: Row, books: _Books) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    key = (order["shop_code"], order["order_id_shopify"])
    document: dict[str, Any] = {
        "external_id": external_id(*key),
        "shop_code": key[0],
        "order_id_shopify": key[1],
        "order_name": order["name"],
        "record_type": None,
        "reason_code": None,
        "reason": None,
        "total_amount": Decimal(order["total_amount"] or 0),
        "currency_code": order["currency_code"],
        "payload": None,
        "payload_hash": None,
    }
    left_alone = _left_alone(order, key, books)
    if left_alone:
        action, code, told = left_alone
        return {**document, "action_code": action, "reason_code": code, "reason": told}, []
    draft = _draft(order, key, books)
    record_type, place = _record_type(order, key, books)
    payload = _payload(order, draft, (record_type, place), books) if draft.reason_code is None else {}
    if draft.reason_code is not None:
        return {**document, "action_code": "set_aside", "reason_code": draft.reason_code, "reason": draft.reason}, []
    text = json.dumps(payload, separators=(",", ":"), ensure_ascii=False)
    digest = hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()
    lines = [
        {
            "external_id": document["external_id"],
            "line_number": str(number),
            "order_line_id_shopify": line["order_line_id"],
            "item_id_netsuite": line["item_id"],
            "location_id_netsuite": line["location_id"],
            "quantity_qty": line["quantity"],
            "line_amount": line["amount"],
            "line_kind": line["kind"],
        }
        for number, line in enumerate(draft.lines, start=1)
    ]
    return {**document, "action_code": "create", "record_type": record_type, "payload": text, "payload_hash": digest}, lines


def _left_alone(  # noqa: PLR0911 - one return a rule
    order: Row, key: tuple[str, str], books: _Books
) -> tuple[str, str | None, str] | None:
    """Return the action for orders of which nothing is written, or None."""
    if key in books.linked:
        return "adopt", None, f"NetSuite has it as transaction {books.linked[key]}"
    number = key[1].rsplit("/", 1)[-1]
    if any(value in books.ambiguous for value in (order["name"], external_id(*key), number)):
        return "set_aside", "ambiguous_link", f"several NetSuite documents match order {order['name']}; link one by hand"
    if order["is_test"] == "true":
        return "skip", "test_order", "a test order is never booked"
    lines = books.lines.get(key, [])
    if order["cancelled_at_utc"] and not books.shipped.get(key):
        return "skip", "cancelled", "cancelled before anything was handed over, and NetSuite never had it"
    if not lines:
        return "skip", "no_lines", "the order has no lines"
    is_edited = order["is_edited"] == "true" or any(line["ordered_qty"] != line["current_qty"] for line in lines)
    if is_edited or Decimal(order["current_total_amount"] or 0) != Decimal(order["total_amount"] or 0):
        told = f"order {order['name']} was edited, refunded or partly cancelled before it was booked; book it by hand"
        return "set_aside", "edited_or_refunded", told
    return None


def _draft(order: Row, key: tuple[str, str], books: _Books) -> _Draft:
    draft = _Draft()
    for line in books.lines[key]:
        _add_goods(draft, order, line, books)
    items = books.contract.orders.items
    discount = -sum((_discount(line) for line in books.lines[key]), Decimal(0))
    shipping = Decimal(order["shipping_amount"] or 0)
    tax = Decimal(order["tax_amount"] or 0)
    for kind, item, amount in (("discount", items.discount_item_id, discount), ("shipping", items.shipping_item_id, shipping)):
        if amount:
            draft.lines.append(_line(kind, item, 1, amount, None, None))
    if tax and order["has_taxes_included"] != "true":
        draft.lines.append(_line("tax", items.tax_item_id, 1, tax, None, None))
    _check_total(draft, order)
    return draft


def _add_goods(draft: _Draft, order: Row, line: Row, books: _Books) -> None:
    """Add a line's goods: one NetSuite line per location that its units are at."""
    name = f"order {order['name']} line {line['title']!r}"
    sku = line["sku"]
    if sku is None:
        draft.refuse("no_sku", f"{name} has no SKU (a custom line, or a variant without one); give it one, or book it by hand")
        return
    if sku not in books.item_of_sku:
        draft.refuse("unmapped_sku", f"{name}: SKU {sku} is no stock item in NetSuite, or is there twice; create or mend the item")
        return
    units = _units_by_place(line, (order["shop_code"], order["order_id_shopify"]), books)
    price = Decimal(line["unit_price_amount"])
    for gid, count in units.items():
        code = books.places.get((order["shop_code"], gid)) if gid else books.contract.shop(order["shop_code"]).unrouted_location
        if code is None:
            draft.refuse("unmapped_location", f"{name}: location {gid} is in no entry of the contract's locations; add it")
            return
        place = next(x.netsuite_locations[0] for x in books.contract.locations if x.location_code == code)
        values, problems = map_fields("line", order, line, books.contract)
        for problem in problems:
            draft.refuse(problem.reason_code, f"{name}: {problem.told}")
        values[books.contract.account.line_id_field] = line["order_line_id_shopify"]
        draft.lines.append(_line("goods", books.item_of_sku[sku], count, price * count, place, line) | {"fields": values})


def _units_by_place(line: Row, key: tuple[str, str], books: _Books) -> dict[str | None, int]:
    """Return the line's units by Shopify location: shipped there, to be shipped from there; None where not routed yet."""
    units: dict[str | None, int] = {}
    for row in books.shipped.get(key, []):
        if row["order_line_id_shopify"] == line["order_line_id_shopify"] and row["status_code"] == "SUCCESS":
            units[row["location_id_shopify"]] = units.get(row["location_id_shopify"], 0) + int(row["fulfilled_qty"])
    for row in books.routed.get(key, []):
        is_open = row["status_code"] in OPEN_FULFILLMENT_ORDERS and int(row["remaining_qty"])
        if row["order_line_id_shopify"] == line["order_line_id_shopify"] and is_open:
            units[row["location_id_shopify"]] = units.get(row["location_id_shopify"], 0) + int(row["remaining_qty"])
    rest = int(line["ordered_qty"]) - sum(units.values())
    return {**units, None: rest} if rest > 0 else units


def _check_total(draft: _Draft, order: Row) -> None:
    """The equality gate: the lines add up to Shopify's total, and each term to Shopify's own."""
    total = Decimal(order["total_amount"] or 0)
    sums = {kind: sum((x["amount"] for x in draft.lines if x["kind"] == kind), Decimal(0)) for kind in ("goods", "discount")}
    subtotal = Decimal(order["subtotal_amount"] or 0)
    if sums["goods"] + sums["discount"] != subtotal:
        told = (
            f"order {order['name']}: goods {sums['goods']} and discounts {sums['discount']} are not Shopify's subtotal {subtotal}"
        )
        draft.refuse("totals_differ", f"{told}; look at its discounts in Shopify")
    whole = sum((line["amount"] for line in draft.lines), Decimal(0))
    if whole != total:
        told = f"order {order['name']}: goods, discounts, shipping and tax add up to {whole}, Shopify's total is {total}"
        draft.refuse("totals_differ", f"{told}; look for tips, duties, fees or gift cards")


def _record_type(order: Row, key: tuple[str, str], books: _Books) -> tuple[str, str | None]:
    """Return cashSale and its NetSuite location for a till sale that is paid and handed over there, else salesOrder."""
    till = order["retail_location_id_shopify"]
    code = books.places.get((key[0], till)) if till else None
    is_paid = order["financial_status"] == "PAID" and Decimal(order["outstanding_amount"] or 0) == 0
    handed = {place for line in books.lines[key] for place in _units_by_place(line, key, books)}
    is_open = any(int(row["remaining_qty"]) for row in books.routed.get(key, []))
    if order["source_name"] in books.contract.orders.till_sources and code and is_paid and handed == {till} and not is_open:
        place = next(x.netsuite_locations[0] for x in books.contract.locations if x.location_code == code)
        return "cashSale", place
    return "salesOrder", None


def _payload(order: Row, draft: _Draft, record: tuple[str, str | None], books: _Books) -> dict[str, Any]:
    """Return the body to send. Amounts are JSON numbers with two decimals, which a double holds exactly to the cent."""
    record_type, place = record
    contract = books.contract
    values, problems = map_fields("body", order, None, contract)
    for problem in problems:
        draft.refuse(problem.reason_code, f"order {order['name']}: {problem.told}")
    body: dict[str, Any] = {
        "externalId": external_id(order["shop_code"], order["order_id_shopify"]),
        "entity": {"id": contract.shop(order["shop_code"]).customer_id},
        "tranDate": str(order["created_at_utc"])[:10],
        "otherRefNum": order["name"],
        **values,
    }
    if contract.account.subsidiary_id:
        body["subsidiary"] = {"id": contract.account.subsidiary_id}
    if record_type == "salesOrder":
        body["orderStatus"] = {"id": "A" if contract.orders.initial_status == "pending_approval" else "B"}
    else:
        body["location"] = {"id": place}
    body["item"] = {"items": [_payload_line(line, place) for line in draft.lines]}
    return body


def _payload_line(line: Row, place: str | None) -> dict[str, Any]:
    rate = line["amount"] / line["quantity"]
    body: dict[str, Any] = {
        "item": {"id": line["item_id"]},
        "quantity": line["quantity"],
        "rate": float(rate),
        "amount": float(line["amount"]),
    }
    location = line["location_id"] or place
    if location:
        body["location"] = {"id": location}
    return {**body, **line.get("fields", {})}


def _line(kind: str, item_id: str, quantity: int, amount: Decimal, location_id: str | None, source: Row | None) -> dict[str, Any]:  # noqa: PLR0913, PLR0917
    order_line_id = source["order_line_id_shopify"] if source else None
    return {
        "kind": kind,
        "item_id": item_id,
        "quantity": quantity,
        "amount": amount,
        "location_id": location_id,
        "order_line_id": order_line_id,
    }


def _discount(line: Row) -> Decimal:
    return sum((Decimal(row["amount"]) for row in json.loads(line["discount_allocations"] or "[]")), Decimal(0))


def _by_order(frame: pd.DataFrame) -> dict[Any, list[Row]]:
    grouped: dict[Any, list[Row]] = {}
    for row in _rows(frame):
        grouped.setdefault((row["shop_code"], row["order_id_shopify"]), []).append(row)
    return grouped


def _rows(frame: pd.DataFrame) -> Iterator[Row]:
    clean = frame.astype("object").where(frame.notna(), None)
    names: Sequence[str] = [str(name) for name in clean.columns]
    for values in clean.itertuples(index=False, name=None):
        yield dict(zip(names, values, strict=True))
