"""Serial lineage: 1,000,000 events over 200,000 serials in full, and 1,000 new events without a full rebuild; their listings.

Each serial is received, moved out and in, sold and fulfilled; one in a thousand leaves twice. The reference is DuckDB over the same
events: where each number is, the first receipt, the last fulfilment, and those that left twice. The incremental run appends 1,000
events to a store that holds the million, and traces the numbers that they touch. The listings are those of three channels that
each began to show every item ten times.
"""

from __future__ import annotations

import argparse
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from benchmarks.reconciling import peak_megabytes, timed
from contract.frames import conform, empty
from domain.serial_events import journal, keyed
from domain.serial_laws import blocked_units, find_breaches
from domain.serial_lineage import trace
from domain.serial_listing import listed_events
from domain.serial_matching import Matcher
from domain.serial_numbers import Formats
from store import serials
from store.engine import migrate, open_engine

NOBODY = Matcher([], Formats())
AT = datetime(2026, 11, 24, tzinfo=UTC)
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
                    "order_key": ("G/" + document) if stage == "fulfilled" else None,
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
    """Print both measures."""
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
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine(f"sqlite:///{Path(folder) / 'store.sqlite3'}")
        migrate(engine)
        whole = {"blocked": empty("core_blocked"), "numbers": None, "at_utc": AT}
        stored, _ = timed(lambda: serials.record(engine, "r1", events, lineage, breaches, **whole))
        new = _late_events(events)

        def advance() -> int:
            numbers = set(zip(new["sku"], new["serial_number"], strict=True))
            known = pd.concat([serials.events_of_numbers(engine, numbers), new], ignore_index=True)
            traced, broken = judge(known)
            stock = empty("core_serial_stock")
            blocked = blocked_units(broken, stock, traced)
            serials.record(engine, "r2", new, traced, broken, blocked=blocked, numbers=numbers, at_utc=AT)
            return len(traced)

        spent, count = timed(advance)
        engine.dispose()
    print(
        f"incremental: {len(new):,} new events of {count:,} serials in a store of {len(events):,}: {spent:.2f} s; "
        f"{spent / (ours + stored):.4f} of a full rebuild ({ours + stored:.1f} s with the store)"
    )


def _late_events(events: pd.DataFrame) -> pd.DataFrame:
    """Return a thousand returns, of serials spread over all."""
    left = events.loc[events["stage_code"].eq("fulfilled")].iloc[:: max(1, len(events) // 5000)].head(1000)
    back = left.assign(
        stage_code="returned",
        moved_qty=1,
        document_key="NETSUITE/9" + left["document_key"].str.removeprefix("NETSUITE/"),
        happened_at_utc=left["happened_at_utc"] + pd.Timedelta(days=400),
    )
    return conform("core_serial_events", keyed(back.drop(columns=["event_key", "reverses_key"])))


if __name__ == "__main__":
    main()
