"""The screen: Rich tables on a terminal, plain tab-separated lines when piped, JSON when asked for."""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

import pandas as pd
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from tasks.outcome import RunSummary


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
    if not rows:
        console.print(f"[bold]{escape(title)}[/bold]: nothing")
        return
    # Apart from the table: a title of its own is folded to the table's width.
    console.print(f"\n[bold]{escape(title)}[/bold]", highlight=False)
    table = Table()
    for name in rows[0]:
        is_number = all(isinstance(row[name], int) and not isinstance(row[name], bool) for row in rows)
        table.add_column(name, justify="right" if is_number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(f"{value:,}" if type(value) is int else escape(str(value)) for value in row.values()))
    console.print(table)


@contextmanager
def progress() -> Iterator[None]:
    """Show on a terminal which step of a run is done, and after how long; where there is none, show nothing."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    steps = _Steps(console)
    log = logging.getLogger("prefect")
    log.addHandler(steps)
    try:
        with console.status("at work"):
            yield
    finally:
        log.removeHandler(steps)


class _Steps(logging.Handler):
    """Tells of each step of a run that has ended: Prefect's log names it, with a suffix that says nothing to a reader."""

    def __init__(self, console: Console) -> None:
        super().__init__(logging.INFO)
        self._console, self._began = console, time.monotonic()

    def emit(self, record: logging.LogRecord) -> None:
        name = str(getattr(record, "task_run_name", ""))
        if name and record.getMessage().startswith("Finished in state"):
            step, _, _ = name.rpartition("-")
            self._console.print(f"[dim]{time.monotonic() - self._began:6.1f} s[/dim]  {step}", highlight=False)


def rows_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a frame as rows for `show`."""
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def plain(text: str) -> None:
    """Print one line as it is."""
    sys.stdout.write(text + "\n")


def complain(text: str) -> None:
    """Print an error to standard error."""
    sys.stderr.write(f"truecount: {text}\n")


def finish(summary: RunSummary, *, as_json: bool) -> NoReturn:
    """Print what a run did, and leave with its exit code."""
    if as_json:
        plain(json.dumps(summary.as_json()))
    else:
        title = f"{summary.flow_name} {summary.run_id}{' (dry run: nothing was written)' if summary.is_dry_run else ''}"
        show(title, [{"what": name, "count": count} for name, count in summary.counts.items()])
        if summary.set_aside:
            show("Set aside", [_aside(code, count) for code, count in summary.set_aside.items()])
    raise typer.Exit(summary.exit_code)


def _aside(code: str, count: int) -> dict[str, Any]:
    from domain.unresolved import REASONS
    from domain.written_fields import CAUSES

    return {"reason": code, "rows": count, "what to do": {**REASONS, **CAUSES}.get(code, "see the run's artifacts")}
