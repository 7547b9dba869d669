"""The reference of orders and money, both ways: every document walked, row by row; slow, and easy to follow."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd

from contract.frames import Frames, from_rows
from contract.models import Contract
from domain.document_pairs import Books

_TYPES = {
    "SalesOrd": "salesOrder",
    "CashSale": "cashSale",
    "ItemShip": "itemFulfillment",
    "CustInvc": "invoice",
    "CustCred": "creditMemo",
    "CashRfnd": "cashRefund",
    "CustDep": "customerDeposit",
    "CustPymt": "customerPayment",
    "CustRfnd": "customerRefund",
    "RtnAuth": "returnAuthorization",
    "ItemRcpt": "itemReceipt",
}
_ROOTS = frozenset({"salesOrder", "cashSale"})
_BILLED = frozenset({"invoice", "creditMemo", "cashSale", "cashRefund"})
_TENDERS = frozenset({"customerDeposit", "customerPayment", "customerRefund"})
_NEGATIVE = frozenset({"creditMemo", "cashRefund", "customerRefund"})
_WITHOUT_TOTAL = frozenset({"itemFulfillment", "itemReceipt", "customer", "returnAuthorization"})
_CLOSED = frozenset({"C", "H"})
Row = dict[str, Any]


def find_order_differences(books: Books, raw: Frames, contract: Contract, at: datetime) -> pd.DataFrame:
    """Return `out_order_differences`: every order, document and cause of a difference, both ways.

    Args:
        books: what there should be, and what there is.
        raw: the `raw_shopify__*` order frames, for names, ages and states.
        contract: how long an order may be on its way, and how documents are recognised.
        at: the run's instant.
    """
    rows = [*_documents(books, raw, contract, at), *_closed(books, raw), *_foreign(books, raw), *_doubled(books, raw)]
    rows += _left_over(books, raw, contract, at)
    return from_rows("out_order_differences", {_key(row): row for row in rows}.values())


def total_by_day(books: Books, raw: Frames, contract: Contract, at: datetime) -> pd.DataFrame:
    """Return `out_money_totals`: what both systems come to by day, channel, gateway and currency; equal days too.

    Grain: as the frame. The day is that of the event (UTC) in Shopify, and the document's own date in NetSuite. A document
    that may still be on its way (`drift.grace_minutes`) counts on neither side.
    """
    orders, young = _by_order(raw), _young(raw, contract, at)
    there = {str(row["external_id"]): row for row in _rows(books.there) if row["external_id"]}
    sums: dict[tuple[str, ...], _Sum] = {}
    for wanted in _rows(books.wanted):
        order = orders.get((wanted["shop_code"], wanted["order_id_shopify"]))
        measure = _measure(wanted["record_type"])
        if order is None or wanted["payload"] is None or measure is None:
            continue
        body = json.loads(wanted["payload"])
        amount = Decimal(str(wanted["total_amount"] or 0)) * (-1 if wanted["record_type"] in _NEGATIVE else 1)
        gateway = str(body.get("memo", "")) if measure == "tendered" else ""
        key = (str(wanted["shop_code"]), str(order["source_name"] or ""), gateway, measure, str(wanted["currency_code"]))
        found = there.get(wanted["external_id"])
        paid = _amount(found, amount) if found else Decimal(0)
        if _on_its_way(wanted, found, order, young) and (found is None or paid != amount):
            continue
        wanted_day = _day(wanted, order)
        there_day = str(found["transaction_date"])[:10] if found else wanted_day
        differs = amount != paid or wanted_day != there_day
        for day, ours, theirs in ((wanted_day, amount, Decimal(0)), (there_day, Decimal(0), paid)):
            one = sums.setdefault((day, *key), _Sum())
            one.ours, one.theirs = one.ours + ours, one.theirs + theirs
            one.orders.add(str(order["name"]))
            if differs:
                one.differing.add(str(order["name"]))
    return from_rows("out_money_totals", (_total(key, one) for key, one in sums.items()))


@dataclass
class _Sum:
    """What one day's documents of a kind come to, with their orders."""

    ours: Decimal = Decimal(0)
    theirs: Decimal = Decimal(0)
    orders: set[str] = field(default_factory=set)
    differing: set[str] = field(default_factory=set)


