"""Charts: what is drawn, what is said of it, and what is refused."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd
import pytest

from reports.chart_numbers import numbers_of
from reports.charts import draw
from reports.model import Chart, ReportError
from tests.reports.sample import MADE_AT


def test_beyond_ten_series_the_smallest_are_added_up() -> None:
    frame = pd.DataFrame([{"day": "2026-01-01", "cause": f"c{at:02}", "n": Decimal(at)} for at in range(1, 15)])
    numbers = numbers_of(Chart("c", "C", "", "stacked", frame, "day", "n", "cause"))
    assert len(numbers.series) == 10
    assert numbers.values["others"] == (Decimal(1 + 2 + 3 + 4 + 5),)
    assert sum(values[0] or 0 for values in numbers.values.values()) == sum(range(1, 15))


@pytest.mark.parametrize("kind", ["trend", "bars", "stacked"])
@pytest.mark.parametrize("ys", [[], [None, None], [0, 0], [Decimal("-3.5"), None], [10**12, 5]])
def test_a_chart_of_hardly_anything_is_drawn_and_told(kind: str, ys: list[object]) -> None:
    frame = pd.DataFrame({"x": ["2026-01-01", "2026-01-02"][: len(ys)], "y": pd.Series(ys, dtype=object)})
    drawn = draw(Chart("c", "C", "", kind, frame, "x", "y"))  # type: ignore[arg-type]
    assert bool(drawn.wide) == any(y is not None for y in ys)
    assert drawn.description
    assert len(drawn.rows) == len(ys)


def test_a_chart_says_what_it_cannot_draw() -> None:
    with pytest.raises(ReportError, match=r"chart 'c': .* cannot be drawn"):
        draw(Chart("c", "C", "", "trend", pd.DataFrame({"x": ["never"], "y": [1]}), "x", "y"))


@pytest.mark.parametrize("kind", ["trend", "bars", "stacked"])
def test_names_with_quotes_are_drawn_as_they_are(kind: str) -> None:
    names = ['d\'Or "1"', "a<b", "x\\y", "datum.y"]
    frame = pd.DataFrame([{"x": "2026-01-01", "cause": name, "y": at + 1} for at, name in enumerate(names)])
    drawn = draw(Chart("c", "C", "", kind, frame, "x", "y", "cause"))  # type: ignore[arg-type]
    assert set(drawn.series) == set(names)
    assert "a&lt;b" in drawn.wide
    assert "a<b" not in drawn.wide


def test_days_are_days_in_utc_wherever_the_report_is_made() -> None:
    frame = pd.DataFrame({"day": [MADE_AT.replace(hour=23), MADE_AT.replace(day=25, hour=1)], "y": [1, 2]})
    numbers = numbers_of(Chart("c", "C", "", "trend", frame, "day", "y"))
    assert numbers.xs == ("2026-11-24", "2026-11-25")
