"""Reads what NetSuite has of our orders: reads 1 and 3 of the order of reads.

Sales orders, item fulfilments and cash sales, line by line, with what is committed, backordered and shipped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pandas as pd

from connectors.netsuite.client import NetsuiteClient
from connectors.netsuite.suiteql import (
    OnPage,
    Row,
    as_ids,
    check_identifier,
    load_query,
    marks,
    query_all,
    split_members,
    to_raw_frame,
)

_KEY = ("transaction_id_netsuite", "line_id_netsuite")
_REFERENCES = ("externalid", "otherrefnum")


@dataclass(frozen=True)
class _Columns:
    """The columns that the contract adds: frame column to SuiteQL column."""

    line_id_column: str | None
    custom_fields: Mapping[str, str] = field(default_factory=dict)

    def select(self) -> str:
        chosen = {name: f"t.{check_identifier(column, 'custbody')}" for name, column in self.custom_fields.items()}
        if self.line_id_column:
            chosen["order_line_id_shopify"] = f"tl.{check_identifier(self.line_id_column, 'custcol')}"
        # Aliases are ours, so that a column name of the contract never enters the query.
        return "".join(f", {column} AS x{place}" for place, column in enumerate(chosen.values()))

    def rename(self, row: Row) -> Row:
        names = [*self.custom_fields, *(["order_line_id_shopify"] if self.line_id_column else [])]
        aliases = {f"x{place}": name for place, name in enumerate(names)}
        return {aliases.get(name, name): value for name, value in row.items()}


def read_order_lines(  # noqa: PLR0913 - keyword-only, each a part of the read
    client: NetsuiteClient,
    *,
    since: datetime,
    line_id_column: str | None,
    run_id: str,
    extracted_at: datetime,
    custom_fields: Mapping[str, str] | None = None,
    item_ids: Sequence[str] | None = None,
    on_page: OnPage | None = None,
) -> pd.DataFrame:
    """Return `raw_netsuite__order_lines`: one row per transaction line, key transaction_id_netsuite, line_id_netsuite.

    Lines (main, tax and cost rows left out) of sales orders, item fulfilments and cash sales that are an open sales
    order, came from an open sales order, or were modified since. `ordered_qty` is the line's quantity with its sign
    turned, in the line's own unit; the rest is as sent. On an item fulfilment `ordered_qty` is what it ships.

    Args:
        client: the account.
        since: documents modified at or after it are read whatever their status; with its time zone.
        line_id_column: the contract's `custcol...` that holds the Shopify line id; None where there is none.
        run_id: the run.
        extracted_at: the instant of the read, with its time zone.
        custom_fields: further columns by name, each a `custbody...` of the transaction.
        item_ids: only documents with a line of these items, whole; at most 1,000; all where left out.
        on_page: told the number of rows read so far.

    Raises:
        FatalError: a field is unknown to the account or hidden from the role.
        RetriableError: the account is overloaded or cannot be reached, or the pages cannot be trusted.
    """
    columns = _Columns(line_id_column, dict(custom_fields or {}))
    scope, ids = _of_items(load_query("scope_open_or_modified"), item_ids)
    sql = load_query("order_lines", scope=scope, custom_columns=columns.select())
    rows = query_all(client, sql, _KEY, [*_instants(since), *ids], what="order lines", on_page=on_page)
    return _to_frame("raw_netsuite__order_lines", rows, columns, (run_id, extracted_at))


def read_order_lines_since(  # noqa: PLR0913 - keyword-only, each a part of the read
    client: NetsuiteClient,
    *,
    since: datetime,
    line_id_column: str | None,
    run_id: str,
    extracted_at: datetime,
    custom_fields: Mapping[str, str] | None = None,
    item_ids: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Return `raw_netsuite__order_lines_since`: the lines of documents modified since, grain as read 1's.

    What is made or shipped moves its document, so nothing that a partner's snapshot of that instant lacks is left out.

    Args:
        client: the account.
        since: the instant, with its time zone.
        line_id_column: see `read_order_lines`.
        run_id: the run.
        extracted_at: the instant of the read, with its time zone.
        custom_fields: see `read_order_lines`.
        item_ids: see `read_order_lines`.

    Raises:
        FatalError: a field is unknown to the account or hidden from the role.
        RetriableError: the account is overloaded or cannot be reached, or the pages cannot be trusted.
    """
    columns = _Columns(line_id_column, dict(custom_fields or {}))
    scope, ids = _of_items(load_query("scope_made_since"), item_ids)
    sql = load_query("order_lines", scope=scope, custom_columns=columns.select())
    rows = query_all(client, sql, _KEY, [*_instants(since), *ids], what="order lines since")
    return _to_frame("raw_netsuite__order_lines_since", rows, columns, (run_id, extracted_at))