def _total(key: tuple[str, ...], one: _Sum) -> Row:
    day, shop, channel, gateway, measure, currency = key
    return {
        "day": day,
        "shop_code": shop,
        "channel": channel,
        "gateway": gateway,
        "measure_code": measure,
        "currency_code": currency,
        "tax_titles": "",
        "shopify_amount": one.ours,
        "netsuite_amount": one.theirs,
        "difference_amount": one.theirs - one.ours,
        "orders_count": len(one.orders),
        "examples": ", ".join(sorted(one.differing)[:5]),
    }


def _young(raw: Frames, contract: Contract, at: datetime) -> set[str]:
    """Return the orders that changed so lately that their documents may still be on their way."""
    orders = raw["raw_shopify__orders"]
    updated = pd.to_datetime(orders["updated_at_utc"], utc=True, format="ISO8601")
    return set(orders.loc[updated >= at - timedelta(minutes=contract.drift.grace_minutes), "order_id_shopify"])


def _day(wanted: Row, order: Row) -> str:
    """Return the day that a document should be on: its own, or (of an order that is there already) that of the order."""
    return str(json.loads(wanted["payload"] or "{}").get("tranDate") or order["created_at_utc"])[:10]


def _measure(record_type: str | None) -> str | None:
    if record_type in _TENDERS:
        return "tendered"
    if record_type in _BILLED:
        return "billed"
    return "ordered" if record_type == "salesOrder" else None


def _booked(row: Mapping[str, Any], wanted: Decimal) -> Decimal:
    total = abs(Decimal(str(row["total_amount"] or 0)))
    left = round(total - abs(Decimal(str(row["closed_amount"] or 0))), 4)
    return abs(wanted) if left == abs(wanted) else total


def _amount(row: Mapping[str, Any], wanted: Decimal | None = None) -> Decimal:
    """Return a document's amount as the shop counts it: money in above zero, money out below."""
    amount = abs(Decimal(str(row["total_amount"] or 0))) if wanted is None else _booked(row, wanted)
    return -amount if _TYPES.get(str(row["transaction_type"])) in _NEGATIVE else amount


def _documents(books: Books, raw: Frames, contract: Contract, at: datetime) -> Iterator[Row]:
    orders = _by_order(raw)
    there = {str(row["external_id"]): row for row in _rows(books.there) if row["external_id"]}
    written = {row["external_id"] for row in _rows(books.known) if row["status"] in ("written", "adopted") and row["netsuite_id"]}
    aside = {(row["shop_code"], row["entity_key"]): row for row in _rows(books.aside)}
    young = _young(raw, contract, at)
    for wanted in _rows(books.wanted):
        order = orders.get((wanted["shop_code"], wanted["order_id_shopify"]))
        if order is None or wanted["record_type"] == "customer" or wanted["action_code"] in ("skip", "adopt"):
            continue
        found = there.get(wanted["external_id"])
        is_aside = aside.get((wanted["shop_code"], wanted["order_id_shopify"]))
        if found is not None:
            yield from () if _on_its_way(wanted, found, order, young) else _changed(wanted, found, order)
        elif is_aside is not None:
            yield _difference(
                "quarantined", wanted, order, (wanted["total_amount"], ""), f"{is_aside['reason_code']}: {is_aside['reason']}"
            )
        elif wanted["external_id"] in written:
            yield _difference("deleted", wanted, order, (wanted["total_amount"], "none"), "the store has its receipt")
        elif wanted["action_code"] != "set_aside" and wanted["order_id_shopify"] not in young:
            is_shipment = wanted["record_type"] == "itemFulfillment"
            cause = "not_shipped_in_netsuite" if is_shipment else "missing_in_netsuite"
            yield _difference(cause, wanted, order, (wanted["total_amount"], "none"), f"updated {order['updated_at_utc']}")


