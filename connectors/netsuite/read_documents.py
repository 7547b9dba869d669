"""Reads the documents of our orders, in bulk, for the reconciliation: by external id, and whatever was made in a span."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pandas as pd

from connectors.netsuite.client import NetsuiteClient
from connectors.netsuite.suiteql import Row, load_query, marks, query_all, split_members, to_raw_frame

# A day early: dates are compared in the account's own time zone, and a document too many harms nothing.
_MADE_SINCE = "(t.externalid LIKE 'SHOP%' OR t.type IN ('SalesOrd', 'CashSale')) AND t.createddate >= TO_DATE(?, 'YYYY-MM-DD')"


def read_documents(
    client: NetsuiteClient, external_ids: Sequence[str], *, since: datetime, run_id: str, extracted_at: datetime
) -> pd.DataFrame:
    """Return `raw_netsuite__documents`: the transactions with these external ids, and those of orders made since.

    Grain: one row per transaction. A sales order or cash sale of another origin is there too: a second one of an order may
    carry the order's name alone.

    Args:
        client: the account.
        external_ids: of documents that there should be.
        since: the instant, with its time zone.
        run_id: the run.
        extracted_at: the instant of the read, with its time zone.

    Raises:
        FatalError: a field is unknown to the account or hidden from the role.
        RetriableError: the account is overloaded or cannot be reached, or the pages cannot be trusted.
    """
    found: dict[str, Row] = {}
    for part in split_members(external_ids):
        sql = load_query("documents", scope=f"t.externalid IN ({marks(part)})")
        rows = query_all(client, sql, ("transaction_id_netsuite",), part, what="documents by external id")
        found |= {row["transaction_id_netsuite"]: row for row in rows}
    start = f"{since.astimezone(UTC) - timedelta(days=1):%Y-%m-%d}"
    sql = load_query("documents", scope=_MADE_SINCE)
    rows = query_all(client, sql, ("transaction_id_netsuite",), [start], what="documents since")
    found |= {row["transaction_id_netsuite"]: row for row in rows}
    return to_raw_frame("raw_netsuite__documents", found.values(), (run_id, extracted_at))
