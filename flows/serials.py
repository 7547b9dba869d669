"""Commands about serial and lot numbers: the life of one, and where a lot went."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import Engine

from contract.errors import FatalError
from contract.loading import load_contract
from contract.settings import read_settings
from domain.serial_events import STAGES, alive_of
from domain.serial_genealogy import Number, Relative, follow, tell_path
from domain.serial_lineage import STATUSES
from domain.serial_matching import Known, Matcher
from domain.serial_numbers import Formats
from domain.serial_recall import RECALL, recall_rows
from flows import screen
from flows.wiring import open_store
from store import serials

_LIFE = (
    "sku",
    "status",
    "location_code",
    "on_hand_qty",
    "listed_at_utc",
    "listed_by",
    "order_key",
    "expiration_date",
    "is_complete",
    "gap_reason",
)
_EVENT = ("happened_at_utc", "what", "document_name", "location_code", "moved_qty", "order_key", "given_number", "note")
_LIKELY = 5
_NEAR = 1000


@dataclass(frozen=True)
class _Family:
    """What a number was made of and what it went into, by which links, and in words the way to each that is made of it."""

    made_of: list[dict[str, Any]]
    went_into: list[dict[str, Any]]
    links: pd.DataFrame
    ways: dict[Number, str]


def show_serial(wanted: str, *, as_json: bool, page: Path | None) -> None:
    """Show the life of a serial or lot number, of every item that has it; where none has, the likeliest ones.

    Raises:
        FatalError: no number is like it.
    """
    from tasks.serial_pages import serial_page, timeline

    with open_store() as engine:
        found = _find(engine, wanted)
        if found.empty:
            _suggest(serials.lineage(engine), wanted, as_json=as_json)
            return
        events = serials.events_of_numbers(engine, _keys(found))
        breaches = serials.findings(engine)
        families = {number: _family(engine, number) for number in _keys(found)}
    lives = screen.rows_of(found)
    for life in lives:
        mine = events.loc[events["sku"].eq(life["sku"]) & events["serial_number"].eq(life["serial_number"])]
        broken = breaches.loc[breaches["sku"].eq(life["sku"]) & breaches["serial_number"].eq(life["serial_number"])]
        family = families[life["sku"], life["serial_number"]]
        life["status"] = STATUSES[life["status_code"]]
        life["made_of"], life["went_into"] = family.made_of, family.went_into
        life["events"] = [{name: row[name] for name in _EVENT} for row in screen.rows_of(timeline(mine))]
        life["breaks"] = screen.rows_of(broken)
        if page is not None:
            _write_page(page, serial_page(life, mine, broken, datetime.now(UTC)))
    if as_json:
        screen.plain(json.dumps(lives, default=str))
        return
    for life in lives:
        screen.show(f"{life['serial_number']} of {life['sku']}", [{name: life[name] for name in _LIFE}])
        screen.show("Its life, oldest first", life["events"])
        _show_family(families[life["sku"], life["serial_number"]])
        if life["breaks"]:
            shown = ("law_code", "documents", "suggestions", "first_seen_at_utc")
            screen.show("What it breaks", [{name: row[name] for name in shown} for row in life["breaks"]])


def show_lot(wanted: str, csv: Path | None, *, as_json: bool) -> None:
    """Show where the units of a lot or serial went, for a recall: every order and place, with units.

    What was made of it is followed to the end: each row says the way from the lot to the number that went, and whether the
    documents tell no further.

    Raises:
        FatalError: no lot has this number.
    """
    with open_store() as engine:
        found = _find(engine, wanted)
        families = [_family(engine, number) for number in _keys(found)]
        ways = {key: way for family in families for key, way in family.ways.items()}
        events, lives = serials.events_of_numbers(engine, list(ways)), serials.lineage(engine, list(ways))
    if found.empty:
        raise FatalError(f"Truecount serials: no number {wanted}; truecount serial {wanted} looks for the likely ones")
    stock = screen.rows_of(found)
    links = pd.concat([family.links for family in families], ignore_index=True)
    gone = recall_rows(events, frozenset(lives.loc[lives["is_lot"], "sku"]), links, ways)
    made_of = [row for family in families for row in family.made_of]
    went_into = [row for family in families for row in family.went_into]
    if csv is not None:
        pd.DataFrame(gone, columns=list(RECALL)).to_csv(csv, index=False)
    if as_json:
        screen.plain(json.dumps({"on_hand": stock, "went": gone, "made_of": made_of, "went_into": went_into}, default=str))
        return
    for life, family in zip(stock, families, strict=True):
        title = f"{life['serial_number']} of {life['sku']}: {life['on_hand_qty']} on hand at {life['location_code'] or 'no place'}"
        mine = [row for row in gone if row["path"] in set(family.ways.values())]
        screen.show(title, [{**row, "stage_code": STAGES[row["stage_code"]]} for row in mine])
        _show_family(family)
    if csv is not None:
        screen.plain(f"{len(gone)} rows written to {csv}")


def serials_of_order(engine: Engine, shop_code: str, order_gid: str) -> list[dict[str, Any]]:
    """Return the numbers that an order names or that left for it, one row per number and stage."""
    events = alive_of(serials.events_of_orders(engine, [f"{shop_code}/{order_gid.rsplit('/', 1)[-1]}"]))
    return [
        {"sku": row["sku"], "number": row["serial_number"], "what": STAGES[row["stage_code"]], "document": row["document_name"]}
        for row in screen.rows_of(events.sort_values(["sku", "serial_number", "happened_at_utc"]))
    ]


def _find(engine: Engine, wanted: str) -> pd.DataFrame:
    """Return the lineage of the numbers that a text names outright: those that hold it as it stands, else of all there are."""
    near = serials.numbers_like(engine, wanted.strip(), _NEAR)
    found = _named(near, wanted) if len(near) < _NEAR else near.iloc[:0]
    # To read all of them takes seconds: only where spaces or a prefix are in the way.
    return found if len(found) else _named(serials.lineage(engine), wanted)


def _named(known: pd.DataFrame, wanted: str) -> pd.DataFrame:
    """Return the lineage of the numbers that a text names outright: but for case, spaces and their item's prefixes."""
    formats = Formats(load_contract(read_settings().contract_path).contract.serials.formats)
    texts = {sku: formats.plain(wanted, sku) for sku in known["sku"].unique()}
    pairs = zip(known["sku"], known["serial_number"], strict=True)
    is_it = [formats.plain(number, sku) == texts[sku] for sku, number in pairs]
    return known.loc[is_it].reset_index(drop=True)