def reread_order_lines(  # noqa: PLR0913 - keyword-only, each a part of the read
    client: NetsuiteClient,
    transaction_ids: Sequence[str],
    *,
    line_id_column: str | None,
    run_id: str,
    extracted_at: datetime,
    custom_fields: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Return `raw_netsuite__order_lines_reread`: the lines of these transactions as they are now, grain as read 1's.

    A transaction or line that is gone has no row.

    Args:
        client: the account.
        transaction_ids: internal ids.
        line_id_column: see `read_order_lines`.
        run_id: the run.
        extracted_at: the instant of the read, with its time zone.
        custom_fields: see `read_order_lines`.

    Raises:
        FatalError: a field is unknown to the account or hidden from the role, or an id is not a number.
        RetriableError: the account is overloaded or cannot be reached, or the pages cannot be trusted.
    """
    columns = _Columns(line_id_column, dict(custom_fields or {}))
    rows: list[Row] = []
    for part in split_members(transaction_ids):
        scope = load_query("scope_transaction_ids", members=marks(part))
        sql = load_query("order_lines", scope=scope, custom_columns=columns.select())
        rows += query_all(client, sql, _KEY, as_ids(part, "order lines"), what="order lines, again")
    return _to_frame("raw_netsuite__order_lines_reread", rows, columns, (run_id, extracted_at))


def read_order_lines_by_reference(  # noqa: PLR0913 - keyword-only, each a part of the read
    client: NetsuiteClient,
    values: Mapping[str, Sequence[str]],
    *,
    line_id_column: str | None,
    run_id: str,
    extracted_at: datetime,
    custom_fields: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Return `raw_netsuite__order_lines` of the documents with these references and of what was created from them.

    For orders that `read_order_lines` leaves out: closed, and not modified since.

    Args:
        client: the account.
        values: per column of the transaction (externalid, otherrefnum, a `custbody...`) the references, as written
            (the comparison is case-sensitive).
        line_id_column: see `read_order_lines`.
        run_id: the run.
        extracted_at: the instant of the read, with its time zone.
        custom_fields: see `read_order_lines`.

    Raises:
        FatalError: a field is unknown to the account or hidden from the role.
        RetriableError: the account is overloaded or cannot be reached, or the pages cannot be trusted.
    """
    columns = _Columns(line_id_column, dict(custom_fields or {}))
    found: dict[tuple[str, ...], Row] = {}
    for column, references in values.items():
        name = column if column in _REFERENCES else check_identifier(column, "custbody")
        for part in split_members(references):
            scope = load_query("scope_references", column=name, members=marks(part))
            sql = load_query("order_lines", scope=scope, custom_columns=columns.select())
            rows = query_all(client, sql, _KEY, [*part, *part], what=f"order lines by {column}")
            found |= {tuple(row[key] for key in _KEY): row for row in rows}
    return _to_frame("raw_netsuite__order_lines", list(found.values()), columns, (run_id, extracted_at))


def _of_items(scope: str, item_ids: Sequence[str] | None) -> tuple[str, list[int]]:
    """Return a scope narrowed to the documents with a line of these items, and the values that it binds."""
    if item_ids is None:
        return scope, []
    ids = as_ids(item_ids, "order lines of items")
    return load_query("scope_of_items", scope=scope, items=marks(ids)), ids


def _instants(since: datetime) -> list[str]:
    instant = since.astimezone(UTC)
    return [f"{instant - timedelta(days=1):%Y-%m-%d}", f"{instant:%Y-%m-%d %H:%M:%S}"]


def _to_frame(table: str, rows: list[Row], columns: _Columns, stamp: tuple[str, datetime]) -> pd.DataFrame:
    return to_raw_frame(table, map(columns.rename, rows), stamp, list(columns.custom_fields))