def _changed(wanted: Row, found: Row, order: Row) -> Iterator[Row]:
    """Yield how a document that is there is not what it should be."""
    record_type = wanted["record_type"]
    amount = abs(Decimal(str(wanted["total_amount"] or 0)))
    seen = _booked(found, amount)
    where = f"transaction {found['transaction_id_netsuite']}, changed {found['modified_at_utc']}"
    if record_type not in _WITHOUT_TOTAL and seen != amount:
        yield _difference("total_differs", wanted, order, (amount, seen), where)
    day = _day(wanted, order)
    if day and found["transaction_date"] and str(found["transaction_date"])[:10] != day:
        yield _difference("date_differs", wanted, order, (day, found["transaction_date"]), where)
    if record_type == "salesOrder":
        status = str(found["status_code"] or "")[-1:]
        if order["cancelled_at_utc"] and status in ("A", "B", "D", "E") and not amount:
            yield _difference("open_in_netsuite", wanted, order, ("cancelled", status), where)


def _closed(books: Books, raw: Frames) -> Iterator[Row]:
    """Yield orders of which a person closed lines in NetSuite that the shop still has to ship."""
    lines = raw["raw_netsuite__order_lines"]
    sold = lines.loc[lines["transaction_type"].eq("SalesOrd") & lines["order_line_id_shopify"].notna()]
    still_open = set(sold.loc[sold["is_closed"].ne("T"), "order_line_id_shopify"])
    closed = set(sold["order_line_id_shopify"]) - still_open
    demand = raw["raw_shopify__order_lines"]
    waiting = demand.loc[demand["unfulfilled_qty"].astype("float").gt(0) & demand["order_line_id_shopify"].isin(closed)]
    orders = _by_order(raw)
    roots = {(row["shop_code"], row["order_id_shopify"]): row for row in _rows(books.wanted) if row["record_type"] == "salesOrder"}
    for (shop, gid), rows in waiting.groupby(["shop_code", "order_id_shopify"]):
        order, wanted = orders.get((str(shop), str(gid))), roots.get((str(shop), str(gid)))
        if order is not None and wanted is not None and not order["cancelled_at_utc"]:
            units = int(rows["unfulfilled_qty"].astype("float").sum())
            told = "lines of " + ", ".join(rows["sku"].fillna(rows["title"]).astype("str"))
            yield _difference("closed_in_netsuite", wanted, order, (f"{units} to ship", "closed"), told)


def _foreign(books: Books, raw: Frames) -> Iterator[Row]:
    """Yield documents of orders that the shops do not have; `raw` must hold every order that they name."""
    orders = {(shop, gid.rsplit("/", 1)[-1]): None for shop, gid in _by_order(raw)}
    for row in _rows(books.there):
        kind, _, rest = str(row["external_id"] or "").partition("-")
        shop, _, number = rest.rpartition("-")
        is_order = kind == "SHOPIFY" and _TYPES.get(str(row["transaction_type"])) in _ROOTS and number.isdigit()
        if is_order and (shop, number) not in orders:
            lost = {"shop_code": shop, "order_id_shopify": f"gid://shopify/Order/{number}", "external_id": row["external_id"]}
            wanted = lost | {"record_type": _TYPES[str(row["transaction_type"])]}
            told = f"transaction {row['transaction_id_netsuite']}, made {row['created_at_utc']}"
            yield _difference("missing_in_shopify", wanted, {"name": row["other_ref_num"] or number}, ("none", _amount(row)), told)


def _on_its_way(wanted: Row, found: Row | None, order: Row, young: set[str]) -> bool:
    is_since = found is not None and datetime.fromisoformat(found["modified_at_utc"]) >= datetime.fromisoformat(
        order["updated_at_utc"]
    )
    return wanted["order_id_shopify"] in young and not is_since


