"""Events of serial and lot numbers: what NetSuite's documents and Shopify's orders did to which number, when and where.

The history is append-only. What a document says of a number is an event; when the document is edited, deleted or cancelled,
each event that it no longer supports gets a reversal, and what it says now is appended beside it (`journal`). So the same
documents read in any order, or twice, leave the same events alive, and a document that is edited later re-dates no number that it
named before.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime

import pandas as pd

from contract.frames import Frames, conform, empty

OUT = frozenset({"fulfilled", "moved_out", "scrapped", "consumed", "taken_apart"})
IN = frozenset({"received", "built", "recovered", "found", "moved_in", "returned"})
STAGES: Mapping[str, str] = {
    "received": "received",
    "built": "built",
    "recovered": "taken out of an assembly",
    "found": "added by an adjustment or count",
    "counted": "counted",
    "left_bin": "taken out of a bin",
    "put_away": "put away in another bin",
    "left_status": "taken out of an inventory status",
    "status_changed": "moved to another inventory status",
    "listed": "on sale in a channel",
    "moved_out": "sent to another location",
    "moved_in": "arrived from another location",
    "reserved": "asked for by an order in NetSuite",
    "picked": "picked, not shipped yet",
    "sold": "sold in Shopify",
    "notified": "left, by a partner's word",
    "fulfilled": "left for a customer",
    "invoiced": "invoiced",
    "refunded": "refunded in Shopify",
    "returned": "came back",
    "written_off": "came back, and was written off",
    "consumed": "built into an assembly",
    "taken_apart": "taken apart",
    "scrapped": "taken off by an adjustment or count",
    "named": "named by a document that moves no stock",
}
"""Every stage, in the words of the report. Those in `IN` and `OUT` move units; the rest say what is promised or told."""

UNMATCHED = ("unknown_number", "wrong_item")
"""What is wrong with a number that NetSuite does not have of the item."""
KEY = ["sku", "serial_number"]
_CONTENT = [
    "document_key", "line_key", "stage_code", "sku", "serial_number", "given_number", "location_code", "moved_qty", "line_qty",
    "order_key", "problem_code",
]  # fmt: skip
_SAME = ["document_key", "line_key", "stage_code", *KEY]
"""What an edited document still says of a number, whatever else it now says of the line."""
_BY_TYPE = {
    ("ItemRcpt", "RtnAuth"): "returned",
    ("ItemRcpt", "TrnfrOrd"): "moved_in",
    ("ItemRcpt", ""): "received",
    ("ItemShip", "TrnfrOrd"): "moved_out",
    ("ItemShip", "VendAuth"): "scrapped",
    ("ItemShip", ""): "fulfilled",
    ("CashSale", ""): "fulfilled",
    ("CustInvc", ""): "fulfilled",
    ("VendBill", ""): "received",
    ("VendCred", ""): "scrapped",
    ("CashRfnd", ""): "returned",
    ("CustCred", ""): "returned",
    ("SalesOrd", ""): "reserved",
    ("TrnfrOrd", ""): "reserved",
}
"""Stage by type of document and of what it came from. Of the rest, it depends on whether the units arrive or leave."""
_BY_SIGN = {
    "InvAdjst": ("found", "scrapped"),
    "InvCount": ("found", "scrapped"),
    "InvWksht": ("found", "scrapped"),
    "Build": ("built", "consumed"),
    "WOCompl": ("built", "consumed"),
    "WOIssue": ("recovered", "consumed"),
    "Unbuild": ("recovered", "taken_apart"),
    "BinTrnfr": ("put_away", "left_bin"),
    "BinWksht": ("put_away", "left_bin"),
    "StatChng": ("status_changed", "left_status"),
}
_ORDER = r"^SHOPIFY-(?P<shop>[A-Z0-9_]+)-(?P<number>[0-9]+)(?:-E[0-9]+)?$"
"""An order's own document, or what it sold later at its till (an exchange)."""


