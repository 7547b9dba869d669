"""A frame of the catalogue: its name, grain, key and columns."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """One frame: its name, grain sentence, key, all columns in order, and those that may be missing."""

    name: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    nullable: frozenset[str] = frozenset()
    allows_more: bool = False

    @property
    def is_raw(self) -> bool:
        """Whether the frame holds the vendor's own text."""
        return self.name.startswith("raw_")


def table(  # noqa: PLR0913 - reads as a row of the catalogue
    name: str, grain: str, key: str, more: str, nullable: str = "", *, allows_more: bool = False
) -> Table:
    """Return a table: the columns of its key and all others are given as words."""
    keys = tuple(key.split())
    return Table(name, grain, keys, keys + tuple(more.split()), frozenset(nullable.split()), allows_more)
