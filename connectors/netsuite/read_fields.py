"""Reads the custom fields of documents back, in bulk, by SuiteQL: a thousand documents a query."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import pandas as pd

from connectors.netsuite.client import NetsuiteClient
from connectors.netsuite.suiteql import Row, as_ids, check_identifier, load_query, marks, query_all, split_members, to_raw_frame
from contract.errors import FatalError

log = logging.getLogger(__name__)
_FIXED = ("transaction_id_netsuite", "line_id_netsuite", "external_id", "order_line_id_shopify", "modified_at_utc")


def read_order_fields(  # noqa: PLR0913 - keyword-only, each a part of the read
    client: NetsuiteClient,
    transaction_ids: Sequence[str],
    *,
    body_fields: Mapping[str, str],
    line_fields: Mapping[str, str],
    line_id_column: str,
    run_id: str,
    extracted_at: datetime,
) -> pd.DataFrame:
    """Return `raw_netsuite__order_fields`: one row per document, line (missing for the body) and field.

    Dates are YYYY-MM-DD, checkboxes T or F, lists and records internal ids; how several of a multi-select are joined in SuiteQL
    is not recorded: commas with and without spaces are both understood where they are compared.

    Args:
        client: the account.
        transaction_ids: internal ids.
        body_fields: `custbody...` to the contract's type.
        line_fields: `custcol...` to the contract's type.
        line_id_column: the contract's `custcol...` that holds the Shopify line id.
        run_id: the run.
        extracted_at: the instant of the read, with its time zone.

    Raises:
        FatalError: a field is unknown to the account or hidden from the role.
        RetriableError: the account is overloaded or cannot be reached, or the pages cannot be trusted.
    """
    found: list[Row] = []
    for part in split_members(transaction_ids):
        ids = as_ids(part, "custom fields")
        if body_fields:
            sql = load_query("order_body_fields", columns=_columns("t", "custbody", body_fields), members=marks(part))
            rows = query_all(client, sql, ("transaction_id_netsuite",), ids, what="custom fields of orders")
            found += _long(rows, body_fields)
        if line_fields:
            columns, line_id = _columns("tl", "custcol", line_fields), check_identifier(line_id_column, "custcol")
            sql = load_query("order_line_fields", columns=columns, line_id=line_id, members=marks(part))
            rows = query_all(client, sql, ("transaction_id_netsuite", "line_id_netsuite"), ids, what="custom fields of order lines")
            found += _long(rows, line_fields)
    return to_raw_frame("raw_netsuite__order_fields", found, (run_id, extracted_at))


def read_field_changes(
    client: NetsuiteClient, transaction_ids: Sequence[str], fields: Sequence[str], *, run_id: str, extracted_at: datetime
) -> pd.DataFrame:
    """Return `raw_netsuite__field_changes`: who changed these custom fields of these documents, when, through what.

    Grain: one row per change. None where the role may not see system notes, or the account does not show them as we ask: that
    `SystemNote` has a numeric `id` to page by is not certain of NetSuite.

    Args:
        client: the account.
        transaction_ids: internal ids.
        fields: `custbody...` and `custcol...`.
        run_id: the run.
        extracted_at: the instant of the read, with its time zone.

    Raises:
        RetriableError: the account is overloaded or cannot be reached, or the pages cannot be trusted.
    """
    names = [check_identifier(name, "cust").upper() for name in fields]
    found: list[Row] = []
    for part in split_members(transaction_ids) if names else []:
        sql = load_query("field_changes", documents=marks(part), fields=marks(names))
        try:
            found += query_all(client, sql, ("note_id",), [*as_ids(part, "documents"), *names], what="system notes")
        except FatalError as error:
            log.warning("system_notes_unreadable", extra={"error": str(error)})
            found = []
            break
    return to_raw_frame("raw_netsuite__field_changes", found, (run_id, extracted_at))


def _columns(table: str, prefix: str, fields: Mapping[str, str]) -> str:
    # Aliases are ours, so that a column name of the contract never enters the result.
    names = [f"{table}.{check_identifier(name, prefix)}" for name in fields]
    spelled = [f"TO_CHAR({n}, 'YYYY-MM-DD')" if kind == "date" else n for n, kind in zip(names, fields.values(), strict=True)]
    return "".join(f", {column} AS x{place}" for place, column in enumerate(spelled))


def _long(rows: Sequence[Row], fields: Mapping[str, str]) -> Iterator[Row]:
    for row in rows:
        key = {name: row[name] for name in _FIXED if name in row}
        for place, name in enumerate(fields):
            yield {**key, "field": name, "value": row.get(f"x{place}", "")}
