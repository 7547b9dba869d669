"""The screen: Rich tables on a terminal, plain tab-separated lines when piped, JSON when asked for."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table


def show(title: str, rows: Sequence[Mapping[str, Any]], *, as_json: bool = False) -> None:
    """Print rows as a table.

    Args:
        title: what the table shows.
        rows: mappings with the same keys.
        as_json: print the rows as JSON instead.
    """
    if as_json:
        plain(json.dumps([dict(row) for row in rows], default=str))
        return
    console = Console()
    if not console.is_terminal:
        plain(f"# {title}")
        if rows:
            plain("\t".join(rows[0]))
        for row in rows:
            plain("\t".join(" ".join(str(value).split()) for value in row.values()))
        return
    table = Table(title=title, title_justify="left", title_style="bold")
    for name in rows[0] if rows else ():
        is_number = all(isinstance(row[name], int) and not isinstance(row[name], bool) for row in rows)
        table.add_column(name, justify="right" if is_number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(f"{value:,}" if type(value) is int else str(value) for value in row.values()))
    console.print(table if rows else f"[bold]{title}[/bold]: nothing")


def rows_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a frame as rows for `show`."""
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def plain(text: str) -> None:
    """Print one line as it is."""
    sys.stdout.write(text + "\n")


def complain(text: str) -> None:
    """Print an error to standard error."""
    sys.stderr.write(f"truecount: {text}\n")
