"""Reports on disk: a folder per run, and an index of all runs. Every file appears whole or not at all.

FOLDER/index.html                every run, the newest first
FOLDER/<run_id>/index.html       the report: one file, no network
FOLDER/<run_id>/<table>.csv      each table, for spreadsheets
FOLDER/<run_id>/<table>.parquet  each table, typed
FOLDER/<run_id>/report.json      verdict and headline, for the index; written last
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import get_args

from reports.cells import evidence_of, rows_of
from reports.downloads import as_csv, as_parquet
from reports.model import Report, Verdict
from reports.page import FilledTable, index_page, report_page

SUMMARY = "report.json"
_SUMMARY_KEYS = ("run_id", "title", "made_at_utc", "verdict", "headline")


def write_report(report: Report, folder: Path) -> Path:
    """Write a report's page and its tables' files to `folder/<run_id>/`; return the page's path.

    A report of the same run is replaced, file by file. Nothing is written where the report cannot be drawn.

    Raises:
        ReportError: a value is not of its column's kind; every such column is named.
        OSError: the folder cannot be written.
    """
    tables = [FilledTable(table, rows_of(table), evidence_of(table)) for table in report.tables]
    files: dict[str, bytes] = {}
    for filled in tables:
        files[f"{filled.table.key}.csv"] = as_csv(filled.table, filled.rows, filled.evidence)
        files[f"{filled.table.key}.parquet"] = as_parquet(filled.table, filled.rows, filled.evidence)
    # The page after what it links to, the summary after the page: what is listed is whole.
    files["index.html"] = report_page(report, tables).encode()
    files[SUMMARY] = _summary(report)
    home = folder / report.run_id
    home.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        write_whole(home / name, content)
    return home / "index.html"


def write_index(folder: Path) -> Path:
    """Write `folder/index.html`, which lists every run whose report is in the folder, the newest first; return its path.

    A run whose summary cannot be read is listed as such.
    """
    folder.mkdir(parents=True, exist_ok=True)
    runs, unreadable = [], []
    for path in folder.glob(f"*/{SUMMARY}"):
        run = _read_summary(path)
        if run is None:
            unreadable.append(path.parent.name)
        else:
            runs.append(run)
    runs.sort(key=lambda run: (run["made_at_utc"], run["run_id"]), reverse=True)
    write_whole(folder / "index.html", index_page(runs, sorted(unreadable)).encode())
    return folder / "index.html"


def write_whole(path: Path, content: bytes) -> None:
    """Write a file under another name, then rename it: who reads it meanwhile sees the old one or the new one, whole."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        # mkstemp makes files that only their owner reads; a report is for the team.
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _summary(report: Report) -> bytes:
    made_at = report.made_at_utc.strftime("%Y-%m-%dT%H:%M:%SZ")
    known = {"run_id": report.run_id, "title": report.title, "made_at_utc": made_at}
    return json.dumps({**known, "verdict": report.verdict, "headline": report.headline}, ensure_ascii=False, indent=1).encode()


def _read_summary(path: Path) -> dict[str, str] | None:
    try:
        read = json.loads(path.read_bytes())
        run = {key: str(read[key]) for key in _SUMMARY_KEYS}
    except (OSError, ValueError, KeyError, TypeError):
        return None
    # The folder is what the index links to.
    return run if run["verdict"] in get_args(Verdict) and run["run_id"] == path.parent.name else None
