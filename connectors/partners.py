"""Partners (3PLs): a snapshot of what they hold, from a CSV or JSON file by any fsspec URL, or from an HTTP endpoint.

A snapshot that cannot be trusted as a whole (not there, cut off, a column renamed) comes back without rows and with the
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
from contract.models import Partner

_OPTIONAL = ("in_transit", "due_date", "as_of")


@dataclass(frozen=True)
class PartnerRead:
    """One partner's snapshot: the file's own instant, its rows under our names, or the problem with it."""

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
    where = f"partner {partner.partner_code}: {url}"
    try:
        body, written_at = _fetch(partner, url, token)
        records = _csv_rows(body) if partner.format == "csv" else _json_rows(body, partner.rows_path)
        return PartnerRead(partner.partner_code, written_at, _renamed(records, partner))
    except (OSError, ValueError, ImportError, TruecountError) as error:
        return PartnerRead(partner.partner_code, None, (), f"{where}: {error}")


def _fetch(partner: Partner, url: str, token: str) -> tuple[bytes, datetime | None]:
    parts = urlsplit(url)
    if parts.scheme in ("http", "https"):
        session = HttpSession(f"partner {partner.partner_code}", f"{parts.scheme}://{parts.netloc}")
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        response = session.send("GET", path or "/", what="stock", headers=headers)
        told = response.headers.get("Last-Modified")
        return response.content, parsedate_to_datetime(told).astimezone(UTC) if told else None
    system, path = fsspec.core.url_to_fs(url)
    body = system.cat_file(path)
    try:
        return body, system.modified(path).astimezone(UTC)
    except NotImplementedError:
        return body, None


def _csv_rows(body: bytes) -> list[Mapping[str, Any]]:
    lines = [line for line in csv.reader(io.StringIO(body.decode("utf-8-sig"), newline="")) if any(map(str.strip, line))]
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


def _renamed(records: Sequence[Mapping[str, Any]], partner: Partner) -> list[dict[str, str | None]]:
    columns = {name: theirs for name, theirs in partner.columns if theirs is not None}
    there = set().union(*records) if records else set(columns.values())
    missing = sorted(set(columns.values()) - there)
    if missing:
        raise ValueError(
            f"column {', '.join(missing)} is not there (found: {', '.join(sorted(there))}); check columns in the contract"
        )
    return [
        {"line": str(number), **dict.fromkeys(_OPTIONAL), **{name: _text(row.get(theirs)) for name, theirs in columns.items()}}
        for number, row in enumerate(records, start=1)
    ]


def _text(value: object) -> str | None:
    text = "" if value is None else str(value).strip()
    return text or None
