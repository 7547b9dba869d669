"""Adding a partner or a location is an edit of the contract alone."""

import json
import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import yaml

from contract.errors import FatalError
from contract.settings import read_settings
from flows.wiring import open_context
from tasks.compute import compute_numbers
from tasks.read_inventory import read_netsuite_balances
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


ALL = {"APPLE", "BREAD", "CHEESE", "DATES", "EGGS", "FLOUR"}
BAD_FILES = {
    "half written": (lambda text: text.split("FLOUR")[0] + "FLO", "partner_unreadable", "the file may be half written", ALL),
    "not begun": (lambda text: text[:0], "partner_unreadable", "the file is empty; it may be half written", ALL),
    "a header renamed": (lambda text: text.replace("Units", "Qty"), "partner_unreadable", "column Units is not there", ALL),
    "counted tomorrow": (lambda text: moved_by(text, hours=9), "partner_unreadable", "yet to come; check time_zone", ALL),
    "counted hours ago": (lambda text: moved_by(text, hours=-9), "partner_too_old", " UTC", set()),
    "a SKU twice": (lambda text: text + "\n" + text.splitlines()[5], "duplicate_sku", "EGGS", {"EGGS"}),
    "a negative count": (lambda text: text.replace("CHEESE,3", "CHEESE,-3"), "negative_quantity", "-3", set()),
    "a part of a unit": (lambda text: text.replace("FLOUR,2", "FLOUR,2.5"), "fractional_quantity", "2.5", {"FLOUR"}),
    "a word": (lambda text: text.replace("FLOUR,2", "FLOUR,two"), "not_a_number", "two", {"FLOUR"}),
}
"""What is wrong with the file, the reason code, what is told, and the SKUs whose numbers are left as they are."""


def moved_by(text, hours):
    """Return the file as one whose clock is in another time zone."""
    return re.sub(
        r"\d{4}-[-\d]+T[:\d]+", lambda found: (datetime.fromisoformat(found[0]) + timedelta(hours=hours)).isoformat(), text
    )


def test_a_partners_bad_file_leaves_its_numbers_as_they_are_and_the_rest_goes_on(world, partner):
    good = partner.read_text()
    truth = {row["sku"]: row["truth_qty"] for row in world.seed["truth"] if row["location_code"] == "STORE_31782"}
    with open_context() as context:
        raw = read(context)
        for break_it, reason, told, left in BAD_FILES.values():
            partner.write_text(break_it(good))
            again = raw | read_netsuite_balances.fn(context, "r")
            frames = compute_numbers.fn(context, "r", again, load_state(context))
            found = frames["core_unresolved"].query("source_frame.str.startswith('raw_partners') and reason_code == @reason")
            assert [value for value in found["value"] if told in value], (reason, told, frames["core_unresolved"])
            here = {sku: units for sku, units in atp(frames, "STORE_31782").items() if sku in truth}
            assert set(here) == ALL - left
            # A count below 0 stands as it is, and too old a one only lowers: nothing is ever above the truth.
            exact = {sku for sku in here if reason != "partner_too_old" and (reason, sku) != ("negative_quantity", "CHEESE")}
            assert all(here[sku] == truth[sku] if sku in exact else here[sku] <= truth[sku] for sku in here)
            changes = frames["out_quantity_changes"].query("location_code == 'STORE_31782'")
            assert left.isdisjoint(changes["sku"])
            assert atp(frames, "STORE_406")["EGGS"] == 9
        partner.write_text(good)
    assert {sku: units for sku, units in atp(numbers(), "STORE_31782").items() if sku in truth} == truth


def test_a_partners_file_that_is_not_there_ends_in_a_row_and_exit_code_1(world, partner, run, bodies):
    good = partner.read_text()
    partner.unlink()
    code, out, err = run("publish-inventory", "--write", "--json")
    assert (code, err, json.loads(out)["set_aside"]["partner_unreadable"]) == (1, "", 1)
    partner.write_text(good)
    code, out, _ = run("publish-inventory", "--write", "--json")
    assert "partner_unreadable" not in json.loads(out)["set_aside"]
    assert numbers()["out_quantity_changes"].empty


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