def movement_events(raw: Frames, skus: Mapping[str, str], places: Mapping[str, str]) -> pd.DataFrame:
    """Return `core_serial_events` of NetSuite's documents, with their invoices: first versions, not yet journalled.

    Args:
        raw: `raw_netsuite__serial_movements`, `raw_netsuite__serial_invoices`.
        skus: item id to SKU; numbers of other items are left out.
        places: NetSuite location id to location code; elsewhere the id itself stands, as `netsuite 12`.
    """
    rows = raw["raw_netsuite__serial_movements"]
    rows = rows.loc[rows["item_id_netsuite"].isin(list(skus))].reset_index(drop=True)
    if rows.empty:
        return no_events()
    stage = _stage_of(rows)
    units = rows["moved_qty"].astype("float64").abs().round().astype("int64")
    sign = stage.isin(IN).astype("int64") - stage.isin(OUT).astype("int64")
    names = rows["external_id"].fillna(rows["transaction_type"] + " " + rows["transaction_id_netsuite"])
    events = pd.DataFrame(
        {
            "sku": rows["item_id_netsuite"].map(skus),
            "serial_number": rows["inventory_number"],
            "given_number": rows["inventory_number"],
            "stage_code": stage,
            "happened_at_utc": pd.to_datetime(rows["created_at_utc"], utc=True),
            "modified_at_utc": pd.to_datetime(rows["modified_at_utc"], utc=True),
            "location_code": rows["location_id_netsuite"].map(places).fillna("netsuite " + rows["location_id_netsuite"]),
            "moved_qty": units * sign,
            "line_qty": rows["line_qty"].astype("float64").fillna(0).abs().round().astype("int64"),
            "document_key": "NETSUITE/" + rows["transaction_id_netsuite"],
            "document_name": names,
            "line_key": rows["line_id_netsuite"],
            "order_key": _order_of(rows),
            "problem_code": None,
        }
    )
    parts = [events, _invoiced(events, rows, raw["raw_netsuite__serial_invoices"])]
    return keyed(pd.concat([part for part in parts if len(part)], ignore_index=True))


def no_events() -> pd.DataFrame:
    """Return no first versions of events."""
    return empty("core_serial_events").assign(modified_at_utc=pd.Series(dtype="datetime64[us, UTC]"))


def counted(events: pd.DataFrame, lots: frozenset[str]) -> pd.DataFrame:
    """Return the events of whole documents, with `count_differs` on lines that name more or fewer numbers than they have units.

    A lot that an order or a partner names is named once, however many units of it were taken. A line that takes units off one
    number and adds them to another has as many units as are left over.
    """
    line = [events[name].fillna("") for name in ("document_key", "line_key", "sku", "location_code")]
    is_moving = events["stage_code"].isin(IN | OUT)
    named = events.groupby([*line, events["stage_code"]])["stage_code"].transform("size")
    total = events["moved_qty"].where(is_moving, 0).groupby(line).transform("sum").abs().where(is_moving, named)
    is_judged = is_moving | (events["stage_code"].isin(["sold", "notified"]) & ~events["sku"].isin(lots))
    is_wrong = is_judged & events["problem_code"].isna() & events["line_qty"].gt(0) & total.ne(events["line_qty"])
    return events.assign(problem_code=events["problem_code"].astype("object").mask(is_wrong, "count_differs"))


def keyed(events: pd.DataFrame) -> pd.DataFrame:
    """Return events with the key of their first version: document, line, stage, number, and which of several alike."""
    base = events["document_key"] + "/" + events["line_key"] + "/" + events["stage_code"] + "/"
    base += events["sku"] + "/" + events["serial_number"]
    turn = events.groupby(base, sort=False).cumcount().astype("str")
    return events.assign(event_key=base + "/" + turn, reverses_key=None)


