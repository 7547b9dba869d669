"""Which numbers a document carries: what the partner says left, what the order names, what came back; and what must wait."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.order_lines import Leaving, Refusal
from domain.serial_assignment import Claim, Held, Notice, Numbers, Told
from domain.serial_departures import Departed, Departures

ITEM, LINE = ("G/1", "PHONE"), ("G/1", "7", "PHONE")
LOT_ITEM, LOT_LINE = ("G/1", "MILK"), ("G/1", "8", "MILK")


def numbers(*, here=("A", "B", "C"), assign="none", out=(), back=(), **told):
    held = {("PHONE", "1"): [Held(str(place), number, 1, "9999") for place, number in enumerate(here)]}
    held |= {("MILK", "1"): [Held("91", "L1", 5, "2026-12-01"), Held("92", "L2", 5, "2027-01-01")]}
    departures = Departures(
        {
            ITEM: [Departed(*one) if isinstance(one, tuple) else Departed(one, 1) for one in out],
            LOT_ITEM: [Departed("L1", 2), Departed("L2", 3)],
        },
        {ITEM: Counter(back)},
    )
    return Numbers({"PHONE": "serial", "MILK": "lot"}, held, Told(**told, locations={"1": "W"}), departures, assign)


def claims(*names):
    return [Claim(name.lstrip("?"), "unknown_number" if name.startswith("?") else None) for name in names]


def notices(*names, place="W", tracking=None, units=1):
    return [Notice(claim, units, place, tracking) for claim in claims(*names)]


def taken(detail):
    rows = detail["inventoryDetail"]["inventoryAssignment"]["items"]
    assert detail["inventoryDetail"]["quantity"] == sum(row["quantity"] for row in rows)
    return {(row.get("receiptInventoryNumber") or row["issueInventoryNumber"]["id"]): row["quantity"] for row in rows}


def outcome(made):
    try:
        return taken(made())
    except Refusal as refusal:
        return refusal.code


def leaving(units=1, line=LINE, **more):
    return Leaving("order #1 fulfilment 5", line, units, "1", **more)


SHIPS = {  # what is told; the shipment; the ids that leave, or why it waits
    "nothing is named": ({}, leaving(), "numbers_missing"),
    "the order names it": ({"claims": {LINE: claims("B")}}, leaving(), {"1": 1}),
    "a notice names another": ({"claims": {LINE: claims("B")}, "notices": {ITEM: notices("C")}}, leaving(), {"2": 1}),
    "a notice names one of two": ({"claims": {LINE: claims("A", "B")}, "notices": {ITEM: notices("C")}}, leaving(2), {"2": 1, "0": 1}),
    "a notice names the order's second": (
        {"claims": {LINE: claims("A", "B")}, "notices": {ITEM: notices("A")}}, leaving(2), {"0": 1, "1": 1},
    ),
    "a notice of another place": ({"claims": {LINE: claims("B")}, "notices": {ITEM: notices("C", place="S")}}, leaving(), {"1": 1}),
    "a notice of another order": ({"notices": {("G/2", "PHONE"): notices("C")}}, leaving(), "numbers_missing"),
    "the second shipment takes what was told second": ({"notices": {ITEM: notices("A", "B")}}, leaving(before_at_place=1), {"1": 1}),
    "more is told than leaves": ({"notices": {ITEM: notices("A", "B")}}, leaving(), {"0": 1}),
    "a notice's left first, though the order names it second": (
        {"here": "AC", "claims": {LINE: claims("A", "B")}, "notices": {ITEM: notices("B")}}, leaving(before=1, before_at_place=1), {"0": 1},
    ),
    "the second left first, by hand": ({"here": "AC", "claims": {LINE: claims("A", "B")}}, leaving(before=1), {"0": 1}),
    "the second left first and is back": (
        {"claims": {LINE: claims("A", "B")}, "out": [("B", 0)], "back": ["B"]}, leaving(before=1), {"0": 1},
    ),
    "the first left and is back": ({"claims": {LINE: claims("A", "B")}}, leaving(before=1), {"1": 1}),
    "the first left, and the last is told for a parcel to come": (
        {"here": "BC", "claims": {LINE: claims("A", "B", "C")}, "notices": {ITEM: notices("C", place="S")}}, leaving(before=1), {"0": 1},
    ),
    "a tracked notice, after a parcel without one": (
        {"here": "BC", "claims": {LINE: claims("A", "B", "C")}, "notices": {ITEM: notices("B", tracking="1Z")}},
        leaving(2, before=1, before_at_place=1, tracking=("1Z",)), {"0": 1, "1": 1},
    ),
    "one that nobody has any more is not taken for one that left": (
        {"here": "BC", "claims": {LINE: claims("A", "B")}}, leaving(), "number_not_there",
    ),
    "a notice of another place names the only one": (
        {"claims": {LINE: claims("B")}, "notices": {ITEM: notices("B", place="S")}}, leaving(), {"1": 1},
    ),
    "its own tracking number comes first": (
        {"notices": {ITEM: [*notices("A", tracking="1Z1"), *notices("B", tracking="1Z2")]}}, leaving(tracking=("1Z2",)), {"1": 1},
    ),
    "the second line of a tracked parcel": (
        {"notices": {ITEM: notices("A", "B", tracking="1Z")}},
        leaving(tracking=("1Z",), before_at_place=9, before_in_shipment=1), {"1": 1},
    ),
    "the order names what nobody has, and a notice tells": (
        {"claims": {LINE: claims("?X")}, "notices": {ITEM: notices("C")}}, leaving(), {"2": 1},
    ),
    "a notice names what nobody has": ({"notices": {ITEM: notices("?X")}}, leaving(), "unknown_number"),
    "the order names what nobody has": ({"claims": {LINE: claims("?X")}}, leaving(), "unknown_number"),
    "a notice names what is not there": ({"notices": {ITEM: notices("Z")}}, leaving(), "number_not_there"),
    "a lot by a notice, with its units": ({"notices": {LOT_ITEM: notices("L2", units=3)}}, leaving(3, LOT_LINE), {"92": 3}),
    "two lots by a notice": (
        {"notices": {LOT_ITEM: [*notices("L2", units=2), *notices("L1")]}}, leaving(3, LOT_LINE), {"92": 2, "91": 1},
    ),
    "one lot stands for all units": ({"claims": {LOT_LINE: claims("L2")}}, leaving(3, LOT_LINE), {"92": 3}),
    "and for those that left after others": ({"claims": {LOT_LINE: claims("L2", "L2")}}, leaving(1, LOT_LINE, before=2), {"92": 1}),
    "two lots, each as often as units of it": (
        {"claims": {LOT_LINE: claims("L1", "L1", "L2")}, "assign": "fefo"}, leaving(3, LOT_LINE), {"91": 2, "92": 1},
    ),
    "two lots, shipped one at a time": ({"claims": {LOT_LINE: claims("L1", "L2")}}, leaving(1, LOT_LINE, before=1), {"92": 1}),
    "two lots are too few": ({"claims": {LOT_LINE: claims("L1", "L2")}}, leaving(3, LOT_LINE), "numbers_missing"),
    "a notice's lot left first": (
        {"claims": {LOT_LINE: claims("L1", "L2")}, "notices": {LOT_ITEM: notices("L2")}},
        leaving(1, LOT_LINE, before=1, before_at_place=1), {"91": 1},
    ),
    "a notice names a part of a lot": (
        {"claims": {LOT_LINE: claims("L1", "L1", "L2")}, "notices": {LOT_ITEM: notices("L1")}}, leaving(3, LOT_LINE), {"91": 2, "92": 1},
    ),
    "a lot by a notice that has not so many": ({"notices": {LOT_ITEM: notices("L2", units=6)}}, leaving(6, LOT_LINE), "numbers_missing"),
}  # fmt: skip


@pytest.mark.parametrize("name", SHIPS)
def test_what_ships(name):
    told, what, expected = SHIPS[name]
    assert outcome(lambda: numbers(**told).issue(what)) == expected


def test_a_rule_picks_none_that_a_partner_says_left():
    one = numbers(notices={("G/2", "PHONE"): notices("A")}, assign="fifo")
    assert taken(one.issue(leaving())) == {"1": 1}


def test_a_rule_picks_none_that_another_order_has_and_none_that_is_doubtful():
    one = numbers(assign="fifo")
    one.promised, one.doubtful = {("PHONE", "A"): "G/2", ("CASE", "C"): "G/2"}, frozenset({("PHONE", "B"), ("CASE", "C")})
    assert taken(one.issue(leaving())) == {"2": 1}
    assert outcome(lambda: one.issue(leaving())) == "numbers_missing"
    mine = numbers(assign="fifo", claims={LINE: claims("B")})
    mine.promised, mine.doubtful = {("PHONE", "A"): "G/1", ("PHONE", "B"): "G/1"}, frozenset({("PHONE", "B")})
    assert taken(mine.issue(leaving(2))) == {"1": 1, "0": 1}, "what this order names, and what it once named"
    lots = numbers(assign="fefo")
    lots.doubtful = frozenset({("MILK", "L1")})
    assert taken(lots.issue(leaving(2, LOT_LINE))) == {"92": 2}


@given(st.permutations("ABCDE"), st.sets(st.sampled_from("ABCDE"), max_size=4), st.lists(st.integers(1, 3), max_size=5))
def test_every_unit_that_an_order_names_leaves_once_whichever_left_first(named, gone, parcels):
    """Whatever a clerk shipped by hand before, the parcels to come carry the rest of what is named, each once."""
    one = numbers(here=[name for name in "ABCDE" if name not in gone], claims={LINE: claims(*named)})
    ids = {held.id: held.number for held in one.held["PHONE", "1"]}
    left = list(gone)
    for units in parcels:
        what = leaving(units, before=len(left))
        got = outcome(lambda what=what: one.issue(what))
        if len(left) + units > len(named):
            assert got == "numbers_missing"
            break
        left += [ids[key] for key in got]
        assert len(set(left)) == len(left)


def test_an_item_without_numbers_carries_none():
    assert numbers().issue(leaving(line=("G/1", "7", "APPLE"))) == {}
    assert numbers().receive("r", ("G/1", "7", "APPLE"), 1) == {}


COMES_BACK = {  # the numbers out, those that came back before, those told; the units; the numbers, or why it waits
    "the only one": (["A"], [], [], 1, {"A": 1}),
    "all of them": (["A", "B"], [], [], 2, {"A": 1, "B": 1}),
    "one of two, and nobody says which": (["A", "B"], [], [], 1, "numbers_unknown"),
    "one of two, told": (["A", "B"], [], ["B"], 1, {"B": 1}),
    "told first, the second return takes the rest": ([("A", 0), "B", "C"], ["A"], ["A", "C"], 1, {"C": 1}),
    "the last one needs no telling": ([("A", 0), "B"], ["A"], ["A"], 1, {"B": 1}),
    "told by hand before, not told now": ([("A", 0), "B", "C"], ["A"], [], 1, "numbers_unknown"),
    "one of two told, the other can be one only": (["A", "B"], [], ["B"], 2, {"A": 1, "B": 1}),
    "one of two told, the other can be two": (["A", "B", "C"], [], ["B"], 2, "numbers_unknown"),
    "more told than came back: the first ones": (["A", "B", "C"], [], ["C", "A"], 1, {"C": 1}),
    "it did not leave for the order": (["A", "B"], [], ["Z"], 1, "number_not_out"),
    "it came back already": ([("A", 0), "B", "C"], ["A"], ["A", "A"], 1, "number_not_out"),
    "it is told twice": (["A", "B", "C"], [], ["A", "A"], 2, "number_not_out"),
    "nobody has it": (["A", "B"], [], ["?X"], 1, "unknown_number"),
    "nothing left": ([], [], [], 1, "numbers_unknown"),
    "more came back than left": (["A"], [], [], 2, "numbers_unknown"),
    "the other line's is not meant": ([("A", 1, "9"), ("B", 1, "7")], [], [], 1, {"B": 1}),
    "the other line's, told": ([("A", 1, "9"), ("B", 1, "7")], [], ["A"], 1, {"A": 1}),
    "of no line that is known": (["A", ("B", 1, "9")], [], [], 1, {"A": 1}),
}  # fmt: skip


@pytest.mark.parametrize("name", COMES_BACK)
def test_what_comes_back(name):
    out, back, told, units, expected = COMES_BACK[name]
    one = numbers(out=out, back=back, returned={LINE: claims(*told)})
    assert outcome(lambda: one.receive("order #1 refund 3", LINE, units)) == expected


@pytest.mark.parametrize(
    ("told", "units", "expected"),
    [
        ([], 5, {"L1": 2, "L2": 3}),
        ([], 1, "numbers_unknown"),
        (["L2"], 2, {"L2": 2}),
        (["L1"], 3, "number_not_out"),
        (["L1", "L2"], 2, {"L1": 1, "L2": 1}),
        (["L1", "L2", "L2"], 3, {"L1": 1, "L2": 2}),
    ],
)
def test_lots_come_back(told, units, expected):
    one = numbers(returned={LOT_LINE: claims(*told)})
    assert outcome(lambda: one.receive("r", LOT_LINE, units)) == expected


def test_what_is_refused_says_what_to_do():
    with pytest.raises(Refusal) as refused:
        numbers(out=["A", "B"]).receive("order #1 refund 3", LINE, 1)
    assert refused.value.told == (
        "order #1 refund 3: 1 of PHONE came back, and 2 that left are out (A, B); write those that came back where "
        "serials.returned says, or book it by hand"
    )
    with pytest.raises(Refusal, match="A of PHONE came back already, and is said to have come back; correct it where"):
        numbers(out=[("A", 0), "B"], back=["A"], returned={LINE: claims("A", "A")}).receive("r", LINE, 1)


@given(st.permutations("ABCDE"), st.lists(st.integers(min_value=1, max_value=3), max_size=4))
def test_returns_bring_each_number_once_and_in_the_order_told(told, returns):
    """However the returns are cut, what they bring is what was told, up to the units that came back."""
    one = numbers(out=list("ABCDE"), returned={LINE: claims(*told)})
    brought, left = [], 5
    for units in returns:
        got = outcome(lambda units=units: one.receive("r", LINE, units))
        if units > left:
            assert got == "numbers_unknown"
            break
        left -= units
        assert sum(got.values()) == units
        assert set(got) == set(told[len(brought) : len(brought) + units])
        brought += got
