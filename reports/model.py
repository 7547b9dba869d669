"""What a report says: independent of what is reconciled, of how it is drawn, and of where it is written.

A report that cannot be drawn is refused when it is made, with every problem at once (`ReportError`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

import pandas as pd

Verdict = Literal["ok", "attention", "halted"]
Level = Literal["ok", "info", "attention", "halted"]
ColumnKind = Literal["text", "prose", "int", "money", "instant", "date", "code"]
ChartKind = Literal["trend", "bars", "stacked"]

# A key names files and anchors: nothing that a file system, a URL or a selector reads as its own.
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_HREF = re.compile(r"https?://|mailto:|#|\./|\.\./|[A-Za-z0-9_-][^:]*$")


class ReportError(ValueError):
    """A report that cannot be drawn; the message lists every problem."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("; ".join(problems))


@dataclass(frozen=True)
class Tile:
    """One number at a glance.

    Args:
        label: what is counted, in two or three words.
        value: the number as it is to be read, with its unit.
        detail: one short line: since when, of how many.
        level: how bad it is; shown by word and icon as well as by colour.
        table_key: the table that the tile leads to, or nothing.
    """

    label: str
    value: str
    detail: str = ""
    level: Level = "info"
    table_key: str = ""


@dataclass(frozen=True)
class Chart:
    """One picture, drawn from a tidy frame.

    Grain of the frame: one row per `x`, and per `series` where there is one.

    Args:
        key: names the chart within its report.
        title: what is shown.
        explanation: how to read it, in a sentence.
        kind: "trend" draws a line over days, "stacked" a column per day, "bars" a bar per category in the
            frame's order, in parts where there is a series.
        frame: the numbers.
        x: the column of days (date, instant or ISO text); of categories for "bars".
        y: the column of numbers (int or Decimal; missing is a gap).
        series: the column that tells lines or parts of a column apart, or nothing.
        unit: the unit of y: "units", "USD".
    """

    key: str
    title: str
    explanation: str
    kind: ChartKind
    frame: pd.DataFrame
    x: str
    y: str
    series: str = ""
    unit: str = ""


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Args:
        name: the column of the frame, and the name in CSV and Parquet.
        label: the heading on the page.
        kind: "prose" is a sentence, and gets the room for one; "code" can be filtered by value; "money" is Decimal or its
            text, never float; "instant" is UTC.
        help: what the column means, in a sentence.
    """

    name: str
    label: str
    kind: ColumnKind = "text"
    help: str = ""


@dataclass(frozen=True)
class Table:
    """Rows to sort, filter, page and download. Columns of the frame that are not declared are left out everywhere.

    Args:
        key: names the table within its report, and its files: `<key>.csv`, `<key>.parquet`.
        title: what a row is, in the plural.
        explanation: what to know before reading, in a sentence or two.
        frame: the rows, in the order in which they are to be read.
        columns: what is shown, from left to right.
        evidence: the column with what proves the row (text, a mapping, or a list of mappings), or nothing.
        empty_text: what to say where there is no row.
    """

    key: str
    title: str
    explanation: str
    frame: pd.DataFrame
    columns: tuple[Column, ...]
    evidence: str = ""
    empty_text: str = "Nothing to show."


@dataclass(frozen=True)
class Link:
    """Somewhere else to look: an address over HTTP, or a path relative to the run's folder."""

    label: str
    href: str


@dataclass(frozen=True)
class Report:
    """One run, told.

    Args:
        run_id: names the run's folder.
        title: what was looked at.
        made_at_utc: when, aware, in UTC.
        verdict: "ok" (nothing to do), "attention" (somebody should look), "halted" (something waits for a person).
        headline: the whole result in one sentence.
        actions: what to do, the most urgent first.
        tiles: the numbers at a glance.
        charts: the pictures.
        tables: the rows.
        notes: what limits the result: what was not read, what was assumed.
        links: where else to look.
    """

    run_id: str
    title: str
    made_at_utc: datetime
    verdict: Verdict
    headline: str
    actions: tuple[str, ...] = ()
    tiles: tuple[Tile, ...] = ()
    charts: tuple[Chart, ...] = ()
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn.

        Raises:
            ReportError: names every problem.
        """
        problems = [*_problems(self), *_problems_of_charts(self.charts), *_problems_of_tables(self.tables)]
        if problems:
            raise ReportError(problems)


def _problems(report: Report) -> Iterator[str]:
    if not _RUN_ID.fullmatch(report.run_id):
        yield f"run_id {report.run_id!r} cannot name a folder: letters, digits, '.', '_' and '-' can"
    if report.made_at_utc.utcoffset() != timedelta(0):
        yield f"made_at_utc {report.made_at_utc.isoformat()} is not in UTC"
    if report.verdict not in get_args(Verdict):
        yield f"verdict {report.verdict!r} is not one of {', '.join(get_args(Verdict))}"
    keys = Counter([chart.key for chart in report.charts] + [table.key for table in report.tables])
    yield from (f"key {key!r} names {count} charts or tables" for key, count in keys.items() if count > 1)
    yield from (f"key {key!r} cannot name a file: letters, digits, '_' and '-' can" for key in keys if not _KEY.fullmatch(key))
    tables = {table.key for table in report.tables}
    for tile in report.tiles:
        if tile.table_key and tile.table_key not in tables:
            yield f"tile {tile.label!r} leads to table {tile.table_key!r}, which is not in the report"
        if tile.level not in get_args(Level):
            yield f"tile {tile.label!r} has level {tile.level!r}, not one of {', '.join(get_args(Level))}"
    yield from (f"link {link.label!r} leads to {link.href!r}" for link in report.links if not _HREF.match(link.href))


def _problems_of_charts(charts: tuple[Chart, ...]) -> Iterator[str]:
    for chart in charts:
        if chart.kind not in get_args(ChartKind):
            yield f"chart {chart.key!r} is a {chart.kind!r}, not one of {', '.join(get_args(ChartKind))}"
        named = [name for name in (chart.x, chart.y, chart.series) if name]
        yield from (f"chart {chart.key!r} has no column {name!r}" for name in named if name not in chart.frame)
        if set(named) <= set(chart.frame) and chart.frame.duplicated([name for name in (chart.x, chart.series) if name]).any():
            yield f"chart {chart.key!r} has several rows for one {chart.x}{' and ' + chart.series if chart.series else ''}"


def _problems_of_tables(tables: tuple[Table, ...]) -> Iterator[str]:
    for table in tables:
        if not table.columns:
            yield f"table {table.key!r} shows no column"
        named = [column.name for column in table.columns] + [table.evidence] * bool(table.evidence)
        yield from (f"table {table.key!r} has no column {name!r}" for name in named if name not in table.frame)
        yield from (f"table {table.key!r} shows {name!r} twice" for name, count in Counter(named).items() if count > 1)
        for column in table.columns:
            if column.kind not in get_args(ColumnKind):
                yield f"column {column.name!r} of {table.key!r} is a {column.kind!r}, not one of {', '.join(get_args(ColumnKind))}"
