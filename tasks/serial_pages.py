"""What people see of serial and lot numbers: the table of the morning report, and a page for one number with its timeline."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import pandas as pd

from domain.serial_events import KEY, STAGES, in_order
from domain.serial_laws import LAWS
from domain.serial_lineage import GAPS, STATUSES
from reports.model import Column, Report, Table, Tile

TIMELINE = (
    Column("happened_at_utc", "When (UTC)", "instant"),
    Column("what", "What happened"),
    Column("document_name", "Document"),
    Column("location_code", "Where", "code"),
    Column("moved_qty", "Units", "int", "Units that came (+) or left (-)."),
    Column("order_key", "Order", help="Shop and Shopify's number of the order."),
    Column("given_number", "As given", help="The number as the person or system gave it."),
    Column("note", "Note"),
)
_FAMILY = (
    Column("sku", "SKU"),
    Column("number", "Number"),
    Column("units", "Units", "int", "Of the whole document."),
    Column("document", "Document"),
    Column("happened_at_utc", "When (UTC)", "instant"),
    Column("path", "Way", help="From this number to that one."),
)


def timeline(events: pd.DataFrame) -> pd.DataFrame:
    """Return events in order and in words, one row per event: what was taken back says so.

    Args:
        events: `core_serial_events` of numbers.
    """
    ordered = in_order(events)
    taken_back = set(ordered["reverses_key"].dropna())
    what = ordered["stage_code"].map(dict(STAGES))
    is_back = ordered["reverses_key"].notna()
    problem = ordered["problem_code"].map({code: law.told for code, law in LAWS.items()}).fillna("")
    note = problem.mask(ordered["event_key"].isin(taken_back), "taken back later: the document was changed, cancelled or deleted")
    given = ordered["given_number"].where(ordered["given_number"].ne(ordered["serial_number"]), None)
    return ordered.assign(what=what.where(~is_back, "taken back: " + what), note=note, given_number=given)


def findings_table(findings: pd.DataFrame, events: pd.DataFrame) -> Table:
    """Return the report's table of numbers that break a law, each with its timeline as evidence.

    Args:
        findings: what breaks a law.
        events: every event of those numbers.
    """
    told = timeline(events)
    names = [column.name for column in TIMELINE]
    lives = {
        key: [_shown(row, names) for row in rows.to_dict("records")] for key, rows in told.groupby(KEY, sort=False)
    }  # fmt: skip
    rows = findings.assign(
        told=findings["law_code"].map({code: law.told for code, law in LAWS.items()}),
        action=findings["law_code"].map({code: law.action for code, law in LAWS.items()}),
        offered=findings["is_doubtful"].map({True: "not offered", False: ""}),
        evidence=pd.Series(
            [lives.get(key, []) for key in zip(findings["sku"], findings["serial_number"], strict=True)],
            index=findings.index,
            dtype="object",
        ),
    ).sort_values(["is_doubtful", "first_seen_at_utc", *KEY], ascending=[False, True, True, True], kind="stable")
    return Table(
        "serials",
        "Serials and lots",
        "Numbers that break a law of their history. What is doubtful is not offered until it is settled. Open a row for its life.",
        rows,
        (
            Column("sku", "SKU"),
            Column("serial_number", "Number"),
            Column("law_code", "Breaks", "code"),
            Column("told", "What it means", "prose"),
            Column("suggestions", "Likely meant"),
            Column("location_code", "Where", "code"),
            Column("units_qty", "Units", "int"),
            Column("offered", "Offered", "code"),
            Column("documents", "Documents"),
            Column("first_seen_at_utc", "First seen (UTC)", "instant"),
            Column("action", "What to do", "prose"),
        ),
        "evidence",
        "Every number has one history, and it is whole.",
    )


def serial_page(life: Mapping[str, Any], events: pd.DataFrame, findings: pd.DataFrame, at: datetime) -> Report:
    """Return the page of one number.

    Args:
        life: its row of `out_serial_lineage`, with `made_of` and `went_into` where there is something: rows of sku,
            number, units, document, happened_at_utc, path.
        events: its events.
        findings: what it breaks.
        at: the instant.
    """
    told = timeline(events)
    broken = findings["law_code"].tolist()
    is_fine = bool(life["is_complete"]) and not broken
    where = f" at {life['location_code']}" if life["location_code"] else ""
    kind = "Lot" if life["is_lot"] else "Serial"
    gap = GAPS.get(str(life["gap_reason"]), "")
    return Report(
        re.sub(r"[^A-Za-z0-9.-]+", "_", f"{life['sku']}-{life['serial_number']}").strip("."),
        f"{kind} {life['serial_number']} of {life['sku']}",
        at,
        "ok" if is_fine else "attention",
        f"{STATUSES[life['status_code']][:1].upper()}{STATUSES[life['status_code']][1:]}{where}.",
        actions=tuple(f"{LAWS[code].told} {LAWS[code].action}" for code in broken) or ((f"{gap}.",) if gap else ()),
        tiles=(
            Tile("On hand", f"{life['on_hand_qty']:,}", life["location_code"] or "nowhere"),
            Tile("Events", f"{len(told):,}", "from receipt to now", table_key="timeline"),
            *([Tile("Expires", life["expiration_date"] or "never", "the lot's own day")] if life["is_lot"] else []),
        ),
        tables=(
            *_family_tables(life),
            Table(
                "timeline",
                "Timeline",
                "Every event of both systems, oldest first; what a document no longer says is taken back, never removed.",
                told,
                TIMELINE,
                empty_text="No document names it.",
            ),
        ),
    )


def _family_tables(life: Mapping[str, Any]) -> Iterator[Table]:
    """Yield what the number was made of, and what it went into, where there is something."""
    for name, title, told in (
        ("made_of", "Made of", "Numbers that were built into it, that it was taken out of, or that an adjustment turned into it."),
        ("went_into", "Went into", "Numbers that it was built into, that were taken out of it, or that an adjustment made of it."),
    ):
        if life.get(name):
            yield Table(name, title, told, pd.DataFrame(life[name]), _FAMILY)


def _shown(row: Mapping[Any, Any], names: list[str]) -> dict[str, Any]:
    shown = {name: row[name] for name in names if not pd.isna(row[name]) and row[name] != ""}
    return shown | {"happened_at_utc": f"{row['happened_at_utc']:%Y-%m-%d %H:%M}"}