def _suggest(known: pd.DataFrame, wanted: str, *, as_json: bool) -> None:
    formats = Formats(load_contract(read_settings().contract_path).contract.serials.formats)
    there = known["location_code"].fillna("").where(known["on_hand_qty"].gt(0), "")
    numbers = (
        Known(number, sku, frozenset({place} if place else ()))
        for sku, number, place in zip(known["sku"], known["serial_number"], there, strict=True)
    )
    likely = Matcher(numbers, formats).search(wanted)[:_LIKELY]
    if not likely:
        raise FatalError(f"Truecount serials: no number is like {wanted}; truecount trace-serials --full reads every one anew")
    rows = [{"number": one.known.number, "sku": one.known.sku, "why": ", ".join(one.evidence)} for one in likely]
    screen.show(f"No number {wanted}; the likeliest", rows, as_json=as_json)


def _family(engine: Engine, number: Number) -> _Family:
    from tasks.serial_family import links_of

    links = links_of(engine, [number], is_forward=True)
    down = list(follow(links, number, is_forward=True))
    up = follow(links_of(engine, [number], is_forward=False), number, is_forward=False)
    ways = {(one.sku, one.number): one.way for one in reversed(down)} | {number: tell_path([number])}
    return _Family([_related(one) for one in up], [_related(one) for one in down], links, ways)


def _related(one: Relative) -> dict[str, Any]:
    told = {"sku": one.sku, "number": one.number, "units": one.units, "document": one.document}
    return told | {"happened_at_utc": one.at, "path": one.way}


def _show_family(family: _Family) -> None:
    for title, rows in (("Made of", family.made_of), ("Went into", family.went_into)):
        if rows:
            screen.show(title, rows)


def _keys(rows: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(rows["sku"], rows["serial_number"], strict=True))


def _write_page(folder: Path, report: Any) -> None:
    from reports.write import write_index, write_report

    screen.complain(f"Page: {write_report(report, folder)}")
    write_index(folder)
