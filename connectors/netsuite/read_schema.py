"""Reads of what the account says of its own fields: the custom fields there are, and those that our role may write.

The metadata catalog reflects the role and its forms; `CustomField` tells what is mandatory, which the catalog does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import pandas as pd

from connectors.netsuite.client import RECORD_PATH, NetsuiteClient
from connectors.netsuite.suiteql import Row, load_query, query_all, to_raw_frame
from contract.errors import RetriableError

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
