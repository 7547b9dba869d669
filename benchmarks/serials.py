"""Serial lineage: 1,000,000 events over 200,000 serials in full, and 1,000 new events without a full rebuild; their listings.

Each serial is received, moved out and in, sold and fulfilled; one in a thousand leaves twice. The reference is DuckDB over the same
events: where each number is, the first receipt, the last fulfilment, and those that left twice. The listings are those of three
channels that each began to show every item ten times.

The incremental run is the task itself, `trace_numbers`, once, on a store that holds the million: 1,000 documents bring 1,000
numbers back, and the whole balance is conformed, matched against and compared with the lineage, as in every run. What is left out
is reading: nothing is asked of NetSuite, a shop or a partner. The full rebuild is trace, laws and store alone, without the balance,
the matcher and the journal that a full run has too: the incremental run's share of it is told too high rather than too low.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import duckdb
import numpy as np
import pandas as pd

from benchmarks.reconciling import CONTRACT, peak_megabytes, timed
from contract.frames import conform, empty
from domain.serial_events import journal, keyed
from domain.serial_laws import find_breaches
from domain.serial_lineage import trace
from domain.serial_listing import listed_events
from domain.serial_matching import Matcher
from domain.serial_numbers import Formats
from store import serials
from store.engine import migrate, open_engine
from store.runs import start_run
from tasks.context import Context
from tasks.trace_serials import trace_numbers

NOBODY = Matcher([], Formats())
AT = datetime(2026, 11, 24, tzinfo=UTC)
LATER = datetime(2031, 1, 1, tzinfo=UTC)
"""When the incremental run is: after everything that the events tell."""
RUN = "benchmark"
_NOTHING = (
    "raw_netsuite__kit_members", "raw_netsuite__serial_invoices", "raw_netsuite__deleted_documents", "raw_partners__shipment_files",
    "raw_partners__shipments",
)  # fmt: skip
_MOVE = {
    "line_id_netsuite": "1", "location_id_netsuite": "99", "transaction_type": "ItemRcpt", "status_code": "C", "moved_qty": "1",
    "line_qty": "1", "is_inventory_affecting": "T",
}  # fmt: skip
_STAGES = (("received", 1, "W"), ("moved_out", -1, "W"), ("moved_in", 1, "S"), ("sold", 0, "S"), ("fulfilled", -1, "S"))
_SQL = """
SELECT sku, serial_number, sum(moved_qty) AS on_hand, min(CASE WHEN stage_code = 'received' THEN happened_at_utc END) AS received,
       max(CASE WHEN stage_code = 'fulfilled' THEN happened_at_utc END) AS fulfilled,
       arg_max(document_name, happened_at_utc) FILTER (moved_qty <> 0) AS last_by,
       count(*) FILTER (stage_code = 'fulfilled') > 1 AS left_twice
FROM events GROUP BY ALL
"""


def events_of(count: int, first: int = 0) -> pd.DataFrame:
    """Return the events of so many serials, five each, one serial in a thousand with a sixth: it left twice."""
    serial = np.arange(first, first + count)
    parts = []
    for step, (stage, moved, place) in enumerate((*_STAGES, ("fulfilled", -1, "S"))):
        mine = serial if step < len(_STAGES) else serial[serial % 1000 == 0]
        document = pd.Series(mine * 10 + step).astype("str")
        parts.append(
            pd.DataFrame(
                {
                    "sku": pd.Series(mine % 400).map("ITEM-{:03d}".format),
                    "serial_number": pd.Series(mine).map("SN{:08d}".format),
                    "stage_code": stage,
                    "happened_at_utc": pd.Timestamp("2026-01-01", tz="UTC")
                    + pd.to_timedelta(mine % 200_000 * 10 + step, unit="min"),
                    "location_code": place,
                    "moved_qty": moved,
                    "line_qty": 1,
                    "document_key": "NETSUITE/" + document,
                    "document_name": "doc " + document,
                    "line_key": "1",
                    # Sold to the order that it leaves for; the second time it leaves for another one.
                    "order_key": ("GH"[step >= len(_STAGES)] + "/" + pd.Series(mine).astype("str"))
                    if stage in ("sold", "fulfilled")
                    else None,
                    "problem_code": None,
                }
            )
        )
    rows = pd.concat(parts, ignore_index=True)
    return conform("core_serial_events", keyed(rows.assign(given_number=rows["serial_number"])))


def receipts_of(items: int, times: int = 10) -> pd.DataFrame:
    """Return the receipts of three channels, two shops and a feed, that show and cease to show every item so many times."""
    each = pd.MultiIndex.from_product(
        [range(items), range(2 * times), ("SHOP_W", "SHOP_S", "FEED")], names=["item", "turn", "channel_code"]
    )
    rows = each.to_frame(index=False)
    at = pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(rows["turn"] * 150_000 + rows["item"], unit="min")
    place = rows["channel_code"].map({"SHOP_W": "W", "SHOP_S": "S", "FEED": ""})
    keys = rows["channel_code"] + "-" + rows["item"].astype("str") + "-" + rows["turn"].astype("str")
    sku = rows["item"].map("ITEM-{:03d}".format)
    shown = {"channel_code": rows["channel_code"], "sku": sku, "location_code": place, "shown_qty": 1 - rows["turn"] % 2}
    return pd.DataFrame(shown | {"shown_at_utc": at.astype("datetime64[us, UTC]"), "change_key": keys})


def judge(events: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return lineage and breaches."""
    stock = empty("core_serial_stock")
    return trace(events, stock, frozenset()), find_breaches(events, stock, frozenset(), "2026-11-24", NOBODY)


