"""Rows of any frame of the catalogue, by their few columns that matter."""

from contract.frames import from_rows
from contract.tables import TABLES


def rows(table, *given, **same):
    """Return a frame of rows given as mappings; columns left out are missing, `same` is in every row."""
    return from_rows(table, [{**dict.fromkeys(TABLES[table].columns), **same, **row} for row in given])
