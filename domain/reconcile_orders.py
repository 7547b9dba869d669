"""Orders, both ways: what the shops' orders come to as documents, against the documents that NetSuite has.

A missing, a doubled, a foreign and a changed document are told apart, each with what to do. Frames are joined and compared
whole; rows are walked only where they differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pandas as pd

from contract.frames import Frames, from_rows
from domain.document_pairs import ORDER, RECORD_TYPES, Books, Row, rows_of, shop_amounts

CAUSES = {
    "missing_in_netsuite": "NetSuite has no such document. The next run of sync-orders writes it, or says why not.",
    "quarantined": "It waits in quarantine: truecount quarantine show says why.",
    "missing_in_shopify": "NetSuite has a document of an order or event that the shop does not have. Void it, or find the order.",
    "doubled": "Several documents in NetSuite are this one order. Void one, by hand.",
    "total_differs": "The document comes to another amount than the order does; the evidence names the terms. Somebody edited one.",
    "date_differs": "The document is on another day than the order's event: the days' sums differ.",
    "closed_in_netsuite": "Lines are closed in NetSuite that the shop still has to ship. Reopen them, or cancel the order.",
    "open_in_netsuite": "Cancelled in the shop while NetSuite still means to ship it. sync-orders closes it if it follows orders.",
    "not_shipped_in_netsuite": "Shipped in the shop; NetSuite has no such fulfilment. The next run of sync-orders writes it.",
    "stuck": "It has waited for an answer for hours, over several runs. Look at the runs of sync-orders, and at both systems.",
    "deleted": "Truecount wrote this document, and NetSuite no longer has it. Ask who deleted it.",
}
"""Every cause of an order's difference, and what to do."""
_ROOTS = ("SalesOrd", "CashSale")
WITHOUT_TOTAL = ("itemFulfillment", "itemReceipt", "customer", "returnAuthorization")
_CLOSED = ("C", "H")


def find_order_differences(books: Books, raw: Frames, pairs: pd.DataFrame) -> pd.DataFrame:
    """Return `out_order_differences`: every order, document and cause of a difference, both ways.

    Args:
        books: what there should be, and what there is.
        raw: the `raw_shopify__*` order frames, with every order that NetSuite's documents name; `raw_netsuite__order_lines`.
        pairs: `domain.document_pairs.pair_documents`.
    """
    orders = raw["raw_shopify__orders"]
    decided = pairs.loc[pairs["record_type"].ne("customer") & ~pairs["action_code"].isin(["skip", "adopt"])]
    rows = [
        *_absent(decided.loc[~decided["is_there"]], books),
        *_changed(decided.loc[decided["is_there"] & ~decided["is_on_its_way"]]),
    ]
    rows += [*_closed(pairs, raw), *_foreign(books.there, pairs, orders), *_left_over(books, pairs), *_doubled(books.there, orders)]
    return from_rows("out_order_differences", {_key(row): row for row in rows}.values())


def _absent(pairs: pd.DataFrame, books: Books) -> Iterator[Row]:
    """Yield the documents that NetSuite does not have, and why; not those that may be on their way."""
    aside = books.aside.rename(columns={"entity_key": "order_id_shopify", "reason_code": "aside_code", "reason": "aside_reason"})
    aside = aside[[*ORDER, "aside_code", "aside_reason"]].drop_duplicates(ORDER, keep="last")
    known = books.known.loc[books.known["status"].isin(["written", "adopted"]) & books.known["netsuite_id"].notna()]
    is_written = pairs["external_id"].isin(known["external_id"])
    is_aside = pd.MultiIndex.from_frame(pairs[ORDER]).isin(pd.MultiIndex.from_frame(aside[ORDER]))
    is_late = pairs["action_code"].ne("set_aside") & ~pairs["is_young"]
    for row in rows_of(pairs.loc[is_aside].merge(aside, on=ORDER, validate="many_to_one")):
        told = f"{row['aside_code']}: {row['aside_reason']}"
        yield _difference("quarantined", row, (row["total_amount"], ""), told)
    for row in rows_of(pairs.loc[is_written & ~is_aside]):
        yield _difference("deleted", row, (row["total_amount"], "none"), "the store has its receipt")
    for row in rows_of(pairs.loc[is_late & ~is_written & ~is_aside]):
        cause = "not_shipped_in_netsuite" if row["record_type"] == "itemFulfillment" else "missing_in_netsuite"
        yield _difference(cause, row, (row["total_amount"], "none"), f"updated {row['updated_at_utc']}")


