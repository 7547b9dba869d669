"""Adding a partner or a location is an edit of the contract alone."""

from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from contract.errors import FatalError
from contract.settings import read_settings
from flows.wiring import open_context
from tasks.compute import compute_numbers
from tasks.record_run import load_state
from tests.e2e.steps import read


def edit_contract(change):
    path = Path(read_settings().contract_path)
    text = yaml.safe_load(path.read_text())
    change(text)
    path.write_text(yaml.safe_dump(text))


def numbers():
    with open_context() as context:
        return compute_numbers.fn(context, "r", read(context), load_state(context))


def atp(frames, place):
    rows = frames["out_atp"].query("location_code == @place")
    return dict(rows[["sku", "atp_qty"]].itertuples(index=False, name=None))


@pytest.fixture
def partner(world, tmp_path):
    """EXPRESS's store is kept by a partner; its count of 20 minutes ago is older than the till sale of 2 EGGS."""
    with open_context() as context:
        counted_at = context.now() - timedelta(minutes=20)
    rows = {"APPLE": 6, "BREAD": 5, "CHEESE": 3, "DATES": 4, "EGGS": 1, "FLOUR": 2}
    lines = [f"{sku},{units},{counted_at:%Y-%m-%dT%H:%M:%S}" for sku, units in rows.items()]
    path = tmp_path / "contract" / "partner.csv"
    path.write_text("\n".join(["Item,Units,Counted", *lines]))
    edit_contract(
        lambda contract: contract.update(
            partners=[
                {
                    "partner_code": "THREEPL",
                    "location": "STORE_31782",
                    "url": "partner.csv",
                    "columns": {"sku": "Item", "on_hand": "Units", "as_of": "Counted"},
                    "max_age_minutes": 120,
                }
            ]
        )
    )
    return path


def test_a_partners_count_leads_to_the_same_truth(world, partner):
    frames = numbers()
    truth = {row["sku"]: row["truth_qty"] for row in world.seed["truth"] if row["location_code"] == "STORE_31782"}
    assert {sku: units for sku, units in atp(frames, "STORE_31782").items() if sku in truth} == truth
    eggs = frames["out_atp"].query("sku == 'EGGS' and location_code == 'STORE_31782'").iloc[0]
    assert (eggs["on_hand_qty"], eggs["partner_open_qty"], eggs["atp_qty"]) == (1, 2, -1)
    sources = frames["core_stock"].set_index(["sku", "location_code"])["source_code"]
    assert (sources["EGGS", "STORE_31782"], sources["EGGS", "STORE_406"]) == ("THREEPL", "netsuite")


def test_a_partners_bad_file_leaves_its_numbers_as_they_are_and_the_rest_goes_on(world, partner):
    partner.write_text(partner.read_text().split("FLOUR")[0] + "FLO")
    frames = numbers()
    assert atp(frames, "STORE_31782") == {}
    assert atp(frames, "STORE_406")["EGGS"] == 9
    changes = frames["out_quantity_changes"]
    assert "STORE_31782" not in set(changes["location_code"])
    told = frames["core_unresolved"].query("reason_code == 'partner_unreadable'").iloc[0]
    assert "half written" in told["value"]


def test_a_location_more(world):
    before = numbers()
    edit_contract(lambda contract: contract["locations"].pop())

    def without_store(contract):
        express = next(channel for channel in contract["channels"] if channel["channel_code"] == "EXPRESS_SHOP")
        express["pool"] = ["WAREHOUSE"]

    edit_contract(without_store)
    less = numbers()
    assert atp(less, "STORE_31782") == {}
    assert atp(less, "STORE_406") == atp(before, "STORE_406")

    def with_store(contract):
        places = {"EXPRESS": "gid://shopify/Location/2002"}
        contract["locations"].append({"location_code": "STORE_31782", "netsuite_locations": ["15"], "shopify_locations": places})
        express = next(channel for channel in contract["channels"] if channel["channel_code"] == "EXPRESS_SHOP")
        express["pool"] = ["WAREHOUSE", "STORE_31782"]

    edit_contract(with_store)
    assert atp(numbers(), "STORE_31782") == atp(before, "STORE_31782")


def test_stock_on_hold_is_not_for_sale_once_the_contract_names_the_statuses(world):
    with world.world.lock:
        world.world.db.execute("INSERT INTO ns_statusstock (item, location, inventorystatus, quantity) VALUES (101, 1, 2, 3)")
        world.world.db.commit()
    with pytest.raises(FatalError, match=r"stock is in 2 inventory statuses \(ids 1, 2\); name those that may be sold"):
        numbers()
    edit_contract(lambda contract: contract["account"].update(sellable_statuses=["1"]))
    assert atp(numbers(), "WAREHOUSE")["APPLE"] == 16 - 3
    edit_contract(lambda contract: contract["account"].update(sellable_statuses=["1", "2"]))
    assert atp(numbers(), "WAREHOUSE")["APPLE"] == 16
