"""When a number came on sale: on hand at a place that a channel sells from, and the channel showed its SKU above 0."""

from datetime import UTC, datetime

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.frames import conform, empty
from domain.serial_events import alive_of, in_order, journal
from domain.serial_lineage import trace
from domain.serial_listing import listed_events
from tests.domain.test_serial_lineage import event, frame, stock

DAY = pd.Timestamp("2026-11-01", tz="UTC")
AT = datetime(2026, 11, 5, tzinfo=UTC)
FEEDS = {"FEED": ("W", "X")}


def receipts(*shown):
    """Return receipts: (minute, units, and where they differ channel, place, SKU)."""
    full = [(*one, *("SHOP", "W", "PHONE")[len(one) - 2 :]) for one in shown]
    columns = ["shown_at_utc", "shown_qty", "channel_code", "location_code", "sku", "change_key"]
    rows = [(DAY + pd.Timedelta(minutes=one[0]), *one[1:], f"k{one[0]}{one[2]}") for one in full]
    made = pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(columns[2:], "str") | {"shown_qty": "int64"})
    return made.assign(shown_at_utc=pd.to_datetime(made["shown_at_utc"], utc=True).astype("datetime64[us, UTC]"))


def events_of(*rows):
    return conform("core_serial_events", frame(*rows))


def listed(events, shown, known=None):
    """Return (minute, channel, place, number) of what is to stand."""
    every = events if known is None else pd.concat([events, known], ignore_index=True)
    rows = listed_events(every, receipts(*shown), FEEDS).sort_values(["happened_at_utc", "line_key"])
    return [told(row) for row in rows.to_dict("records")]