def journal(known: pd.DataFrame, told: pd.DataFrame, ended: Mapping[str, pd.Timestamp], at: datetime) -> pd.DataFrame:
    """Return the events to append so that those alive are the ones told: new ones, and reversals.

    Args:
        known: every event in the store of the documents that were read.
        told: what those documents say now (`keyed`), with `modified_at_utc`.
        ended: when a document that says nothing any more was deleted or changed, by its key.
        at: the run's instant: when a document went that nobody tells the end of.
    """
    alive = alive_of(known)
    mine, theirs = _content(told), _content(alive)
    new, gone = told.loc[~mine.isin(set(theirs))], alive.loc[~theirs.isin(set(mine))]
    changed = {**ended, **dict(zip(told["document_key"], told["modified_at_utc"], strict=True))}
    parts = []
    if len(new):
        first = known.loc[known["reverses_key"].isna(), "event_key"].str.replace(r"#[0-9]+$", "", regex=True)
        count = new["event_key"].map(first.value_counts()).fillna(0).astype("int64")
        key = new["event_key"].where(count.eq(0), new["event_key"] + "#" + count.astype("str"))
        parts.append(new.assign(event_key=key, happened_at_utc=_instants(new, known)))
    if len(gone):
        ends = [changed.get(key, pd.Timestamp(at)) for key in gone["document_key"]]
        back = gone.assign(reverses_key=gone["event_key"], event_key=gone["event_key"] + "!", moved_qty=-gone["moved_qty"])
        parts.append(back.assign(happened_at_utc=pd.to_datetime(ends, utc=True)))
    return conform("core_serial_events", pd.concat(parts, ignore_index=True)) if parts else empty("core_serial_events")


def _instants(new: pd.DataFrame, known: pd.DataFrame) -> pd.Series:
    """Return when each new event happened: a document that is edited changes nothing about what it said before.

    What the document's line has said of the number already keeps the earliest instant of it; what is new to a known document
    happened when it was changed. A listing tells its own instant.
    """
    first = known.loc[known["reverses_key"].isna()].groupby(_SAME)["happened_at_utc"].min()
    earliest = pd.Series(first.reindex(pd.MultiIndex.from_frame(new[_SAME])).to_numpy(), index=new.index)
    is_later = new["document_key"].isin(set(known["document_key"]))
    happened = new["happened_at_utc"].where(~is_later, new["modified_at_utc"])
    kept = pd.to_datetime(earliest, utc=True).mask(new["stage_code"].eq("listed"))
    return happened.where(kept.isna(), kept)


def alive_of(events: pd.DataFrame) -> pd.DataFrame:
    """Return the events that stand: without reversals and what they reverse."""
    reversed_keys = set(events["reverses_key"].dropna())
    return events.loc[events["reverses_key"].isna() & ~events["event_key"].isin(reversed_keys)]


def in_order(events: pd.DataFrame) -> pd.DataFrame:
    """Return events in the order of what happened: by instant, document and, inside one, what leaves before what comes.

    What a number is listed by is no document of its own: it follows what brought it, in the same instant.
    """
    number = pd.to_numeric(events["document_key"].str.replace(r"^.*/", "", regex=True), errors="coerce").fillna(0)
    number = number.mask(events["stage_code"].eq("listed"), math.inf)
    ordered = events.assign(_document=number, _moved=events["moved_qty"])
    ordered = ordered.sort_values([*KEY, "happened_at_utc", "_document", "_moved", "event_key"], kind="stable", ignore_index=True)
    return ordered.drop(columns=["_document", "_moved"])


def order_of_document(name: str) -> str | None:
    """Return the order (`SHOP/number`) of which an external id of ours is the own document.

    >>> order_of_document("SHOPIFY-GROCER-42"), order_of_document("SHOPFUL-GROCER-42")
    ('GROCER/42', None)
    """
    found = re.match(_ORDER, name)
    return f"{found['shop']}/{found['number']}" if found else None


