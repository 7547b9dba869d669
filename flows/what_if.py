"""What-if from a folder: a contract and core CSVs in, out CSVs beside them. Its format is in the README."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pandas as pd

from contract.errors import ContractError, Problem
from contract.fields import kind_of
from contract.loading import load_contract
from contract.tables import TABLES
from domain.what_if import COLUMNS, NEEDED, Given, WhatIf, what_if


def run_what_if(folder: Path, at: datetime) -> WhatIf:
    """Return the numbers of a folder, and write them there as `out_atp.csv` and `out_channel_quantities.csv`.

    Args:
        folder: holds `contract.yaml` and `core_*.csv`.
        at: the instant: time windows, horizons and ages count from it.

    Raises:
        ContractError: the contract is refused, or a CSV cannot be used: every problem at once, each with file and line.
    """
    loaded = load_contract(folder / "contract.yaml")
    problems: list[Problem] = []
    given = {}
    for name, columns in COLUMNS.items():
        path = folder / f"{name}.csv"
        if path.exists():
            frame = _read(path, columns, problems)
            if frame is not None:
                given[name] = frame
        elif name in NEEDED:
            problems.append(Problem(0, path.name, f"is missing; it needs the columns {', '.join(columns.needed)}"))
    if not problems:
        places = {location.location_code for location in loaded.contract.locations}
        unknown = sorted(set(given["core_locations"]["location_code"]) - places)
        problems += [Problem(0, "core_locations.csv", f"location {code} is not in the contract; add it there") for code in unknown]
    if problems:
        raise ContractError(str(folder), problems)
    result = what_if(given, loaded.contract, loaded.fingerprint, at)
    result.out_atp.to_csv(folder / "out_atp.csv", index=False)
    result.out_channel_quantities.to_csv(folder / "out_channel_quantities.csv", index=False)
    return result


def _read(path: Path, columns: Given, problems: list[Problem]) -> pd.DataFrame | None:
    """Return the frame of a CSV, its quantities whole numbers; what is wrong with it goes to `problems`."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.reader(file))
    header = [name.strip() for name in lines[0]] if lines else []
    missing = [name for name in columns.needed if name not in header]
    # A whole frame of the catalogue may be given: its other columns are not looked at. Any other name is a slip.
    unknown = [name for name in header if name not in {*columns.needed, *columns.defaults, *TABLES[path.stem].columns}]
    if missing or unknown or len(set(header)) != len(header):
        told = "; ".join([f"column {name} is missing" for name in missing] + [f"column {name} is unknown" for name in unknown])
        problems.append(Problem(1, path.name, told or "a column stands twice"))
        return None
    rows = list(_rows(path, header, lines[1:], columns, problems))
    frame = pd.DataFrame(rows, columns=[*columns.needed, *columns.defaults])
    return frame.astype({name: "int64" for name in frame.columns if name.endswith("_qty")}) if not problems else frame


def _rows(
    path: Path, header: list[str], lines: list[list[str]], columns: Given, problems: list[Problem]
) -> Iterator[dict[str, object]]:
    seen: dict[tuple[str, ...], int] = {}
    for number, line in enumerate(lines, start=2):
        if not any(cell.strip() for cell in line):
            continue
        if len(line) != len(header):
            problems.append(Problem(number, path.name, f"has {len(line)} fields, and the header has {len(header)}"))
            continue
        cells = {name: cell.strip() for name, cell in zip(header, line, strict=True)}
        key = tuple(cells[name] for name in TABLES[path.stem].key) if set(TABLES[path.stem].key) <= set(header) else ()
        if key and seen.setdefault(key, number) != number:
            problems.append(Problem(number, path.name, f"{'/'.join(key)} stands in line {seen[key]} already"))
        row: dict[str, object] = {**columns.defaults}
        for name, cell in cells.items():
            if name not in columns.needed and (name not in columns.defaults or not cell):
                continue
            row[name] = _value(name, cell, Problem(number, path.name, ""), problems)
        yield row


def _value(name: str, cell: str, where: Problem, problems: list[Problem]) -> object:
    kind = kind_of(name)
    try:
        if kind == "qty":
            return int(cell)
        if kind == "instant":
            return pd.Timestamp(cell).tz_convert("UTC") if pd.Timestamp(cell).tzinfo else pd.Timestamp(cell, tz="UTC")
    except ValueError:
        wanted = "a whole number" if kind == "qty" else "an instant such as 2026-03-01T12:00:00Z"
        problems.append(Problem(where.line, where.place, f"{name}: {cell!r} is not {wanted}"))
        return 0
    if not cell:
        problems.append(Problem(where.line, where.place, f"{name}: is empty"))
    return cell
