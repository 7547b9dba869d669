"""Reads what documents come to, in bulk: the tax of all by item or code, and the lines of a few, for the terms that differ."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pandas as pd

from connectors.netsuite.client import NetsuiteClient
from connectors.netsuite.suiteql import Row, as_ids, check_identifier, load_query, marks, query_all, split_members, to_raw_frame

_TAX_KEY = ("transaction_id_netsuite", "tax_id_netsuite")


def read_tax_lines(
    client: NetsuiteClient, transaction_ids: Sequence[str], items: Sequence[str], *, run_id: str, extracted_at: datetime
) -> pd.DataFrame:
    """Return `raw_netsuite__document_taxes` of documents whose tax is booked as lines: one row per document and tax item.

    Args:
        client: the account.
        transaction_ids: internal ids.
        items: the ids of the items that book tax.
        run_id: the run.
        extracted_at: the instant of the read, with its time zone.

    Raises:
        FatalError: a field is unknown to the account or hidden from the role.
        RetriableError: the account is overloaded or cannot be reached, or the pages cannot be trusted.
    """
    numbers = as_ids(items, "orders.tax_items")
    rows: list[Row] = []
    for part in split_members(transaction_ids):
        sql = load_query("document_tax_lines", documents=marks(part), items=marks(numbers))
        rows += query_all(client, sql, _TAX_KEY, [*as_ids(part, "documents"), *numbers], what="tax lines of documents")
    return to_raw_frame("raw_netsuite__document_taxes", rows, (run_id, extracted_at))


def read_tax_details(
    client: NetsuiteClient, transaction_ids: Sequence[str], *, run_id: str, extracted_at: datetime
) -> pd.DataFrame:
    """Return `raw_netsuite__document_taxes` of documents with SuiteTax details: one row per document and tax code.

    The record TransactionTaxDetail and these columns are those that public SuiteScripts query, which join it to transactionline
    by transaction and line; that REST shows it to every role, and its sign on credits, are not recorded.

    Args:
        client: the account.
        transaction_ids: internal ids.
        run_id: the run.
        extracted_at: the instant of the read, with its time zone.

    Raises:
        FatalError: the account has no SuiteTax, or a field is hidden from the role.
        RetriableError: the account is overloaded or cannot be reached, or the pages cannot be trusted.
    """
    rows: list[Row] = []
    for part in split_members(transaction_ids):
        sql = load_query("document_tax_details", documents=marks(part))
        rows += query_all(client, sql, _TAX_KEY, as_ids(part, "documents"), what="tax details of documents")
    return to_raw_frame("raw_netsuite__document_taxes", rows, (run_id, extracted_at))


def read_document_lines(
    client: NetsuiteClient, transaction_ids: Sequence[str], *, line_id_column: str, run_id: str, extracted_at: datetime
) -> pd.DataFrame:
    """Return `raw_netsuite__document_lines`: one row per line of these documents, tax lines too.

    Args:
        client: the account.
        transaction_ids: internal ids.
        line_id_column: the line column that holds the Shopify line id.
        run_id: the run.
        extracted_at: the instant of the read, with its time zone.

    Raises:
        FatalError: a field is unknown to the account or hidden from the role.
        RetriableError: the account is overloaded or cannot be reached, or the pages cannot be trusted.
    """
    key = ("transaction_id_netsuite", "line_id_netsuite")
    rows: list[Row] = []
    for part in split_members(transaction_ids):
        sql = load_query("document_lines", documents=marks(part), line_id=check_identifier(line_id_column, "custcol"))
        rows += query_all(client, sql, key, as_ids(part, "documents"), what="lines of documents")
    return to_raw_frame("raw_netsuite__document_lines", rows, (run_id, extracted_at))
