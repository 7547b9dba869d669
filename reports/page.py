"""A report as one HTML page that holds all it needs: style, script, charts and rows; it loads nothing."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reports.cells import Cell
from reports.charts import DARK, draw
from reports.model import Level, Report, Table

# What a reader without script sees of a table; all rows are in its CSV.
PLAIN_ROWS = 200
# A column with more values than this is searched, not picked from.
MOST_CHOICES = 60

TEMPLATES = Path(__file__).parent / "templates"
WORDS: dict[Level, str] = {"ok": "OK", "info": "Note", "attention": "Attention", "halted": "Halted"}
MEANING: dict[Level, str] = {
    "ok": "Nothing to do",
    "info": "For your information",
    "attention": "Needs attention",
    "halted": "Halted: waits for a person",
}


@dataclass(frozen=True)
class FilledTable:
    """A table with its cells.

    Args:
        table: what is shown.
        rows: its cells as text (`reports.cells.rows_of`).
        evidence: what proves each row (`reports.cells.evidence_of`); empty where the table has none.
    """

    table: Table
    rows: list[list[Cell]]
    evidence: list[Any]


def report_page(report: Report, tables: Sequence[FilledTable]) -> str:
    """Return a report's page; `tables` are its tables with their cells, in order."""
    return _environment().get_template("report.html").render(
        report=report,
        charts=[draw(chart) for chart in report.charts],
        tables=[_shown(filled) for filled in tables],
        word=WORDS[report.verdict],
        **_shared(script="report.js"),
    )  # fmt: skip


def index_page(runs: Sequence[dict[str, str]], unreadable: Sequence[str]) -> str:
    """Return the page that lists every run.

    Args:
        runs: each run's run_id, title, made_at_utc, verdict and headline, in the order in which they are listed.
        unreadable: the folders whose summary cannot be read.
    """
    return _environment().get_template("index.html").render(runs=runs, unreadable=unreadable, **_shared(script=""))


def as_script_json(value: Any) -> Markup:
    r"""Return JSON that can stand within a script element: nothing in it ends the element or a line.

    >>> print(as_script_json(["</script>", "a\u2028b"]))
    ["\u003c/script\u003e","a\u2028b"]
    """
    # Everything but ASCII is written as \uXXXX, U+2028 and U+2029 included; so are the three that HTML reads as its own.
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return Markup(text.replace("<", r"\u003c").replace(">", r"\u003e").replace("&", r"\u0026"))  # noqa: S704 - escaped here


def digit_groups(text: str) -> list[str]:
    """Return a number's digits in groups of three, from the decimal point; set apart by style, so that its text stays exact.

    >>> digit_groups("-1234567.50"), digit_groups("950")
    (['-1', '234', '567.50'], ['950'])
    """
    sign = "-" if text.startswith("-") else ""
    whole, point, decimals = text.removeprefix("-").partition(".")
    head = len(whole) % 3 or 3
    groups = [whole[:head], *(whole[at : at + 3] for at in range(head, len(whole), 3))]
    groups[0] = sign + groups[0]
    groups[-1] += point + decimals
    return groups


def _shown(filled: FilledTable) -> dict[str, Any]:
    table = filled.table
    choices = {
        at: sorted(Counter(row[at] or "" for row in filled.rows).items())
        for at, column in enumerate(table.columns)
        if column.kind == "code"
    }
    columns = [{"name": column.name, "label": column.label, "kind": column.kind} for column in table.columns]
    data = {"key": table.key, "columns": columns, "evidence": table.evidence, "rows": filled.rows, "proofs": filled.evidence}
    return {
        "table": table,
        "count": len(filled.rows),
        "rows": filled.rows[:PLAIN_ROWS],
        "proofs": filled.evidence[:PLAIN_ROWS],
        "choices": {at: found for at, found in choices.items() if 1 < len(found) <= MOST_CHOICES},
        "data": as_script_json(data),
    }


def _shared(*, script: str) -> dict[str, Any]:
    source = (TEMPLATES / script).read_text(encoding="utf-8") if script else ""
    digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
    return {
        "style": Markup((TEMPLATES / "report.css").read_text(encoding="utf-8")),  # noqa: S704 - our own file
        "dark_charts": Markup(_dark_charts()),  # noqa: S704 - our own colours
        "script": Markup(source),  # noqa: S704 - our own file
        # The page may run this one script and nothing else, and may load nothing.
        "policy": f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-{digest}'; base-uri 'none'",
        "words": WORDS,
        "meaning": MEANING,
        "plain_rows": PLAIN_ROWS,
    }


def _dark_charts() -> str:
    return "".join(f'svg [fill="{light}"]{{fill:{dark}}}svg [stroke="{light}"]{{stroke:{dark}}}' for light, dark in DARK.items())


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters.update(digit_groups=digit_groups)
    made.filters.update(moment=lambda text: text[:16].replace("T", " "), markup=Markup)
    return made
