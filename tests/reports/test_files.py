"""What a report writes: cells, CSV, Parquet, whole files, the index; and what it refuses."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from reports import write
from reports.cells import cell, evidence_of, rows_of
from reports.downloads import as_csv
from reports.model import Chart, Column, Link, Report, ReportError, Table, Tile
from reports.page import as_script_json
from reports.write import write_index, write_report, write_whole
from tests.reports.sample import MADE_AT, main, sample_report

HOSTILE = "</script><script>document.title='taken'</script>"


def report(**given: object) -> Report:
    known = {"run_id": "run-1", "title": "A night", "made_at_utc": MADE_AT, "verdict": "ok", "headline": "All agree."}
    return Report(**{**known, **given})  # type: ignore[arg-type]


def table(frame: pd.DataFrame, *columns: Column, evidence: str = "") -> Table:
    return Table("rows", "Rows", "One row per row.", frame, columns, evidence)


def csv_rows(of: Table) -> list[list[str]]:
    text = as_csv(of, rows_of(of), evidence_of(of)).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (0, "int", "0"),
        (-1_234_567, "int", "-1234567"),
        (2**70, "int", str(2**70)),
        (7.0, "int", "7"),
        ("42", "int", "42"),
        (Decimal("1E+3"), "money", "1000"),
        (Decimal("0.10"), "money", "0.10"),
        ("-19.990", "money", "-19.990"),
        (Decimal("NaN"), "money", None),
        (float("nan"), "text", None),
        (None, "code", None),
        (pd.NaT, "instant", None),
        (pd.NA, "int", None),
        (True, "text", "yes"),
        ("", "text", ""),
        (pd.Timestamp("2026-01-31T23:30:00+02:00"), "instant", "2026-01-31T21:30:00Z"),
        (datetime(2026, 1, 31, 1, tzinfo=timezone(timedelta(hours=2))), "instant", "2026-01-30T23:00:00Z"),
        ("2026-01-31T00:00:00Z", "instant", "2026-01-31T00:00:00Z"),
        (date(2026, 1, 31), "date", "2026-01-31"),
        ("2026-01-31", "date", "2026-01-31"),
    ],
)
def test_a_cell_is_exact_text(value: object, kind: str, expected: str | None) -> None:
    assert cell(value, kind) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "kind"),
    [(19.99, "money"), (True, "money"), ("ten", "money"), (Decimal("Infinity"), "money"), (1.5, "int"), (True, "int"), ("1.5", "int"),
     (datetime(2026, 1, 1), "instant"), (5, "instant"), ("soon", "date"), (5, "date")],  # noqa: DTZ001
)  # fmt: skip
def test_a_value_of_another_kind_is_refused_by_table_column_and_row(value: object, kind: str) -> None:
    frame = pd.DataFrame({"found": pd.Series([None, value], dtype=object)})
    with pytest.raises(ReportError, match=r"table 'rows': column 'found', row 1: .* is no " + kind):
        rows_of(table(frame, Column("found", "Found", kind)))  # type: ignore[arg-type]


def test_csv_makes_formulas_harmless_and_changes_no_number() -> None:
    frame = pd.DataFrame(
        {
            "name": ["=HYPERLINK(1)", "+cmd", "-5", "@sum", " =1", "\tx", 'plain, “quoted” "é"\nline', None],
            "due": [Decimal("-12.50"), "0.00", "-1", None, 5, "1.000", "2.5", "3"],
            "proof": ["=1", {"at": "-1"}, ["=1"], None, "", "-2", "+x", "x"],
        }
    )
    heading, *rows = csv_rows(table(frame, Column("name", "Name"), Column("due", "Due", "money"), evidence="proof"))
    assert heading == ["name", "due", "proof"]
    assert [row[0] for row in rows] == ["'=HYPERLINK(1)", "'+cmd", "-5", "'@sum", "' =1", "'\tx", 'plain, “quoted” "é"\nline', ""]
    assert [row[1] for row in rows] == ["-12.50", "0.00", "-1", "", "5", "1.000", "2.5", "3"]
    assert [row[2] for row in rows] == ["'=1", '{"at":"-1"}', '["=1"]', "", "", "-2", "'+x", "x"]


def test_parquet_is_typed_and_exact(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "qty": [1, None],
            "due": [Decimal("1.5"), Decimal("-2.125")],
            "at": [MADE_AT, None],
            "day": [date(2026, 1, 31), None],
            "hidden": ["x", "y"],
            "proof": [{"a": 1}, None],
        }
    )
    columns = (
        Column("qty", "Qty", "int"),
        Column("due", "Due", "money"),
        Column("at", "At", "instant"),
        Column("day", "Day", "date"),
    )
    write_report(report(tables=(table(frame, *columns, evidence="proof"),)), tmp_path)
    read = pq.read_table(tmp_path / "run-1" / "rows.parquet")
    assert [str(field.type) for field in read.schema] == [
        "int64",
        "decimal128(38, 3)",
        "timestamp[us, tz=UTC]",
        "date32[day]",
        "string",
    ]
    assert read.to_pylist() == [
        {"qty": 1, "due": Decimal("1.500"), "at": MADE_AT, "day": date(2026, 1, 31), "proof": '{"a":"1"}'},
        {"qty": None, "due": Decimal("-2.125"), "at": None, "day": None, "proof": None},
    ]


def test_an_empty_table_has_files_with_its_columns(tmp_path: Path) -> None:
    empty = table(pd.DataFrame({"qty": [], "due": []}), Column("qty", "Qty", "int"), Column("due", "Due", "money"))
    page = write_report(report(tables=(empty,)), tmp_path)
    assert (page.parent / "rows.csv").read_text(encoding="utf-8-sig") == "qty,due\n"
    assert pq.read_table(page.parent / "rows.parquet").num_rows == 0
    assert "Nothing to show." in page.read_text()


def test_nothing_from_the_data_becomes_html(tmp_path: Path) -> None:
    frame = pd.DataFrame({"name": [HOSTILE + "\u2028"], "kind": [HOSTILE], "proof": [{HOSTILE: [HOSTILE]}]})
    held = Table("rows", HOSTILE, HOSTILE, frame, (Column("name", HOSTILE, help=HOSTILE), Column("kind", "Kind", "code")), "proof")
    drawn = Chart("bars", HOSTILE, HOSTILE, "bars", pd.DataFrame({"x": [HOSTILE, "b"], "y": [1, 2]}), "x", "y", unit=HOSTILE)
    tiles = (Tile(HOSTILE, HOSTILE, HOSTILE),)
    made = report(
        title=HOSTILE,
        headline=HOSTILE,
        actions=(HOSTILE,),
        notes=(HOSTILE,),
        tiles=tiles,
        charts=(drawn,),
        tables=(held,),
        links=(Link(HOSTILE, "./x"),),
    )
    text = write_report(made, tmp_path).read_text()
    assert HOSTILE not in text
    assert "<script>document" not in text
    assert text.count("</script>") == 2  # the rows and the page's own
    assert "\u2028" not in text.split("application/json")[1]
    write_index(tmp_path)
    assert "<script" not in (tmp_path / "index.html").read_text()


def test_json_within_a_script_reads_back_the_same() -> None:
    value = [HOSTILE, "<!--", "]]>", "&amp;", "\u2028\u2029", "𝄞", None]
    text = str(as_script_json(value))
    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(text) == value


def test_the_page_names_nothing_to_load(tmp_path: Path) -> None:
    text = write_report(sample_report(), tmp_path).read_text()
    for loading in (" src=", "@import", "url(http", '<link rel="stylesheet"', "fetch(", "XMLHttpRequest"):
        assert loading not in text
    assert "default-src &#39;none&#39;" in text


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "index.html"
    write_whole(path, b"old")

    def refuse(self: Path, target: Path) -> Path:
        assert target.read_bytes() == b"old"
        raise OSError("no room")

    monkeypatch.setattr(write.Path, "replace", refuse)
    with pytest.raises(OSError, match="no room"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert [found.name for found in tmp_path.iterdir()] == ["index.html"]


def test_what_cannot_be_drawn_writes_nothing(tmp_path: Path) -> None:
    bad = report(
        tables=(table(pd.DataFrame({"due": [0.1], "qty": ["x"]}), Column("due", "Due", "money"), Column("qty", "Qty", "int")),)
    )
    with pytest.raises(ReportError) as refused:
        write_report(bad, tmp_path)
    assert len(refused.value.problems) == 2
    assert list(tmp_path.iterdir()) == []


def test_a_report_is_refused_with_every_problem_at_once() -> None:
    frame = pd.DataFrame({"x": [1, 1], "y": [1, 2]})
    with pytest.raises(ReportError) as refused:
        report(
            run_id="../up",
            made_at_utc=datetime(2026, 1, 1),  # noqa: DTZ001
            verdict="fine",
            tiles=(Tile("Lost", "1", table_key="nowhere"), Tile("Loud", "1", level="red")),  # type: ignore[arg-type]
            charts=(Chart("a b", "", "", "pie", frame, "x", "none"), Chart("twice", "", "", "bars", frame, "x", "y")),  # type: ignore[arg-type]
            tables=(table(frame), Table("twice", "", "", frame, (Column("x", "X", "float"), Column("x", "X"), Column("z", "Z")))),  # type: ignore[arg-type]
            links=(Link("Bad", "javascript:alert(1)"),),
        )
    said = str(refused.value)
    for part in (
        "'../up'",
        "not in UTC",
        "'fine'",
        "'nowhere'",
        "'red'",
        "'a b'",
        "'pie'",
        "'none'",
        "several rows",
        "names 2",
        "no column",
        "'x' twice",
        "'z'",
        "'float'",
        "javascript:",
    ):
        assert part in said, part


def test_the_index_lists_every_run_the_newest_first(tmp_path: Path) -> None:
    main(str(tmp_path))
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "report.json").write_text("{")
    text = write_index(tmp_path).read_text()
    order = [text.index(f'href="reconcile-2026-11-{day}/index.html"') for day in (24, 23, 22, 21)]
    assert order == sorted(order)
    assert "NetSuite refused the role&#39;s token" in text
    assert text.count("badge halted") == 1
    assert "folder broken cannot be read" in text


def test_the_index_of_no_run_says_so(tmp_path: Path) -> None:
    assert "No report yet" in write_index(tmp_path / "new").read_text()


def test_a_run_written_again_replaces_its_report(tmp_path: Path) -> None:
    write_report(report(headline="First."), tmp_path)
    page = write_report(report(headline="Second."), tmp_path)
    assert "Second." in page.read_text()
    assert write_index(tmp_path).read_text().count("<li ") == 1


def test_frames_are_not_changed(tmp_path: Path) -> None:
    made = sample_report()
    before = [part.frame.copy(deep=True) for part in (*made.tables, *made.charts)]
    write_report(made, tmp_path)
    for part, held in zip((*made.tables, *made.charts), before, strict=True):
        pd.testing.assert_frame_equal(part.frame, held)


def test_the_same_report_is_the_same_bytes(tmp_path: Path) -> None:
    one, other = (write_report(sample_report(), tmp_path / name) for name in ("one", "other"))
    assert one.read_bytes() == other.read_bytes()
    assert MADE_AT.tzinfo is UTC
