"""A run over a few SKUs decides what the whole run decides of them, whatever is sold, made of others, or renamed."""

import random

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from contract.frames import empty, from_rows
from contract.models import Pack
from contract.tables import TABLES
from domain.compute import compute_inventory
from domain.scope import SCOPE, cut, find_scope, replace_orders
from tests.domain.read_order import BUSY, RIGHT, STAMP, first_sight, make_shops, make_stories, raw_frames

COUNT = 70
NUMBERS = ("out_channel_quantities", "out_quantity_changes", "out_feed_rows", "out_activations")
FLOUR_BOX, PACKED = "BOX", "5"


def worlds(seed):
    """Yield raw frames of many SKUs, some made kits (kits of kits among them) and some renamed, with the state before."""
    rng = random.Random(seed)
    stories = make_stories(COUNT, RIGHT, seed)
    contract = make_shops()
    contract = contract.model_copy(update={"packs": (Pack(sku=FLOUR_BOX, stock_sku=PACKED, units=3),)})
    state = first_sight(stories, contract)
    kits = {str(number): rng.sample(range(number), k=2) for number in rng.sample(range(20, COUNT), k=15)}
    # One variant was renamed since it sold, and one sells the pack.
    names = {"v-renamed": ("7", "8"), "v-pack": ("9", FLOUR_BOX)}
    for _ in range(BUSY):
        for story in stories:
            story.to_publish()
        raw = raw_frames(stories)
        members = [{"kit_item_id_netsuite": kit, "item_id_netsuite": str(part)} for kit, parts in kits.items() for part in parts]
        raw["raw_netsuite__kit_members"] = _rows("raw_netsuite__kit_members", members, component_qty="2")
        items, variants = raw["raw_netsuite__items"], raw["raw_shopify__variants"]
        raw["raw_netsuite__items"] = items.assign(item_type=items["item_type"].where(~items["item_code"].isin(list(kits)), "Kit"))
        sku = variants["sku"].replace(dict(names.values()))
        raw["raw_shopify__variants"] = variants.assign(sku=sku)
        told = compute_inventory(raw, state, contract, "f")
        yield raw, state, contract, told
        state = {name: told[name] for name in state}


def _rows(table, rows, **more):
    return from_rows(table, [{**dict.fromkeys(TABLES[table].columns), **STAMP, **row, **more} for row in rows])


def same(left, right):
    assert_frame_equal(left.reset_index(drop=True), right.reset_index(drop=True))


@pytest.mark.parametrize("seed", [1, 2])
def test_the_numbers_of_a_few_skus_are_those_of_the_whole_run(seed):
    rng, changed = random.Random(seed), 0
    for raw, state, contract, whole in worlds(seed):
        codes = [*raw["raw_netsuite__items"]["item_code"], FLOUR_BOX]
        for count in (1, 3, 20):
            asked = rng.sample(codes, k=count)
            scope = find_scope(raw, contract, asked)
            part = cut(raw, scope)
            few = compute_inventory(part, _state_of(state, scope), contract, "f")
            for name in NUMBERS:
                same(few[name], whole[name].loc[whole[name]["sku"].isin(asked)])
            same(few["out_atp"], whole["out_atp"].loc[whole["out_atp"]["sku"].isin(list(scope.stock))])
            known = whole["core_expected_levels"]
            same(few["core_expected_levels"], known.loc[known["sku"].isin(list(scope.sold))])
            changed += len(few["out_quantity_changes"])
            assert len(part["raw_netsuite__stock"]) <= len(scope.stock) * 2
    assert changed > 20


def _state_of(state, scope):
    return {name: frame.loc[frame["sku"].isin(list(scope.sold))] for name, frame in state.items()}


def test_a_kit_brings_what_it_is_made_of_and_what_else_is_made_of_that():
    items = _rows(
        "raw_netsuite__items",
        [{"item_id_netsuite": str(n), "item_code": code, "item_type": kind} for n, (code, kind) in enumerate(ITEMS, start=1)],
    )
    members = [("5", "1"), ("5", "2"), ("6", "2"), ("6", "3"), ("7", "5")]
    rows = [{"kit_item_id_netsuite": kit, "item_id_netsuite": part, "component_qty": "1"} for kit, part in members]
    raw = {"raw_netsuite__items": items, "raw_netsuite__kit_members": _rows("raw_netsuite__kit_members", rows)}
    scope = find_scope(raw, make_shops(), ["AB"])
    assert scope.asked == {"AB"}
    assert scope.stock == {"AB", "A", "B"}
    assert scope.sold == {"AB", "A", "B", "BC", "BOX OF AB"}
    assert scope.named == {"AB", "A", "B", "BC", "BOX OF AB", "C"}
    assert list(scope.frame()["is_asked"]) == ["false", "true", "false"]


ITEMS = [
    ("A", "InvtPart"),
    ("B", "InvtPart"),
    ("C", "InvtPart"),
    ("D", "InvtPart"),
    ("AB", "Kit"),
    ("BC", "Kit"),
    ("BOX OF AB", "Kit"),
]


def test_an_unknown_sku_has_no_number_and_nothing_of_others():
    raw, state, contract, _ = next(worlds(5))
    scope = find_scope(raw, contract, ["no such SKU"])
    few = compute_inventory(cut(raw, scope), _state_of(state, scope), contract, "f")
    assert few["out_channel_quantities"].empty
    assert few["out_atp"].empty
    assert few["core_unresolved"].empty


def test_without_a_scope_every_number_is_kept():
    raw, state, contract, whole = next(worlds(6))
    assert SCOPE not in {name for name, frame in raw.items() if len(frame)}
    assert compute_inventory({**raw, SCOPE: empty(SCOPE)}, state, contract, "f")["out_atp"].equals(whole["out_atp"])


def test_an_order_read_again_takes_the_place_of_the_one_read_before():
    raw = next(worlds(7))[0]
    lines = raw["raw_shopify__order_lines"]
    first = lines["order_id_shopify"].iloc[0]
    shop = lines["shop_code"].iloc[0]
    key = {"shop_code": shop, "order_id_shopify": first}
    fresh = {name: empty(name) for name in TABLES if name.startswith("raw_shopify__")}
    fresh["raw_shopify__orders"] = _rows("raw_shopify__orders", [key], name="#new")
    merged = replace_orders(raw, fresh)
    of_it = {name: int((frame[list(key)] == pd.Series(key)).all(axis=1).sum()) for name, frame in merged.items()}
    assert of_it == {name: int(name == "raw_shopify__orders") for name in merged}
    assert len(merged["raw_shopify__orders"]) == len(raw["raw_shopify__orders"])
