"""Charts as inline SVG, drawn by Altair and vl-convert: no browser, no script, no network.

Each chart is drawn twice, for a wide page and for a phone: scaled down, its letters could not be read. Colours are roles:
the style sheet overrides them by attribute (`[fill="#..."]`) where the page is dark.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

import altair as alt
import vl_convert

from reports.chart_numbers import ChartNumbers, describe, number_rows, numbers_of
from reports.model import Chart

INK, QUIET, GRID, PAPER = "#1d2329", "#57606b", "#dfe3e8", "#fefefe"
# At least 3 to 1 against the paper; neighbours differ in hue.
SERIES = ("#0a64ad", "#c2570c", "#0f7b6c", "#a8297f", "#8a6a00", "#6250c4", "#4b7a12", "#a61e3d", "#1583a0", "#69737d")
# In the dark, by the same order; the last four stand for ink, quiet, grid and paper.
DARK = {
    **dict(
        zip(
            SERIES,
            ("#6cb4f2", "#f0944d", "#47c2ae", "#ea7cc3", "#d9b13b", "#a699f5", "#98c957", "#f27d94", "#5cc8e4", "#a5b0ba"),
            strict=True,
        )
    ),
    INK: "#e7ebef",
    QUIET: "#a3adb8",
    GRID: "#323a43",
    PAPER: "#181c21",
}
# Lines are told apart without colour as well.
DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [4, 4], [10, 4], [1, 3], [6, 2, 1, 2, 1, 2], [12, 3], [3, 6])
WIDE, NARROW = 560, 310


@dataclass(frozen=True)
class DrawnChart:
    """A chart ready for the page.

    Args:
        chart: what was drawn.
        description: the chart in words.
        wide: SVG for a wide page; empty where there is nothing to draw.
        narrow: SVG for a phone.
        series: the headings of the numbers after the first.
        rows: the numbers as text.
    """

    chart: Chart
    description: str
    wide: str
    narrow: str
    series: tuple[str, ...]
    rows: list[list[str]]


def draw(chart: Chart) -> DrawnChart:
    """Return a chart as SVG, in words and in numbers.

    Raises:
        ReportError: a value cannot be drawn.
    """
    numbers = numbers_of(chart)
    description = describe(chart, numbers)
    has_points = any(value is not None for _, _, value in numbers.points())
    wide, narrow = (_svg(chart, numbers, description, width) if has_points else "" for width in (WIDE, NARROW))
    headings = tuple(name or chart.unit or chart.y for name in numbers.series)
    return DrawnChart(chart, description, wide, narrow, headings, number_rows(numbers))


def _svg(chart: Chart, numbers: ChartNumbers, description: str, width: int) -> str:
    # Floats are for pixels only: the numbers beneath the picture are exact.
    # A missing number stays among them, so that a line breaks there.
    points = [(x, name, None if value is None else float(value)) for x, name, value in numbers.points()]
    rank = {name: at for at, name in enumerate(numbers.series)}
    values = [{"x": x, "series": name, "y": y, "rank": rank[name]} for x, name, y in points]
    base = alt.Chart(alt.InlineData(values=values))
    drawn = {"trend": _trend, "bars": _bars, "stacked": _stacked}[chart.kind](base, numbers)
    height = 26 * len(numbers.xs) if chart.kind == "bars" else 220
    inner = width - 60 if chart.kind != "bars" else width
    spec = drawn.properties(width=inner, height=height, background="transparent").configure(**_look(width)).to_dict()
    spec["autosize"] = {"type": "fit-x" if chart.kind == "bars" else "pad", "contains": "padding"}
    svg = vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])
    return _accessible(svg, chart, description, "wide" if width == WIDE else "narrow")


def _trend(base: Any, numbers: ChartNumbers) -> Any:
    return base.mark_line(strokeWidth=2, strokeJoin="round", point={"size": 14}).encode(
        x=_days(), y=_amounts(numbers), **_told_apart(numbers), **_dashed(numbers)
    )


def _stacked(base: Any, numbers: ChartNumbers) -> Any:
    x = alt.X("x:T", timeUnit="utcyearmonthdate", title=None, axis=_day_axis())
    bars = base.mark_bar(stroke=PAPER, strokeWidth=0.6)
    return bars.encode(x=x, y=_amounts(numbers), order=alt.Order("rank:Q"), **_told_apart(numbers))


def _bars(base: Any, numbers: ChartNumbers) -> Any:
    # The page's letters may be wider than those that are measured here.
    room = min(180, 8 * max(len(x) for x in numbers.xs))
    axis = alt.Axis(labelLimit=180, minExtent=room, domain=False, ticks=False, labelColor=INK)
    y = alt.Y("x:N", sort=list(numbers.xs), title=None, axis=axis)
    known = [float(value) for _, _, value in numbers.points() if value is not None]
    # Beyond the longest bar, room for its number.
    reach = [min(0.0, *known) * 1.15, max(0.0, *known) * 1.15 or 1.0]
    x = alt.X("y:Q", title=None, axis=None, scale=alt.Scale(domain=reach, nice=False))
    bars = base.mark_bar(height={"band": 0.62}, cornerRadiusEnd=2, color=SERIES[0]).encode(x=x, y=y, **_told_apart(numbers))
    if numbers.series != ("",):
        return bars
    return bars + base.mark_text(align="left", dx=5, color=INK, fontSize=12).encode(x=x, y=y, text=alt.Text("y:Q", format=","))


def _days() -> Any:
    return alt.X("x:T", title=None, scale=alt.Scale(type="utc"), axis=_day_axis())


def _day_axis() -> Any:
    return alt.Axis(format="%-d %b", tickCount=6, labelOverlap=True, labelFlush=True, grid=False)


def _amounts(numbers: ChartNumbers) -> Any:
    known = [abs(value) for _, _, value in numbers.points() if value is not None]
    form = "~s" if max(known) >= 100_000 else ",~f"
    return alt.Y("y:Q", title=None, axis=alt.Axis(tickCount=5, format=form, domain=False, ticks=False))


def _told_apart(numbers: ChartNumbers) -> dict[str, Any]:
    if numbers.series == ("",):
        return {"color": alt.value(SERIES[0])}
    scale = alt.Scale(domain=list(numbers.series), range=list(SERIES[: len(numbers.series)]))
    return {"color": alt.Color("series:N", scale=scale, sort=list(numbers.series), legend=alt.Legend(title=None))}


def _dashed(numbers: ChartNumbers) -> dict[str, Any]:
    if numbers.series == ("",):
        return {}
    scale = alt.Scale(domain=list(numbers.series), range=[list(dash) for dash in DASHES[: len(numbers.series)]])
    return {"strokeDash": alt.StrokeDash("series:N", scale=scale, legend=None)}


def _look(width: int) -> dict[str, Any]:
    """Return the configuration of every chart: quiet axes, a legend above in as many columns as fit."""
    columns = 3 if width == WIDE else 2
    label = {"labelFontSize": 12, "labelFont": "sans-serif"}
    axis = {"labelColor": QUIET, "gridColor": GRID, "domainColor": GRID, "tickColor": GRID, "labelPadding": 6}
    legend = {
        "orient": "top",
        "columns": columns,
        "labelColor": INK,
        "labelLimit": 150,
        "offset": 10,
        "columnPadding": 18,
        "rowPadding": 5,
    }
    symbol = {"symbolType": "square", "symbolStrokeWidth": 0, "symbolSize": 90}
    return {
        "aria": False,
        "font": "sans-serif",
        "view": {"stroke": None},
        "axis": {**label, **axis},
        "legend": {**label, **legend, **symbol},
    }


def _accessible(svg: str, chart: Chart, description: str, form: str) -> str:
    """Return an SVG with a name and a description, that scales, and whose ids are its own on a page of several."""
    own = f"c-{chart.key}-{form}"
    # vl-convert counts its ids over the life of the process: counted anew, the same report is the same bytes.
    drawn = list(dict.fromkeys(re.findall(r'id="((?:clip|gradient_)[0-9]+)"', svg)))
    svg = re.sub(r'(id="|url\(#)((?:clip|gradient_)[0-9]+)', lambda found: f"{found[1]}{own}-{drawn.index(found[2])}", svg)
    # The picture is one image with a name: what Vega says of its parts would be read as images without one.
    svg = re.sub(r' (?:role="graphics-[a-z]+"|aria-roledescription="[^"]*")', "", svg)
    opening = re.search(r'<svg[^>]*viewBox="0 0 ([0-9.]+) ([0-9.]+)"[^>]*>', svg)
    if opening is None:
        raise ValueError("vl-convert drew no SVG with a view box")
    width, height = opening.groups()
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" class="{form}" '
        f'role="img" aria-labelledby="{own}-title" aria-describedby="{own}-desc">'
        f'<title id="{own}-title">{escape(chart.title)}</title><desc id="{own}-desc">{escape(description)}</desc>'
    )
    return head + svg[opening.end() :]