def _changed(pairs: pd.DataFrame) -> Iterator[Row]:
    """Yield how documents that are there are not what they should be."""
    has_total = ~pairs["record_type"].isin(WITHOUT_TOTAL)
    ours, theirs = pairs["wanted_amount"].map(abs), pairs["netsuite_amount"].map(abs)
    day = pairs["netsuite_date"].str[:10]
    is_open = pairs["status_code"].fillna("").str[-1:].isin(["A", "B", "D", "E"])
    is_order = pairs["record_type"].eq("salesOrder")
    for row in rows_of(pairs.loc[has_total & ours.ne(theirs)]):
        yield _difference("total_differs", row, (abs(row["wanted_amount"]), abs(row["netsuite_amount"])), _where(row))
    for row in rows_of(pairs.loc[day.notna() & day.ne(pairs["transaction_date"])]):
        yield _difference("date_differs", row, (row["transaction_date"], row["netsuite_date"]), _where(row))
    for row in rows_of(pairs.loc[is_order & is_open & pairs["cancelled_at_utc"].notna() & ~ours.map(bool)]):
        yield _difference("open_in_netsuite", row, ("cancelled", row["status_code"][-1:]), _where(row))


def _where(row: Row) -> str:
    return f"transaction {row['transaction_id_netsuite']}, changed {row['modified_at_utc']}"


def _closed(pairs: pd.DataFrame, raw: Frames) -> Iterator[Row]:
    """Yield orders of which a person closed lines in NetSuite that the shop still has to ship."""
    lines = raw["raw_netsuite__order_lines"]
    sold = lines.loc[lines["transaction_type"].eq("SalesOrd") & lines["order_line_id_shopify"].notna()]
    still_open = sold.loc[sold["is_closed"].ne("T"), "order_line_id_shopify"]
    closed = sold.loc[~sold["order_line_id_shopify"].isin(still_open), "order_line_id_shopify"]
    demand = raw["raw_shopify__order_lines"]
    waiting = demand.loc[demand["unfulfilled_qty"].astype("float").gt(0) & demand["order_line_id_shopify"].isin(closed)]
    roots = pairs.loc[pairs["record_type"].eq("salesOrder") & pairs["cancelled_at_utc"].isna()]
    roots = roots.loc[roots["order_id_shopify"].isin(waiting["order_id_shopify"])].drop_duplicates(ORDER, keep="last")
    owners = {(row["shop_code"], row["order_id_shopify"]): row for row in rows_of(roots)}
    for key, rows in waiting.groupby(ORDER):
        if key in owners:
            units = int(rows["unfulfilled_qty"].astype("float").sum())
            told = "lines of " + ", ".join(rows["sku"].fillna(rows["title"]).astype("str"))
            yield _difference("closed_in_netsuite", owners[key], (f"{units} to ship", "closed"), told)


def _foreign(there: pd.DataFrame, pairs: pd.DataFrame, orders: pd.DataFrame) -> Iterator[Row]:
    """Yield documents of orders that the shops do not have."""
    roots, ours = there.loc[there["transaction_type"].isin(_ROOTS)], pairs.loc[pairs["is_there"], ["transaction_id_netsuite"]]
    others = roots.merge(ours, on="transaction_id_netsuite", how="left", validate="one_to_one", indicator="found")
    others = others.loc[others["found"].eq("left_only")]
    named = others["external_id"].str.extract(r"^SHOPIFY-(?P<shop_code>.+)-(?P<number>[0-9]+)$").dropna()
    named = named.assign(order_id_shopify="gid://shopify/Order/" + named["number"])
    known = {*orders.loc[orders["order_id_shopify"].isin(named["order_id_shopify"]), ORDER].itertuples(index=False, name=None)}
    others = named.join(others)
    for row in rows_of(others.assign(amount=shop_amounts(others))):
        if (row["shop_code"], row["order_id_shopify"]) not in known:
            lost = row | {"name": row["other_ref_num"] or row["number"], "record_type": RECORD_TYPES[row["transaction_type"]]}
            told = f"transaction {row['transaction_id_netsuite']}, made {row['created_at_utc']}"
            yield _difference("missing_in_shopify", lost, ("none", row["amount"]), told)


