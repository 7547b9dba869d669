"""Rows of any frame of the catalogue, by their few columns that matter."""

from contract.frames import from_rows
from contract.tables import TABLES


def rows(table, *given, **same):
    """Return a frame of rows given as mappings; columns left out are missing, `same` is in every row."""
    return from_rows(table, [{**dict.fromkeys(TABLES[table].columns), **same, **row} for row in given])


def raw(table, *given):
    """Return a raw frame of rows given as mappings: values become text, keys left out are counted."""
    stamp = {"run_id": "r", "extracted_at_utc": "2026-03-02T12:00:00Z"}
    keyed = [{key: f"{key}{number}" for key in TABLES[table].key} | stamp | row for number, row in enumerate(given)]
    return rows(table, *({name: None if value is None else str(value) for name, value in row.items()} for row in keyed))
