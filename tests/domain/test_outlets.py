"""Outlets beside what they show, and numbers of a split pool that wait for another channel to fall."""

import pandas as pd
import pytest

from domain.publishing import beside_shown, held_back, oldest_read
from tests.domain.channel_world import make_contract

KEY = ["channel_code", "sku"]


def frame(text, *columns):
    rows = [line.split() for line in text.strip().splitlines()]
    return pd.DataFrame(rows, columns=list(columns))


def test_what_an_outlet_shows_beside_what_it_must_show():
    decided = frame("M A 5 \n M B 0 \n M C 7", *KEY, "publish_qty").astype({"publish_qty": "int64"})
    shown = pd.DataFrame(
        [("M", "A", 5, True), ("M", "B", 2, True), ("M", "D", 4, True), ("M", "GONE", 3, True), ("M", "C", None, False)],
        columns=[*KEY, "shown_qty", "is_certain"],
    ).astype({"shown_qty": "Int64"})
    told = beside_shown(decided, shown, {"A", "B", "C", "D"}).set_index("sku")
    spec = """
        sku   publish shown certain item
        A     5       5     True    True
        B     0       2     True    True
        C     7       <NA>  False   True
        D     4       4     True    True
        GONE  0       3     True    False
    """
    found = [
        [sku, *map(str, told.loc[sku, ["publish_qty", "shown_qty", "is_certain", "is_item"]])]
        for sku in ("A", "B", "C", "D", "GONE")
    ]
    assert found == [line.split() for line in spec.strip().splitlines()[1:]]


def test_an_outlet_that_shows_nothing_yet():
    decided = frame("M A 5", *KEY, "publish_qty").astype({"publish_qty": "int64"})
    nothing = pd.DataFrame({"channel_code": [], "sku": [], "shown_qty": pd.array([], dtype="Int64"), "is_certain": []})
    told = beside_shown(decided, nothing, {"A"}).iloc[0]
    assert (told["publish_qty"], told["shown_qty"] is pd.NA, told["is_certain"]) == (5, True, True)


@pytest.mark.parametrize(
    ("unconfirmed", "rises", "is_held"),
    [
        ("", "ONE A", False),  # nothing waits
        ("TWO A", "ONE A", True),  # the other of its split still shows it
        ("TWO B", "ONE A", False),  # another SKU
        ("FEED A", "ONE A", False),  # a channel outside the split
        ("TWO A", "FEED A", False),  # a rise outside the split
        ("ONE A", "ONE A", True),  # its own other location has not fallen: the pool is the same
    ],
)
def test_what_must_not_rise_yet(unconfirmed, rises, is_held):
    contract = make_contract({"ONE": {}, "TWO": {}, "FEED": {}}, splits=[{"split_code": "S", "channels": ["ONE", "TWO"]}])
    waiting = frame(unconfirmed, *KEY) if unconfirmed else pd.DataFrame(columns=KEY)
    assert held_back(frame(rises, *KEY), waiting, contract).to_list() == [is_held]


def test_the_oldest_read_of_a_run_without_reads_is_long_ago():
    nothing = pd.DataFrame({"read_at_utc": pd.to_datetime([], utc=True)})
    assert oldest_read({"core_stock": nothing, "core_levels": nothing}).year == 1970
