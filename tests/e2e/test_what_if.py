"""`truecount what-if` and `truecount plan`: the rules as a calculator, and what a change of the contract would alter."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from contract.errors import ContractError
from flows.what_if import run_what_if

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
CONTRACT = Path(__file__).parent.parent / "worlds" / "small_contract.yaml"
FRAMES = {
    "core_items": "sku,tags\nMILK,\nBREAD,fresh\n",
    "core_locations": "location_code\nWAREHOUSE\nSTORE_406\n",
    "core_stock": "sku,location_code,on_hand_qty,committed_qty\nMILK,WAREHOUSE,20,3\nMILK,STORE_406,2,0\nBREAD,WAREHOUSE,5,0\n",
    "core_order_lines": "shop_code,order_line_id_shopify,sku,location_code,demand_qty\nGROCER,1,MILK,WAREHOUSE,4\nGROCER,2,BOX,WAREHOUSE,1\n",
    "core_holds": "sku,location_code,hold_code,held_qty\nMILK,WAREHOUSE,damaged,1\n",
    "core_components": "kit_sku,sku,component_qty\nBOX,MILK,2\nBOX,BREAD,1\n",
}


@pytest.fixture
def folder(tmp_path):
    shutil.copy(CONTRACT, tmp_path / "contract.yaml")
    for name, text in FRAMES.items():
        (tmp_path / f"{name}.csv").write_text(text)
    return tmp_path


def test_the_numbers_of_a_folder(folder):
    run_what_if(folder, AT)
    atp = pd.read_csv(folder / "out_atp.csv").set_index(["sku", "location_code"])["atp_qty"].to_dict()
    # MILK: 20 - 3 committed - 4 ordered - 2 in a box - 1 damaged.
    assert atp == {("MILK", "WAREHOUSE"): 10, ("MILK", "STORE_406"): 2, ("BREAD", "WAREHOUSE"): 4}
    told = pd.read_csv(folder / "out_channel_quantities.csv").set_index(["channel_code", "sku", "location_code"])["publish_qty"]
    assert told["GROCER_SHOP", "MILK", "WAREHOUSE"] == 9
    assert told["GROCER_SHOP", "BOX", "WAREHOUSE"] == 3
    assert told["MARKETPLACE", "MILK", "-"] == 8


def test_frames_that_are_missing_mean_none(folder):
    for name in ("core_order_lines", "core_holds", "core_components"):
        (folder / f"{name}.csv").unlink()
    result = run_what_if(folder, AT)
    assert result.out_atp.set_index(["sku", "location_code"])["atp_qty"]["MILK", "WAREHOUSE"] == 17


def test_levels_stand_in_for_holds_and_show_what_no_order_explains(folder):
    (folder / "core_holds.csv").unlink()
    (folder / "core_components.csv").unlink()
    (folder / "core_order_lines.csv").write_text(FRAMES["core_order_lines"].replace("GROCER,2,BOX,WAREHOUSE,1\n", ""))
    (folder / "core_levels.csv").write_text(
        "shop_code,sku,location_code,available_qty,committed_qty,reserved_qty\nGROCER,MILK,WAREHOUSE,9,6,1\nGROCER,BREAD,WAREHOUSE,5,0,0\n"
    )
    row = run_what_if(folder, AT).out_atp.set_index(["sku", "location_code"]).loc[("MILK", "WAREHOUSE")]
    assert (row["unreflected_qty"], row["unseen_qty"], row["held_qty"], row["atp_qty"]) == (4, 2, 1, 10)


def test_every_slip_is_told_at_once_with_its_file_and_line(folder):
    (folder / "core_stock.csv").write_text(
        "sku,location_code,on_hand_qty\nMILK,WAREHOUSE,two\nMILK,WAREHOUSE,2.5\nBREAD,WAREHOUSE\n"
    )
    (folder / "core_items.csv").write_text("sku,colour\nMILK,white\n")
    (folder / "core_locations.csv").unlink()
    with pytest.raises(ContractError) as refused:
        run_what_if(folder, AT)
    told = [str(problem) for problem in refused.value.problems]
    assert told == [
        "line 1: core_items.csv: column colour is unknown",
        "core_locations.csv: is missing; it needs the columns location_code",
        "line 2: core_stock.csv: on_hand_qty: 'two' is not a whole number",
        "line 3: core_stock.csv: MILK/WAREHOUSE stands in line 2 already",
        "line 3: core_stock.csv: on_hand_qty: '2.5' is not a whole number",
        "line 4: core_stock.csv: has 2 fields, and the header has 3",
    ]


def test_a_location_that_the_contract_does_not_know_is_told(folder):
    (folder / "core_locations.csv").write_text("location_code\nMOON\n")
    with pytest.raises(ContractError, match="MOON is not in the contract"):
        run_what_if(folder, AT)


def test_a_plan_shows_what_a_change_would_alter_and_why(finished_run, run, tmp_path, world):
    planned = tmp_path / "planned.yaml"
    text = (tmp_path / "contract" / "contract.yaml").read_text()
    planned.write_text(
        text.replace("cap: 25", "cap: 20").replace("default_rule: { buffer_units: 0 }", "default_rule: { buffer_units: 2 }")
    )
    code, out, _ = run("plan", str(planned), "--run", finished_run, "--json")
    assert code == 0
    told = {(row["channel_code"], row["sku"], row["location_code"]): row for row in json.loads(out)["changes"]}
    row = told["MARKETPLACE", "EGGS", "-"]
    assert (row["before_qty"], row["after_qty"], row["change_qty"], row["why"]) == (25, 20, -5, "cap 25 -> 20")
    row = told["GROCER_SHOP", "EGGS", "STORE_406"]
    assert (row["change_qty"], row["why"]) == (-2, "buffer 0 -> 2")
    assert not [key for key in told if key[:2] == ("GROCER_SHOP", "EGGS") and key[2] == "WAREHOUSE"]


def test_a_plan_without_a_change_changes_nothing(finished_run, run, tmp_path, world):
    code, out, _ = run("plan", str(tmp_path / "contract" / "contract.yaml"), "--run", finished_run)
    assert code == 0
    assert "0 numbers would change" in out
