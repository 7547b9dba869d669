"""What a shop shows beside our numbers: each verdict by its row."""

import pytest

from contract.frames import from_rows
from domain.shadow import compare_shown
from tests.domain.channel_world import atp_frame

SPEC = """
    shown  ours  pool  verdict            units
    9      4     5     would_oversell     4
    9      0     -3    would_oversell     9
    1      0     0     would_oversell     1
    5      4     5     kept_back_by_rule  1
    0      4     5     would_lose_sales   4
    -2     0     -3    same_to_a_buyer    0
    -2     3     4     would_lose_sales   3
"""


@pytest.mark.parametrize("row", [line.split() for line in SPEC.strip().splitlines()[1:]])
def test_what_showing_it_would_come_to(row):
    shown, ours, pool, verdict, units = *map(int, row[:3]), row[3], int(row[4])
    place = {"channel_code": "ONE", "sku": "S", "location_code": "A"}
    ids = {"shop_code": "ONE", "inventory_item_id_shopify": "i", "location_id_shopify": "l", "change_key": ""}
    changes = from_rows("out_quantity_changes", [{**place, **ids, "expected_qty": shown, "desired_qty": ours}])
    number = {"arriving_qty": 0, "share_qty": max(pool, 0), "buffer_qty": 1, "cap_qty": None, "publish_qty": ours}
    numbers = from_rows(
        "out_channel_quantities", [{**place, **number, "pool_qty": pool, "rule_code": "r", "contract_fingerprint": "f"}]
    )
    atp = atp_frame({("S", "A"): pool}).assign(unreflected_qty=9 - pool)
    told = compare_shown(changes, numbers, atp).iloc[0]
    assert (told["verdict_code"], told["units_qty"]) == (verdict, units)
    assert ("sold, not in NetSuite's figure yet" in told["why"]) == (verdict == "would_oversell")