def main() -> None:
    """Print every measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--serials", type=int, default=200_000)
    given = parser.parse_args()
    events = events_of(given.serials)
    ours, (lineage, breaches) = timed(lambda: judge(events))
    duck = duckdb.connect()
    duck.register("events", events)
    theirs, rows = timed(lambda: duck.execute(_SQL).fetchall())
    twice = {(row[0], row[1]) for row in rows if row[6]}
    found = breaches.loc[breaches["law_code"].eq("shipped_twice")]
    is_same = twice == set(zip(found["sku"], found["serial_number"], strict=True)) and len(rows) == len(lineage)
    memory = peak_megabytes(lambda: judge(events))
    print(
        f"full: {len(events):,} events, {len(lineage):,} serials: {ours:.2f} s, {memory:,.0f} MB; {ours / theirs:.1f} x DuckDB "
        f"({theirs:.2f} s), {'the same serials left twice' if is_same else 'OTHER SERIALS'}"
    )
    shown, pools = receipts_of(400), {"FEED": ("W", "S")}
    spent, told = timed(lambda: listed_events(events, shown, pools))
    first, recorded = timed(lambda: journal(empty("core_serial_events"), told, {}, AT))
    known = pd.concat([events, recorded], ignore_index=True)
    again, new = timed(lambda: journal(recorded, listed_events(known, shown, pools), {}, AT))
    print(
        f"listings: {len(told):,} of {len(lineage):,} serials by {len(shown):,} receipts: {spent:.2f} s, {first:.2f} s to record; "
        f"once more {again:.2f} s, {len(new)} new"
    )
    advance(events, lineage, breaches, ours)


def advance(events: pd.DataFrame, lineage: pd.DataFrame, breaches: pd.DataFrame, judged: float) -> None:
    """Print how long the incremental run takes, beside a full rebuild of which the judging took so many seconds."""
    with tempfile.TemporaryDirectory() as folder:
        context = context_of(Path(folder))
        whole = {"blocked": empty("core_blocked"), "numbers": None, "at_utc": AT}
        stored, _ = timed(lambda: serials.record(context.engine, "r1", events, lineage, breaches, **whole))
        raw = late_returns(events)
        begun = time.perf_counter()
        traced = trace_numbers.fn(context, RUN, raw, AT)
        spent = time.perf_counter() - begun
        context.engine.dispose()
    balance, rebuild = len(raw["raw_netsuite__serial_stock"]), judged + stored
    print(
        f"incremental, the whole task but its reads: {len(traced.events):,} new events in a store of {len(events):,} and a balance "
        f"of {balance:,} numbers: {spent:.2f} s; {spent / rebuild:.4f} of a full rebuild ({rebuild:.1f} s: trace, laws, store)"
    )


def context_of(folder: Path) -> Context:
    """Return what the task needs: a store with the run, the contract, a clock; no system is asked anything."""
    engine = open_engine(f"sqlite:///{folder / 'store.sqlite3'}")
    migrate(engine)
    start_run(engine, flow_name="benchmark", parameters={}, contract_fingerprint="f", run_id=RUN)
    loaded = SimpleNamespace(contract=CONTRACT, state_folder=folder)
    return Context(cast("Any", loaded), engine, cast("Any", None), {}, {}, {}, now=lambda: LATER)


def late_returns(events: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return what an hourly run reads when a thousand numbers, spread over all, came back: their receipts and the whole balance."""
    left = events.loc[events["stage_code"].eq("fulfilled")].iloc[:: max(1, len(events) // 5000)].head(1000)
    back = left.drop_duplicates("serial_number").reset_index(drop=True)
    every = events.drop_duplicates("serial_number").reset_index(drop=True)
    item_of = {sku: str(place) for place, sku in enumerate(sorted(every["sku"].unique()), start=1)}
    instant = (LATER - timedelta(hours=1)).isoformat()
    moves = pd.DataFrame(
        {
            "transaction_id_netsuite": "9" + pd.Series(back.index).astype("str").str.zfill(8),
            "inventory_number_id_netsuite": back["serial_number"].str.removeprefix("SN"),
            "inventory_number": back["serial_number"],
            "item_id_netsuite": back["sku"].map(item_of),
            "created_from_type": "RtnAuth",
        }
    ).assign(**_MOVE, created_at_utc=instant, modified_at_utc=instant)
    stock = pd.DataFrame(
        {
            "inventory_number_id_netsuite": every["serial_number"].str.removeprefix("SN"),
            "inventory_number": every["serial_number"],
            "item_id_netsuite": every["sku"].map(item_of),
            "on_hand_qty": every["serial_number"].isin(back["serial_number"]).astype("int64").astype("str"),
        }
    ).assign(location_id_netsuite="99", is_inactive="F")
    items = [
        {"item_id_netsuite": item, "item_code": sku, "item_type": "InvtPart", "is_serial": "T", "is_lot": "F", "is_inactive": "F"}
        for sku, item in item_of.items()
    ]
    frames = {name: empty(name) for name in _NOTHING} | {"asked": pd.DataFrame({"document_id": moves["transaction_id_netsuite"]})}
    return frames | {
        name: rows.reindex(columns=empty(name).columns).astype("str")
        for name, rows in (
            ("raw_netsuite__items", pd.DataFrame(items)),
            ("raw_netsuite__serial_movements", moves),
            ("raw_netsuite__serial_stock", stock),
        )
    }


if __name__ == "__main__":
    main()