def _left_over(books: Books, pairs: pd.DataFrame) -> Iterator[Row]:
    """Yield documents that we booked for an order and that nothing in the shop stands for any more: a cancelled fulfilment, say.

    Of an order that is set aside nobody knows what there should be.
    """
    unsure = pairs.loc[pairs["action_code"].isin(["set_aside", "skip", "adopt"]) | pairs["is_young"], "order_id_shopify"]
    decided = pairs.loc[~pairs["order_id_shopify"].isin(unsure)].drop_duplicates(ORDER)[[*ORDER, "name"]]
    ours = books.known.loc[books.known["record_type"].isin(list(RECORD_TYPES.values())), ["external_id", *ORDER, "record_type"]]
    extra = books.there.loc[books.there["external_id"].notna() & ~books.there["external_id"].isin(pairs["external_id"])]
    extra = extra.merge(ours, on="external_id", validate="many_to_one").merge(decided, on=ORDER, validate="many_to_one")
    for row in rows_of(extra.assign(amount=shop_amounts(extra))):
        told = f"transaction {row['transaction_id_netsuite']}, made {row['created_at_utc']}: the shop has no such event any more"
        yield _difference("missing_in_shopify", row, ("none", row["amount"]), told)


def _doubled(there: pd.DataFrame, orders: pd.DataFrame) -> Iterator[Row]:
    """Yield orders of which several sales orders or cash sales carry the name; a till's later sales are documents of their own."""
    roots = there.loc[there["transaction_type"].isin(_ROOTS) & there["other_ref_num"].notna()]
    roots = roots.loc[roots["other_ref_num"].duplicated(keep=False)]
    is_later_sale = roots["external_id"].fillna("").str.contains(r"(?:^|-)E[^-]*$")
    # The same letters mean other things on a cash sale: C is deposited.
    is_closed = roots["transaction_type"].eq("SalesOrd") & roots["status_code"].fillna("").str[-1:].isin(_CLOSED)
    roots = roots.loc[~is_later_sale & ~is_closed]
    owners = {str(name): rows_of(rows) for name, rows in orders.loc[orders["name"].isin(roots["other_ref_num"])].groupby("name")}
    for name, rows in roots.assign(amount=shop_amounts(roots)).groupby("other_ref_num"):
        allowed = len(owners.get(str(name), []))
        if 0 < allowed < len(rows):
            first, ids = rows_of(rows)[0], ", ".join(rows["transaction_id_netsuite"])
            told = {"external_id": first["external_id"] or name, "record_type": RECORD_TYPES[first["transaction_type"]]}
            extra = {"difference_amount": sum(rows["amount"].iloc[allowed:], Decimal(0))}
            yield _difference("doubled", owners[str(name)][0] | told, (allowed, len(rows)), f"transactions {ids}") | extra


def _difference(cause: str, row: Row, values: tuple[object, object], evidence: str) -> Row:
    ours, theirs = (Decimal(str(value)) if _is_number(value) else Decimal(0) for value in values)
    return {
        "shop_code": row["shop_code"],
        "order_id_shopify": row["order_id_shopify"],
        "external_id": row["external_id"],
        "cause_code": cause,
        "order_name": str(row["name"]),
        "record_type": row["record_type"] or "",
        "shopify_value": str(values[0] if values[0] is not None else ""),
        "netsuite_value": str(values[1]),
        "difference_amount": theirs - ours if cause != "date_differs" else Decimal(0),
        "evidence": evidence,
    }


def _is_number(value: object) -> bool:
    return isinstance(value, Decimal) or str(value or "").replace(".", "", 1).lstrip("-").isdigit()


def _key(row: Row) -> tuple[str, ...]:
    return row["shop_code"], row["order_id_shopify"], row["external_id"], row["cause_code"]
