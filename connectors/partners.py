"""Partners (3PLs): what they hold and what has left, from CSV or JSON files by any fsspec URL, or from HTTP endpoints.

A file that cannot be trusted as a whole (not there, cut off, a column renamed) comes back without rows and with the
problem in words: one partner's bad file stops nothing else. Single bad values are left as they are; the domain judges them.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import fsspec

from connectors.http import HttpSession
from contract.errors import TruecountError
from contract.partners import Partner, PartnerShipments


@dataclass(frozen=True)
class PartnerRead:
    """One file of a partner: its own instant, its rows under our names, or the problem with it."""

    partner_code: str
    written_at: datetime | None
    rows: Sequence[Mapping[str, str | None]]
    problem: str = ""


def read_partner(partner: Partner, url: str, *, token: str = "") -> PartnerRead:
    """Return a partner's snapshot.

    Args:
        partner: the contract's entry: format and columns.
        url: its URL, resolved.
        token: sent as a bearer token over HTTP; none where empty.
    """
    return _read(partner.partner_code, partner, url, token, "stock")


def read_shipments(partner_code: str, shipments: PartnerShipments, url: str, *, token: str = "") -> PartnerRead:
    """Return a partner's shipment notices, line by line.

    Args:
        partner_code: whose.
        shipments: the contract's entry: format and columns.
        url: its URL, resolved.
        token: sent as a bearer token over HTTP; none where empty.
    """
    return _read(partner_code, shipments, url, token, "shipments")


def _read(partner_code: str, feed: Partner | PartnerShipments, url: str, token: str, what: str) -> PartnerRead:
    try:
        body, written_at = _fetch(partner_code, url, token, what)
        records = _csv_rows(body) if feed.format == "csv" else _json_rows(body, feed.rows_path)
        return PartnerRead(partner_code, written_at, _renamed(records, feed))
    except (OSError, ValueError, ImportError, TruecountError) as error:
        return PartnerRead(partner_code, None, (), f"partner {partner_code}: {url}: {error}")


def _fetch(partner_code: str, url: str, token: str, what: str) -> tuple[bytes, datetime | None]:
    parts = urlsplit(url)
    if parts.scheme in ("http", "https"):
        session = HttpSession(f"partner {partner_code}", f"{parts.scheme}://{parts.netloc}")
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        response = session.send("GET", path or "/", what=what, headers=headers)
        told = response.headers.get("Last-Modified")
        return response.content, parsedate_to_datetime(told).astimezone(UTC) if told else None
    system, path = fsspec.core.url_to_fs(url)
    body = system.cat_file(path)
    try:
        return body, system.modified(path).astimezone(UTC)
    except NotImplementedError:
        return body, None


def _csv_rows(body: bytes) -> list[Mapping[str, Any]]:
    reader = csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True)
    try:
        lines = [line for line in reader if any(map(str.strip, line))]
    except csv.Error as error:
        # An open quote would take the lines after it for one value.
        raise ValueError(f"line {reader.line_num}: {error}; a quote may be open, or the file half written") from error
    if not lines:
        raise ValueError("the file is empty; it may be half written")
    header = [name.strip() for name in lines[0]]
    for number, line in enumerate(lines[1:], start=2):
        if len(line) != len(header):
            raise ValueError(f"line {number} has {len(line)} fields and the header {len(header)}; the file may be half written")
    return [dict(zip(header, line, strict=True)) for line in lines[1:]]


def _json_rows(body: bytes, rows_path: str) -> list[Mapping[str, Any]]:
    found: Any = json.loads(body)
    for step in filter(None, rows_path.split(".")):
        found = found.get(step) if isinstance(found, dict) else None
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise ValueError(f"no list of objects at {rows_path or 'the top'}; check rows_path in the contract")
    return found


def _renamed(records: Sequence[Mapping[str, Any]], feed: Partner | PartnerShipments) -> list[dict[str, str | None]]:
    columns = {name: theirs for name, theirs in feed.columns if theirs is not None}
    there = set().union(*records) if records else set(columns.values())
    missing = sorted(set(columns.values()) - there)
    if missing:
        raise ValueError(
            f"column {', '.join(missing)} is not there (found: {', '.join(sorted(there))}); check columns in the contract"
        )
    blank = dict.fromkeys(name for name, _ in feed.columns)
    return [
        {"line": str(number), **blank, **{name: _text(row.get(theirs)) for name, theirs in columns.items()}}
        for number, row in enumerate(records, start=1)
    ]


def _text(value: object) -> str | None:
    """Return a value as text; a JSON list as its values with semicolons between."""
    text = ";".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value).strip()
    return text or None