def told(row):
    minute = int((row["happened_at_utc"] - DAY).total_seconds() // 60)
    return minute, row["line_key"].split("/")[0], row["location_code"], row["serial_number"]


def moved(minute, there="X"):
    return [
        event("moved_out", minute, document=minute, line="1"),
        event("moved_in", minute, document=minute, place=there, line="2"),
    ]


IN = event("received", 10)
SPEC = {  # what happened to S1; what was shown, when; when it was listed, by what, where
    "never shown": ([IN], [], []),
    "shown after it came": ([IN], [(20, 1)], [(20, "SHOP", "W", "S1")]),
    "shown before it came, and still": ([IN], [(5, 3)], [(10, "SHOP", "W", "S1")]),
    "shown in the same instant": ([IN], [(10, 3)], [(10, "SHOP", "W", "S1")]),
    "shown and gone again before it came": ([IN], [(5, 3), (9, 0)], []),
    "gone in the same instant": ([IN], [(5, 3), (10, 0)], []),
    "shown as 0": ([IN], [(20, 0)], []),
    "shown below 0": ([IN], [(20, -2)], []),
    "shown, sold out, shown again: once": ([IN], [(20, 1), (30, 0), (40, 2)], [(20, "SHOP", "W", "S1")]),
    "shown again and again: once": ([IN], [(20, 1), (30, 5), (40, 2)], [(20, "SHOP", "W", "S1")]),
    "another SKU": ([IN], [(20, 1, "SHOP", "W", "MILK")], []),
    "another place": ([IN], [(20, 1, "SHOP", "X")], []),
    "by two shops": ([IN], [(20, 1), (30, 1, "OTHER")], [(20, "SHOP", "W", "S1"), (30, "OTHER", "W", "S1")]),
    "by a feed that sells from there": ([IN], [(20, 1, "FEED", "")], [(20, "FEED", "W", "S1")]),
    "by a feed that does not": ([event("received", 10, place="S")], [(20, 1, "FEED", "")], []),
    "by a feed of no contract": ([IN], [(20, 1, "OLD", "")], []),
    "left before it was shown": ([IN, event("fulfilled", 15)], [(20, 1)], []),
    "left in the same instant": ([IN, event("fulfilled", 20)], [(20, 1)], []),
    "left after": ([IN, event("fulfilled", 25)], [(20, 1)], [(20, "SHOP", "W", "S1")]),
    "came back: listed again": (
        [IN, event("fulfilled", 25), event("returned", 40)], [(20, 1), (30, 0), (50, 1)],
        [(20, "SHOP", "W", "S1"), (50, "SHOP", "W", "S1")],
    ),
    "came back while it was shown": (
        [IN, event("fulfilled", 25), event("returned", 40)], [(20, 1)], [(20, "SHOP", "W", "S1"), (40, "SHOP", "W", "S1")],
    ),
    "moved to another place of the pool": (
        [IN, *moved(30)], [(20, 1), (20, 1, "FEED", "")],
        [(20, "FEED", "W", "S1"), (20, "SHOP", "W", "S1"), (30, "FEED", "X", "S1")],
    ),
    "never received": ([event("fulfilled", 10)], [(5, 1)], []),
    "sold only": ([event("sold", 10)], [(5, 1)], []),
    "units of a lot, topped up: once": (
        [event("received", 10, units=5), event("received", 30, units=5)], [(20, 1)], [(20, "SHOP", "W", "S1")],
    ),
    "a lot that ran out and came again": (
        [event("received", 10, units=5), event("fulfilled", 25, units=5), event("received", 30, units=5)], [(5, 9)],
        [(10, "SHOP", "W", "S1"), (30, "SHOP", "W", "S1")],
    ),
    "two numbers of one SKU": ([IN, event("received", 30, number="S2")], [(20, 2)], [(20, "SHOP", "W", "S1"), (30, "SHOP", "W", "S2")]),
}  # fmt: skip


@pytest.mark.parametrize("name", SPEC)
def test_a_listing(name):
    rows, shown, expected = SPEC[name]
    assert listed(events_of(*rows), shown) == expected


def recorded(known, shown, at=AT):
    """Append the listings to what is known, as a run does; return all events."""
    mine = known.loc[known["stage_code"].eq("listed")]
    new = journal(mine, listed_events(known, receipts(*shown), FEEDS), {}, at)
    return pd.concat([known, new], ignore_index=True) if len(new) else known


def standing(events):
    alive = alive_of(events)
    return sorted(told(row) for row in alive.loc[alive["stage_code"].eq("listed")].to_dict("records"))


def test_it_is_in_the_life_of_the_number_after_what_brought_it():
    events = recorded(events_of(IN), [(5, 3)])
    assert in_order(events)["stage_code"].tolist() == ["received", "listed"]
    (row,) = trace(events, stock(), frozenset()).to_dict("records")
    assert (row["listed_at_utc"], row["listed_by"]) == (DAY + pd.Timedelta(minutes=10), "SHOP shows 3")
    assert (row["status_code"], row["on_hand_qty"]) == ("on_hand", 1)


def test_a_receipt_that_was_let_go_of_takes_nothing_back():
    events = recorded(events_of(IN), [(20, 1)])
    assert standing(recorded(events, [])) == [(20, "SHOP", "W", "S1")]
    assert standing(recorded(events, [(90, 4)])) == [(20, "SHOP", "W", "S1")], "an old number is not listed by the oldest left"
    assert len(recorded(events, [(90, 4)])) == len(events)


def test_a_document_that_brought_it_no_more_takes_its_listing_back():
    events = recorded(events_of(IN), [(20, 1)])
    gone = journal(events.loc[events["stage_code"].eq("received")], events_of().assign(modified_at_utc=None), {}, AT)
    after = recorded(pd.concat([events, gone], ignore_index=True), [(20, 1)])
    assert standing(after) == []
    assert after["reverses_key"].notna().sum() == 2


def test_nothing_known_is_nothing_listed():
    assert listed_events(empty("core_serial_events"), receipts(), {}).empty


steps = st.lists(
    st.tuples(
        st.sampled_from(["received", "fulfilled", "returned", "moved_out", "moved_in", "scrapped", "sold"]),
        st.sampled_from(["S1", "S2"]),
        st.sampled_from(["W", "X"]),
    ),
    min_size=1,
    max_size=8,
)
shows = st.lists(st.tuples(st.integers(0, 3), st.sampled_from([("SHOP", "W"), ("FEED", "")])), max_size=8)


@settings(max_examples=15, deadline=None)
@given(steps, shows, st.randoms(use_true_random=False))
def test_the_order_in_which_documents_come_to_be_known_changes_nothing(life, shown, chance):
    """Documents in any order, some twice, receipts as they come: the listings that stand are those of one look at everything."""
    events = events_of(
        *(event(stage, 10 * minute, number=number, place=place) for minute, (stage, number, place) in enumerate(life, 1))
    )
    times = [(7 * place, units, *where) for place, (units, where) in enumerate(shown, 1)]
    whole = recorded(events, times)
    order = list(events.index)
    chance.shuffle(order)
    known, read = events.iloc[:0], []
    for turn, place in enumerate([*order, *order[:2]]):
        if place not in read:
            read.append(place)
            known = pd.concat([known, events.loc[[place]]], ignore_index=True)
        known = recorded(known, times[: chance.randint(0, len(times))] if turn < len(order) else times)
    assert standing(known) == standing(whole)
    assert known["event_key"].is_unique
    assert len(recorded(whole, times)) == len(whole)
