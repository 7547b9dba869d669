"""A run in which a system answers with nothing: an account without orders, a shop without levels, a first day."""

import pytest

from contract.frames import empty
from contract.tables import TABLES
from domain.compute import compute_inventory
from tests.domain.read_order import RIGHT, first_sight, make_shops, make_stories, raw_frames

RAW = [name for name in TABLES if name.startswith("raw_")]
CONTRACT = make_shops()


@pytest.fixture(scope="module")
def full():
    stories = make_stories(20, RIGHT, seed=3)
    state = first_sight(stories, CONTRACT)
    for _ in range(3):
        for story in stories:
            story.to_publish()
    return raw_frames(stories), state


@pytest.mark.parametrize("missing", [*([name] for name in RAW), RAW, [name for name in RAW if "order" in name or "fulfil" in name]])
def test_whatever_is_empty_stops_nothing(full, missing):
    raw, state = full
    for before in (state, {name: empty(name) for name in state}):
        told = compute_inventory({**raw, **{name: empty(name) for name in missing}}, before, CONTRACT, "f")
        assert (told["out_channel_quantities"]["publish_qty"] >= 0).all()


def test_documents_of_another_connector_alone_carry_no_line_ids_of_ours(full):
    raw, state = full
    lines = raw["raw_netsuite__order_lines"]
    assert len(lines)
    unstamped = lines.assign(order_line_id_shopify=empty("raw_netsuite__order_lines")["order_line_id_shopify"])
    told = compute_inventory({**raw, "raw_netsuite__order_lines": unstamped}, state, CONTRACT, "f")
    assert len(told["core_ledger"])