def _left_over(books: Books, raw: Frames, contract: Contract, at: datetime) -> Iterator[Row]:
    orders, young = _by_order(raw), _young(raw, contract, at)
    names, decided, unsure = set(), {}, set(young)
    for wanted in _rows(books.wanted):
        key = (wanted["shop_code"], wanted["order_id_shopify"])
        if key not in orders:
            continue
        names.add(wanted["external_id"])
        decided[key] = orders[key]
        if wanted["action_code"] in ("set_aside", "skip", "adopt"):
            unsure.add(wanted["order_id_shopify"])
    ours = {row["external_id"]: row for row in _rows(books.known) if row["record_type"] in _TYPES.values()}
    for row in _rows(books.there):
        mine = ours.get(row["external_id"])
        if mine is None or row["external_id"] in names:
            continue
        key = (mine["shop_code"], mine["order_id_shopify"])
        if key in decided and mine["order_id_shopify"] not in unsure:
            told = (
                f"transaction {row['transaction_id_netsuite']}, made {row['created_at_utc']}: the shop has no such event any more"
            )
            yield _difference("missing_in_shopify", mine, decided[key], ("none", _amount(row)), told)


def _doubled(books: Books, raw: Frames) -> Iterator[Row]:
    """Yield orders of which several sales orders or cash sales carry the name, in one shop's span."""
    names: dict[str, list[Row]] = {}
    for row in _rows(books.there):
        is_root = _TYPES.get(str(row["transaction_type"])) in _ROOTS and not str(row["external_id"] or "").rpartition("-")[
            2
        ].startswith("E")
        is_closed = row["transaction_type"] == "SalesOrd" and str(row["status_code"] or "")[-1:] in _CLOSED
        if is_root and row["other_ref_num"] and not is_closed:
            names.setdefault(str(row["other_ref_num"]), []).append(row)
    owners: dict[str, list[Row]] = {}
    for order in _by_order(raw).values():
        owners.setdefault(str(order["name"]), []).append(order)
    for name, rows in names.items():
        orders = owners.get(name, [])
        if orders and len(rows) > len(orders):
            order = orders[0]
            ids = ", ".join(str(row["transaction_id_netsuite"]) for row in rows)
            wanted = {
                "shop_code": order["shop_code"],
                "order_id_shopify": order["order_id_shopify"],
                "external_id": str(rows[0]["external_id"] or name),
                "record_type": _TYPES[str(rows[0]["transaction_type"])],
            }
            extra = sum((_amount(row) for row in rows[len(orders) :]), Decimal(0))
            yield _difference("doubled", wanted, order, (len(orders), len(rows)), f"transactions {ids}") | {
                "difference_amount": extra
            }


def _difference(cause: str, wanted: Row, order: Row, values: tuple[object, object], evidence: str) -> Row:
    ours, theirs = (Decimal(str(value)) if _is_number(value) else Decimal(0) for value in values)
    return {
        "shop_code": wanted["shop_code"],
        "order_id_shopify": wanted["order_id_shopify"],
        "external_id": wanted["external_id"],
        "cause_code": cause,
        "order_name": str(order["name"]),
        "record_type": wanted["record_type"] or "",
        "shopify_value": str(values[0] if values[0] is not None else ""),
        "netsuite_value": str(values[1]),
        "difference_amount": theirs - ours if cause != "date_differs" else Decimal(0),
        "evidence": evidence,
    }


def _is_number(value: object) -> bool:
    return isinstance(value, Decimal) or str(value or "").replace(".", "", 1).lstrip("-").isdigit()


def _key(row: Row) -> tuple[str, ...]:
    return row["shop_code"], row["order_id_shopify"], row["external_id"], row["cause_code"]


def _by_order(raw: Frames) -> dict[tuple[str, str], Row]:
    return {(row["shop_code"], row["order_id_shopify"]): row for row in _rows(raw["raw_shopify__orders"])}


def _rows(frame: pd.DataFrame) -> list[Row]:
    clean = frame.astype("object").where(frame.notna(), None)
    names = [str(name) for name in clean.columns]
    return [dict(zip(names, values, strict=True)) for values in clean.itertuples(index=False, name=None)]
