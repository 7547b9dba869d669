"""Reads serial and lot numbers: which document moved which, where each is, what was deleted.

Quantities of numbers are in the base unit, those of items in their stock unit (facts 3): the two are the same here, because an
item with units of measure beside its stock unit is not supported with numbers.

What the lines of stock documents look like is from others' SuiteQL, not from an answer of our own: assignments with the sign of
the move, a build's assembly on its main line, an inventory transfer's line at each place, a bin transfer's pair of lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pandas as pd

from connectors.netsuite.client import NetsuiteClient
from connectors.netsuite.suiteql import OnPage, Row, as_ids, load_query, marks, query_all, split_members, to_raw_frame

_MOVEMENT = ("transaction_id_netsuite", "line_id_netsuite", "inventory_number_id_netsuite")
_DOCUMENT = ("transaction_id_netsuite",)
_EVERY = "1 = 1"


def read_movements(
    client: NetsuiteClient,
    document_ids: Sequence[str] | None = None,
    *,
    run_id: str,
    extracted_at: datetime,
    on_page: OnPage | None = None,
) -> pd.DataFrame:
    """Return `raw_netsuite__serial_movements`: one row per document, line and number.

    Args:
        client: the account.
        document_ids: only of these documents; of all where left out.
        run_id: the run.
        extracted_at: the instant of the read, with its time zone.
        on_page: told the number of rows read so far, of each thousand documents.

    Raises:
        FatalError: the role cannot see inventory numbers.
        RetriableError: the account is overloaded or cannot be reached, or the pages cannot be trusted.
    """
    rows: list[Row] = []
    if document_ids is None:
        rows = query_all(client, load_query("serial_movements", scope=_EVERY), _MOVEMENT, what="serial movements", on_page=on_page)
    for part in split_members(document_ids or ()):
        sql = load_query("serial_movements", scope=f"ia.transaction IN ({marks(part)})")
        rows += query_all(client, sql, _MOVEMENT, as_ids(part, "documents"), what="serial movements", on_page=on_page)
    return to_raw_frame("raw_netsuite__serial_movements", rows, (run_id, extracted_at))


def read_serial_stock(
    client: NetsuiteClient,
    *,
    run_id: str,
    extracted_at: datetime,
    item_ids: Sequence[str] | None = None,
    on_page: OnPage | None = None,
) -> pd.DataFrame:
    """Return `raw_netsuite__serial_stock`: one row per number and location.

    Args:
        client: the account.
        run_id: the run.
        extracted_at: the instant of the read, with its time zone.
        item_ids: only what is on hand of these items; everything of all items where left out.
        on_page: told the number of rows read so far.

    Raises:
        FatalError: the role cannot see inventory numbers.
        RetriableError: the account is overloaded or cannot be reached, or the pages cannot be trusted.
    """
    key = ("inventory_number_id_netsuite", "location_id_netsuite")
    rows: list[Row] = []
    if item_ids is None:
        rows = query_all(client, load_query("serial_stock", scope=_EVERY), key, what="serial stock", on_page=on_page)
    for part in split_members(item_ids or ()):
        sql = load_query("serial_stock", scope=f"n.item IN ({marks(part)}) AND nl.quantityonhand > 0")
        rows += query_all(client, sql, key, as_ids(part, "items"), what="serial stock of items", on_page=on_page)
    return to_raw_frame("raw_netsuite__serial_stock", rows, (run_id, extracted_at))


def read_modified_documents(client: NetsuiteClient, since: datetime) -> list[Row]:
    """Return transaction_id_netsuite and created_from_id_netsuite of the documents made or changed since.

    Raises:
        RetriableError: the account is overloaded or cannot be reached, or the pages cannot be trusted.
    """
    moment = since.astimezone(UTC)
    params = [f"{moment - timedelta(days=1):%Y-%m-%d}", f"{moment:%Y-%m-%d %H:%M:%S}"]
    return query_all(client, load_query("modified_documents"), _DOCUMENT, params, what="modified documents")


def read_fulfilments_of(client: NetsuiteClient, order_ids: Sequence[str]) -> list[str]:
    """Return the internal ids of the fulfilments of these sales orders; ids of other documents find nothing.

    Raises:
        RetriableError: the account is overloaded or cannot be reached, or the pages cannot be trusted.
    """
    return list(_made_from(client, order_ids, "'ItemShip'"))


def read_returns_of(client: NetsuiteClient, order_ids: Sequence[str]) -> dict[str, str]:
    """Return what booked the returns of these sales orders and cash sales (receipts, credits, cash refunds), each with its order.

    That a return authorization's header row names what it was made from is from Oracle's record browser, not from an answer.

    Raises:
        RetriableError: the account is overloaded or cannot be reached, or the pages cannot be trusted.
    """
    made = _made_from(client, order_ids, "'RtnAuth', 'CashRfnd', 'CustCred'")
    booked = _made_from(client, sorted(made, key=int), "'ItemRcpt', 'CashRfnd', 'CustCred'")
    return made | {document: made[source] for document, source in booked.items()}


def read_deleted_documents(client: NetsuiteClient, since: datetime, *, run_id: str, extracted_at: datetime) -> pd.DataFrame:
    """Return `raw_netsuite__deleted_documents`: one row per record deleted since, a day early.

    Raises:
        FatalError: the role cannot see deleted records.
        RetriableError: the account is overloaded or cannot be reached, or the pages cannot be trusted.
    """
    start = f"{since.astimezone(UTC) - timedelta(days=1):%Y-%m-%d}"
    rows = query_all(client, load_query("deleted_documents"), _DOCUMENT, [start], what="deleted documents")
    return to_raw_frame("raw_netsuite__deleted_documents", rows, (run_id, extracted_at))


def read_invoices(client: NetsuiteClient, order_ids: Sequence[str], *, run_id: str, extracted_at: datetime) -> pd.DataFrame:
    """Return `raw_netsuite__serial_invoices`: one row per invoice of these sales orders.

    Raises:
        RetriableError: the account is overloaded or cannot be reached, or the pages cannot be trusted.
    """
    rows = _rows_made_from(client, order_ids, "'CustInvc'")
    return to_raw_frame("raw_netsuite__serial_invoices", rows, (run_id, extracted_at))


def _made_from(client: NetsuiteClient, ids: Sequence[str], types: str) -> dict[str, str]:
    rows = _rows_made_from(client, ids, types)
    return {row["transaction_id_netsuite"]: row["created_from_id_netsuite"] for row in rows}


def _rows_made_from(client: NetsuiteClient, ids: Sequence[str], types: str) -> list[Row]:
    rows: list[Row] = []
    for part in split_members(ids):
        sql = load_query("documents_of_orders", orders=marks(part), types=types)
        rows += query_all(client, sql, _DOCUMENT, as_ids(part, "documents"), what="documents made from others")
    return rows
