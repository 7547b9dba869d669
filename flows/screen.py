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
            plain("\t".join(str(value) for value in row.values()))
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


def explain(sku: str, run_id: str, numbers: Sequence[Mapping[str, Any]], *, as_json: bool = False) -> None:
    """Print why a SKU's numbers are what they are, term by term."""
    if as_json:
        plain(json.dumps({"sku": sku, "run_id": run_id, "numbers": list(numbers)}, default=str))
        return
    for number in numbers:
        place = f" at {number['location_code']}" if number["location_code"] != "-" else ""
        rows = [_term_row(pool["location_code"], term) for pool in number["pools"] for term in pool["terms"]]
        rows += [_total(pool["location_code"], "= ATP", pool["atp_qty"], "") for pool in number["pools"]]
        rule = f"rule {number['rule_code']}, contract {number['contract_fingerprint']}"
        rows.append(_total("", "pool", number["pool_qty"], "after oversold locations took theirs"))
        rows.append(_total("", "- buffer", number["buffer_qty"], rule))
        rows.append(
            _total("", "= published", number["publish_qty"], f"cap {number['cap_qty']}" if number["cap_qty"] is not None else "")
        )
        show(f"{sku} on {number['channel_code']}{place}: {number['publish_qty']} (run {run_id})", rows)
        evidence = [row for pool in number["pools"] for row in pool["evidence"]]
        if evidence:
            show("Order lines that NetSuite does not net yet", evidence)


def plain(text: str) -> None:
    """Print one line as it is."""
    sys.stdout.write(text + "\n")


def complain(text: str) -> None:
    """Print an error to standard error."""
    sys.stderr.write(f"truecount: {text}\n")


def _term_row(location_code: str, term: Mapping[str, Any]) -> dict[str, Any]:
    name = f"{term['sign']} {term['term'].removesuffix('_qty')}"
    return {"location": location_code, "term": name, "units": term["value"], "source": term["source"], "read at": term["read_at"]}


def _total(location_code: str, term: str, units: int, source: str) -> dict[str, Any]:
    return {"location": location_code, "term": term, "units": units, "source": source, "read at": ""}
