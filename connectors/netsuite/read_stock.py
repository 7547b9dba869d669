"""Reads NetSuite's items, locations and balances into raw frames."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

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
from contract.errors import FatalError


def read_items(
    client: NetsuiteClient,
    custom_fields: Sequence[str] = (),
    *,
    run_id: str,
    extracted_at: datetime,
    on_page: OnPage | None = None,
) -> pd.DataFrame:
    """Return `raw_netsuite__items`: one row per item, key item_id_netsuite.

    `units` is always missing: its column is there only with the Multiple Units of Measure feature, and an account
    without it refuses a query that names it.

    Args:
        client: the account.
        custom_fields: `custitem...` field ids to carry, each under its own name in lower case.
        run_id: the run.
        extracted_at: the instant of the read, with its time zone.
        on_page: told the number of rows read so far.

    Raises:
        FatalError: a field is unknown to the account or hidden from the role.
        RetriableError: the account is overloaded or cannot be reached.
    """
    fields = [check_identifier(name, "custitem") for name in custom_fields]
    sql = load_query("items", custom_columns="".join(f", i.{name} AS {name}" for name in fields))
    rows = query_all(client, sql, ("item_id_netsuite",), what="items", on_page=on_page)
    return to_raw_frame("raw_netsuite__items", rows, (run_id, extracted_at), fields)


def read_locations(client: NetsuiteClient, *, run_id: str, extracted_at: datetime) -> pd.DataFrame:
    """Return `raw_netsuite__locations`: one row per location, key location_id_netsuite.

    Args:
        client: the account.
        run_id: the run.
        extracted_at: the instant of the read, with its time zone.

    Raises:
        FatalError: the role cannot see locations.
        RetriableError: the account is overloaded or cannot be reached.
    """
    rows = query_all(client, load_query("locations"), ("location_id_netsuite",), what="locations")
    return to_raw_frame("raw_netsuite__locations", rows, (run_id, extracted_at))


def read_stock(
    client: NetsuiteClient,
    location_ids: Sequence[str],
    *,
    run_id: str,
    extracted_at: datetime,
    on_page: OnPage | None = None,
) -> pd.DataFrame:
    """Return `raw_netsuite__stock`: one row per item and location, in NetSuite's stock units, all statuses together.

    A quantity that NetSuite leaves out is missing, not zero.

    Args:
        client: the account.
        location_ids: internal ids of the locations to read; no others are read.
        run_id: the run.
        extracted_at: the instant of the read, with its time zone.
        on_page: told the number of rows read so far.

    Raises:
        FatalError: an id is not a number, or the role cannot see balances.
        RetriableError: the account is overloaded or cannot be reached.
    """
    rows: list[Row] = []
    for part in split_members(location_ids):
        sql = load_query("stock", locations=marks(part))
        key = ("item_id_netsuite", "location_id_netsuite")
        before = len(rows)
        report = None if on_page is None else _add(on_page, before)
        rows += query_all(client, sql, key, as_ids(part, "stock locations"), what="stock", on_page=report)
    return to_raw_frame("raw_netsuite__stock", rows, (run_id, extracted_at))


def read_sellable(
    client: NetsuiteClient, location_ids: Sequence[str], status_ids: Sequence[str], *, run_id: str, extracted_at: datetime
) -> pd.DataFrame:
    """Return `raw_netsuite__sellable`: one row per item and location, what is on hand in the statuses that may be sold.

    Args:
        client: the account.
        location_ids: internal ids of the locations to read.
        status_ids: internal ids of the inventory statuses.
        run_id: the run.
        extracted_at: the instant of the read, with its time zone.

    Raises:
        FatalError: the account has no inventory status, or the role cannot see balances.
        RetriableError: the account is overloaded or cannot be reached.
    """
    rows: list[Row] = []
    for part in split_members(location_ids):
        sql = load_query("sellable", statuses=marks(status_ids), locations=marks(part))
        params = [*as_ids(status_ids, "inventory statuses"), *as_ids(part, "stock locations")]
        rows += query_all(client, sql, ("item_id_netsuite", "location_id_netsuite"), params, what="sellable stock")
    return to_raw_frame("raw_netsuite__sellable", rows, (run_id, extracted_at))


def read_statuses(client: NetsuiteClient) -> list[str]:
    """Return the ids of the inventory statuses that stock is in; none where the account does not use them.

    Args:
        client: the account.

    Raises:
        RetriableError: the account is overloaded or cannot be reached.
    """
    try:
        rows = query_all(client, load_query("statuses"), ("status_code",), what="inventory statuses")
    except FatalError as error:
        # Without the feature InventoryBalance is refused in these words (facts; which features it needs is not certain).
        if "unsupported search" in str(error).lower():
            return []
        raise
    return [row["status_code"] for row in rows]


def read_kit_members(client: NetsuiteClient, *, run_id: str, extracted_at: datetime) -> pd.DataFrame:
    """Return `raw_netsuite__kit_members`: one row per kit and component, key kit_item_id_netsuite, item_id_netsuite.

    Args:
        client: the account.
        run_id: the run.
        extracted_at: the instant of the read, with its time zone.

    Raises:
        FatalError: the role cannot see kits.
        RetriableError: the account is overloaded or cannot be reached.
    """
    key = ("kit_item_id_netsuite", "item_id_netsuite")
    rows = query_all(client, load_query("kit_members"), key, what="kit members")
    return to_raw_frame("raw_netsuite__kit_members", rows, (run_id, extracted_at))


def read_transfers_in_transit(client: NetsuiteClient, *, run_id: str, extracted_at: datetime) -> pd.DataFrame:
    """Return `raw_netsuite__transfers_in_transit`: one row per line of a transfer order that is under way.

    That a transfer's receiving line names its shipping line in `transferorderitemlineid`, and that both count in
    `quantityshiprecv`, is how the sandbox has it and is not certain of NetSuite; so these rows only date what the balance's
    own `quantityintransit` says, and never count for more (`domain/arrivals.py`).

    Args:
        client: the account.
        run_id: the run.
        extracted_at: the instant of the read, with its time zone.

    Raises:
        FatalError: the role cannot see transfer orders.
        RetriableError: the account is overloaded or cannot be reached.
    """
    key = ("transaction_id_netsuite", "line_id_netsuite")
    rows = query_all(client, load_query("transfers_in_transit"), key, what="transfers in transit")
    return to_raw_frame("raw_netsuite__transfers_in_transit", rows, (run_id, extracted_at))


def _add(on_page: OnPage, before: int) -> OnPage:
    return lambda count: on_page(before + count)
