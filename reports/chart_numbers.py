"""A chart's numbers: read exactly from its frame, for the picture, for its description and for the table beneath it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pandas as pd

from reports.cells import cell
from reports.model import Chart, ReportError

# As many as can be told apart by colour; the rest is added up.
MOST_SERIES = 10
OTHERS = "others"

Number = Decimal | None


@dataclass(frozen=True)
class ChartNumbers:
    """What a chart draws.

    Args:
        xs: the days or categories; days as ISO text in order, categories in the frame's order.
        series: the names of the lines or parts, the largest sum first where stacked; one empty name where there is one line.
        values: by series, one number per x; None is a gap.
    """

    xs: tuple[str, ...]
    series: tuple[str, ...]
    values: dict[str, tuple[Number, ...]]

    def points(self) -> Iterator[tuple[str, str, Number]]:
        """Yield x, series and value."""
        for name in self.series:
            for x, value in zip(self.xs, self.values[name], strict=True):
                yield x, name, value


def numbers_of(chart: Chart) -> ChartNumbers:
    """Return a chart's numbers; beyond ten series, the smallest are added up as "others".

    Raises:
        ReportError: a y is not a number, or an x of a trend or stack is not a day.
    """
    held: dict[tuple[str, str], Decimal] = {}
    xs: dict[str, None] = {}
    names: dict[str, None] = {}
    for row in chart.frame.to_dict("records"):
        x, name, value = _read(chart, row)
        xs[x] = None
        names[name] = None
        if value is not None:
            held[x, name] = value
    ordered = tuple(xs) if chart.kind == "bars" else tuple(sorted(xs))
    series = tuple(names) or ("",)
    if chart.kind == "stacked":
        series = tuple(sorted(series, key=lambda name: -_sum([held.get((x, name)) for x in ordered])))
    values = {name: tuple(held.get((x, name)) for x in ordered) for name in series}
    return _with_others(ChartNumbers(ordered, series, values))


def describe(chart: Chart, numbers: ChartNumbers) -> str:
    """Return a chart in words, for who cannot see it."""
    if not numbers.xs:
        return "Nothing to draw."
    unit = f" {chart.unit}" if chart.unit else ""
    if chart.kind == "bars":
        parts = [f"{x}{f', {name}' if name else ''}: {_shown(value)}{unit}" for x, name, value in numbers.points()]
        return f"Bars. {'; '.join(parts[:12])}{'; and more' if len(parts) > 12 else ''}."
    kind = "Lines" if chart.kind == "trend" else "Stacked columns"
    words = [f"{kind} from {numbers.xs[0]} to {numbers.xs[-1]}."]
    for name in numbers.series:
        known = [value for value in numbers.values[name] if value is not None]
        if known:
            words.append(
                f"{name or chart.title}: first {_shown(known[0])}, last {_shown(known[-1])}, "
                f"lowest {_shown(min(known))}, highest {_shown(max(known))}{unit}."
            )
    return " ".join(words)


def number_rows(numbers: ChartNumbers) -> list[list[str]]:
    """Return the numbers as rows of text: x, then a cell per series; a gap is an empty cell."""
    return [
        [x, *("" if numbers.values[name][at] is None else _shown(numbers.values[name][at]) for name in numbers.series)]
        for at, x in enumerate(numbers.xs)
    ]


def _read(chart: Chart, row: dict[Any, Any]) -> tuple[str, str, Number]:
    try:
        x = cell(row[chart.x], "text") or ""
        if chart.kind != "bars":
            # Days are drawn, whatever the hour of the run.
            x = pd.Timestamp(x).strftime("%Y-%m-%d")
        name = (cell(row[chart.series], "text") or "none") if chart.series else ""
        y = row[chart.y]
        text = str(y) if isinstance(y, float) and y == y else cell(y, "money")  # noqa: PLR0124 - missing is not itself
    except (TypeError, ValueError, ArithmeticError) as problem:
        raise ReportError([f"chart {chart.key!r}: {row!r} cannot be drawn ({problem})"]) from problem
    return x, name, None if text is None else Decimal(text)


def _with_others(numbers: ChartNumbers) -> ChartNumbers:
    if len(numbers.series) <= MOST_SERIES:
        return numbers
    by_size = sorted(numbers.series, key=lambda name: -_sum(numbers.values[name]))
    kept = tuple(name for name in numbers.series if name in by_size[: MOST_SERIES - 1])
    rest = by_size[MOST_SERIES - 1 :]
    values = {name: numbers.values[name] for name in kept}
    values[OTHERS] = tuple(_sum([numbers.values[name][at] for name in rest]) for at in range(len(numbers.xs)))
    return ChartNumbers(numbers.xs, (*kept, OTHERS), values)


def _sum(values: Any) -> Decimal:
    return sum((value for value in values if value is not None), Decimal(0))


def _shown(value: Number) -> str:
    return "missing" if value is None else f"{value:,f}"