def _content(events: pd.DataFrame) -> pd.Series:
    """Return each event's content as one text; alike events of one line are told apart by their turn."""
    if events.empty:
        return pd.Series([], dtype="str")
    text = events[_CONTENT[0]].astype("str")
    for column in _CONTENT[1:]:
        text = text + "\x1f" + events[column].astype("object").where(events[column].notna(), "").astype("str")
    return text + "\x1f" + text.groupby(text, sort=False).cumcount().astype("str")


def _stage_of(rows: pd.DataFrame) -> pd.Series:
    kinds = zip(rows["transaction_type"], rows["created_from_type"].fillna(""), strict=True)
    known = [_BY_TYPE.get((kind, source), _BY_TYPE.get((kind, ""))) for kind, source in kinds]
    by_type = pd.Series(known, index=rows.index, dtype="object")
    plus = rows["transaction_type"].map({kind: stages[0] for kind, stages in _BY_SIGN.items()}).fillna("moved_in")
    minus = rows["transaction_type"].map({kind: stages[1] for kind, stages in _BY_SIGN.items()}).fillna("moved_out")
    stage = by_type.fillna(plus.where(_arrives(rows), minus))
    is_still_there = rows["transaction_type"].eq("ItemShip") & rows["status_code"].ne("C")
    stage = stage.mask(is_still_there, "picked")
    is_told_only = stage.isin(IN | OUT) & rows["is_inventory_affecting"].eq("F")
    told = stage.map({"returned": "written_off"}).fillna("named").mask(rows["transaction_type"].eq("InvCount"), "counted")
    return stage.mask(is_told_only, told)


def _arrives(rows: pd.DataFrame) -> pd.Series:
    """Return whether the units of each row arrive: by their own sign where a line's numbers come to the line, else by the line's.

    So a line may take units off one number and add them to another, and numbers without a sign follow their line.
    """
    units, line = rows["moved_qty"].astype("float64"), rows["line_qty"].astype("float64")
    total = units.groupby([rows["transaction_id_netsuite"], rows["line_id_netsuite"]]).transform("sum")
    return units.where(line.isna() | total.eq(line), line) > 0


def _order_of(rows: pd.DataFrame) -> pd.Series:
    """Return the Shopify order of each document, as `SHOP/number`, by its own or its source's external id."""
    own = rows["external_id"].fillna("").str.extract(_ORDER)
    source = rows["created_from_external_id"].fillna("").str.extract(_ORDER)
    return (own["shop"] + "/" + own["number"]).fillna(source["shop"] + "/" + source["number"])


def _invoiced(events: pd.DataFrame, rows: pd.DataFrame, invoices: pd.DataFrame) -> pd.DataFrame:
    """Return the invoices of what left: the one that names the same fulfilment, else the first one after it."""
    left = events.loc[events["stage_code"].eq("fulfilled")].assign(source=rows["created_from_id_netsuite"])
    if left.empty or invoices.empty:
        return left.iloc[:0].drop(columns="source")
    told = invoices.rename(
        columns={"created_from_id_netsuite": "source", "transaction_id_netsuite": "invoice", "external_id": "invoice_name"}
    )
    told = told.assign(invoiced_at=pd.to_datetime(told["created_at_utc"], utc=True))[
        ["source", "invoice", "invoice_name", "invoiced_at"]
    ]
    pairs = left.reset_index(names="place").merge(told, on="source")
    is_same = pairs["invoice_name"].fillna("").str.removeprefix("SHOPINV-") == pairs["document_name"].str.removeprefix("SHOPFUL-")
    pairs = pairs.loc[is_same | pairs["invoiced_at"].ge(pairs["happened_at_utc"])].assign(rank=(~is_same).astype("int64"))
    first = pairs.sort_values(["place", "rank", "invoiced_at", "invoice"], kind="stable").drop_duplicates("place")
    return first.assign(
        stage_code="invoiced",
        happened_at_utc=first["invoiced_at"],
        document_key=first["document_key"],
        document_name=first["invoice_name"].fillna("CustInvc " + first["invoice"]),
        moved_qty=0,
    ).drop(columns=["place", "source", "invoice", "invoice_name", "invoiced_at", "rank"])
