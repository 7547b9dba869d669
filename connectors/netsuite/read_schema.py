"""Reads of what the account says of its own fields: the custom fields there are, and those that our role may write.

The metadata catalog reflects the role and its forms; `CustomField` tells what is mandatory, which the catalog does not.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

import pandas as pd

from connectors.netsuite.client import RECORD_PATH, NetsuiteClient
from connectors.netsuite.suiteql import Row, load_query, query_all, to_raw_frame
from contract.errors import FatalError, RetriableError

log = logging.getLogger(__name__)
_LIST = re.compile(r"customlist[a-z0-9_]+")
WRITTEN_RECORDS = ("salesOrder", "cashSale", "customer")
"""Records that mapped fields are written into."""


def read_custom_fields(client: NetsuiteClient, *, run_id: str, extracted_at: datetime) -> pd.DataFrame:
    """Return `raw_netsuite__custom_fields`: one row per custom field of documents, lines and customers.

    Raises:
        FatalError: login or role.
        RetriableError: the account is overloaded or cannot be reached, or the pages cannot be trusted.
    """
    rows = query_all(client, load_query("custom_fields"), ("internal_id_netsuite",), what="custom fields")
    return to_raw_frame("raw_netsuite__custom_fields", rows, (run_id, extracted_at))


def read_catalog_fields(client: NetsuiteClient, *, run_id: str, extracted_at: datetime) -> pd.DataFrame:
    """Return `raw_netsuite__catalog_fields`: one row per written record and custom field that its schema has, at any depth.

    Raises:
        FatalError: login or role.
        RetriableError: throttled, or no answer, or one that cannot be read.
    """
    found: dict[tuple[str, str], Row] = {}
    for record in WRITTEN_RECORDS:
        for name, field in _custom(_schema(client, record)):
            row = {"record_type": record, "script_id": name.lower(), "title": str(field.get("title") or "")}
            row |= {"json_type": str(field.get("type") or ""), "format": str(field.get("format") or "")}
            found[record, name.lower()] = row
    return to_raw_frame("raw_netsuite__catalog_fields", found.values(), (run_id, extracted_at))


def read_list_values(
    client: NetsuiteClient,
    raw_netsuite__custom_fields: pd.DataFrame,
    wanted: Collection[str],
    *,
    run_id: str,
    extracted_at: datetime,
) -> pd.DataFrame:
    """Return `raw_netsuite__list_values`: the values of the custom lists that these fields choose from.

    A field that chooses from records, or from a list that our role may not see, has no rows. That `CustomList` goes by
    `internalid`, and that a list is a table of `id`, `name` and `isinactive`, is not certain of every account: where NetSuite
    refuses to be asked so, there are no rows either, and the log says it.

    Args:
        client: the account.
        raw_netsuite__custom_fields: the fields, with the list that each chooses from.
        wanted: script ids of the fields that matter, lower case.
        run_id: the run.
        extracted_at: the instant of the read, with its time zone.

    Raises:
        RetriableError: the account is overloaded or cannot be reached, or the pages cannot be trusted.
    """
    rows = raw_netsuite__custom_fields.loc[raw_netsuite__custom_fields["script_id"].isin(list(wanted))]
    chosen = rows.dropna(subset="list_id_netsuite")
    listed = _rows_or_none(client, load_query("custom_lists"), "list_id_netsuite", "custom lists") if len(chosen) else []
    lists = {row["list_id_netsuite"]: row["list_script_id"] for row in listed if _LIST.fullmatch(row["list_script_id"])}
    found: list[Row] = []
    for name in sorted({lists[number] for number in chosen["list_id_netsuite"] if number in lists}):
        values = _rows_or_none(client, load_query("list_values", list=name), "value_id_netsuite", f"values of {name}")
        fields = chosen.loc[chosen["list_id_netsuite"].map(lists).eq(name), "script_id"]
        found += [{**value, "script_id": field, "list_script_id": name} for field in fields for value in values]
    return to_raw_frame("raw_netsuite__list_values", found, (run_id, extracted_at))


def _rows_or_none(client: NetsuiteClient, sql: str, key: str, what: str) -> list[Row]:
    """Return the rows of a query; none where the account or the role does not show them."""
    try:
        return query_all(client, sql, (key,), what=what)
    except FatalError as error:
        log.warning("list_values_unreadable", extra={"what": what, "error": str(error)})
        return []


def _schema(client: NetsuiteClient, record: str) -> Any:
    path, what = f"{RECORD_PATH}/metadata-catalog/{record}", f"schema of {record}"
    response = client.send("GET", path, what=what, headers={"Accept": "application/schema+json"})
    try:
        return response.json()
    except ValueError as error:
        raise RetriableError(f"NetSuite: {what}: the answer is not JSON; try again later") from error


def _custom(part: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the custom fields of a schema: properties marked `x-ns-custom-field`, those of sublists' elements too."""
    if isinstance(part, list):
        for one in part:
            yield from _custom(one)
    if not isinstance(part, dict):
        return
    for name, value in (part.get("properties") or {}).items():
        if isinstance(value, dict) and value.get("x-ns-custom-field"):
            yield name, value
        else:
            yield from _custom(value)
    yield from _custom(part.get("items"))
