"""Split pools, feeds and http channels on the running small world: what falls is known to have fallen before anything rises."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pandas as pd
import pytest
import yaml

from contract.settings import read_settings
from flows.publish_inventory import oldest_read
from flows.wiring import open_context
from tasks.compute import compute_numbers
from tasks.publish_outlets import lower_outlets, write_outlets
from tasks.publish_quantities import activate_levels, not_fallen, publish_changes
from tasks.record_run import begin_run, load_state, remember_levels
from tests.e2e.steps import read


class Receiver(BaseHTTPRequestHandler):
    """Keeps the newest number of each SKU, and answers as it is told."""

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status = self.server.answers.pop(0) if self.server.answers else 204
        if status == 204:
            self.server.shown.update({row["sku"]: row["quantity"] for row in body["numbers"]})
            self.server.calls.append([row["sku"] for row in body["numbers"]])
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        """Be silent."""


@pytest.fixture
def receiver():
    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        server.shown, server.answers, server.calls = {}, [], []
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def edit_contract(change):
    path = Path(read_settings().contract_path)
    text = yaml.safe_load(path.read_text())
    change(text)
    path.write_text(yaml.safe_dump(text))


def with_market(receiver, **more):
    def change(contract):
        url = f"http://127.0.0.1:{receiver.server_address[1]}/stock"
        contract["channels"].append({"channel_code": "MARKET", "kind": "http", "url": url, "pool": ["WAREHOUSE"], **more})

    return change


def numbers_of(context):
    found = compute_numbers.fn(context, "r", read(context), load_state(context))
    remember_levels.fn(context, found)
    return found


def publish(context, shops=()):
    """Publish as the flow does, without Prefect."""
    numbers = numbers_of(context)
    run_id = begin_run(context, "publish-inventory", {})
    lowered = lower_outlets.fn(context, run_id, numbers)
    changes = numbers["out_quantity_changes"]
    in_shops = publish_changes.fn(context, run_id, changes, shop_codes=shops, unconfirmed=not_fallen(lowered))
    still_high = pd.concat([not_fallen(lowered), not_fallen(in_shops)])
    return numbers, in_shops, write_outlets.fn(context, run_id, numbers, still_high)


def decided(numbers, channel):
    rows = numbers["out_channel_quantities"].query("channel_code == @channel")
    return dict(rows[["sku", "publish_qty"]].itertuples(index=False, name=None))


def test_an_http_channel_is_an_edit_of_the_contract(world, receiver, monkeypatch):
    monkeypatch.setenv("TRUECOUNT_CHANNEL_MARKET_SECRET", "s3cret-of-the-receiver")
    edit_contract(with_market(receiver))
    with open_context() as context:
        numbers, _, written = publish(context)
        assert receiver.shown == decided(numbers, "MARKET")
        assert set(written.outcomes.query("channel_code == 'MARKET'")["outcome"]) == {"accepted"}
        calls = len(receiver.calls)
        publish(context)
        assert len(receiver.calls) == calls, "nothing has changed, nothing is sent"


def test_numbers_whose_answer_was_lost_are_sent_again(world, receiver, monkeypatch):
    monkeypatch.setenv("TRUECOUNT_CHANNEL_MARKET_SECRET", "s3cret-of-the-receiver")
    edit_contract(with_market(receiver))
    with open_context() as context:
        context.endpoints["MARKET"]._session._sleep = lambda _: None
        receiver.answers = [503] * 5
        _, _, written = publish(context)
        market = written.outcomes.query("channel_code == 'MARKET'")
        assert set(market["outcome"]) == {"unsettled"}
        assert market["message"].str.contains("channel MARKET: numbers: HTTP 503").all()
        assert receiver.shown == {}
        numbers, _, _ = publish(context)
        assert receiver.shown == decided(numbers, "MARKET")


def test_a_channel_that_refuses_takes_no_other_down(world, receiver, monkeypatch):
    monkeypatch.setenv("TRUECOUNT_CHANNEL_MARKET_SECRET", "s3cret-of-the-receiver")
    edit_contract(with_market(receiver))
    receiver.answers = [422]
    with open_context() as context:
        _, in_shops, written = publish(context)
        assert set(in_shops["outcome"]) == {"accepted"}
        told = written.outcomes.groupby("channel_code")["outcome"].first().to_dict()
        assert told == {"MARKET": "rejected", "MARKETPLACE": "accepted"}


def split_between_shop_and_market(shop_share, market_share):
    def change(contract):
        grocer = next(channel for channel in contract["channels"] if channel["channel_code"] == "GROCER_SHOP")
        market = next(channel for channel in contract["channels"] if channel["channel_code"] == "MARKET")
        grocer.update(pool=["WAREHOUSE"], rules=[], rule={"share": shop_share})
        market.update(rule={"share": market_share})
        contract["splits"] = [{"split_code": "WARE", "channels": ["GROCER_SHOP", "MARKET"]}]

    return change


def test_units_move_between_channels_only_after_the_one_is_known_to_have_fallen(world, receiver, monkeypatch):
    monkeypatch.setenv("TRUECOUNT_CHANNEL_MARKET_SECRET", "s3cret-of-the-receiver")
    edit_contract(with_market(receiver))
    edit_contract(split_between_shop_and_market(0.8, 0.2))
    with open_context() as context:
        publish(context)
    edit_contract(split_between_shop_and_market(0.2, 0.8))
    shop = world.world.shops["GROCER"]
    item = next(row["inventory_item_id"] for row in shop.variants.values() if row["sku"] == "EGGS")
    pair = (item, "gid://shopify/Location/1001")
    high = shop.levels[pair]["available"]
    fault = {"system": "shopify", "shop": "GROCER", "operation": "inventorySetQuantities", "kind": "status", "status": 503}
    world.world.faults.order({**fault, "times": 5})
    with open_context() as context:
        context.shops["GROCER"]._session._sleep = lambda _: None
        numbers, in_shops, written = publish(context)
        assert (high, decided(numbers, "GROCER_SHOP")["EGGS"], decided(numbers, "MARKET")["EGGS"]) == (24, 6, 24)
        assert in_shops.query("sku == 'EGGS' and channel_code == 'GROCER_SHOP'")["outcome"].to_list() == ["unanswered"]
        assert written.outcomes.query("sku == 'EGGS' and channel_code == 'MARKET'")["outcome"].to_list() == ["held_back"]
        assert shop.levels[pair]["available"] + receiver.shown["EGGS"] <= 30
        world.world.faults.clear()
        publish(context)
        assert (shop.levels[pair]["available"], receiver.shown["EGGS"]) == (6, 24)


def test_units_move_back_in_one_run(world, receiver, monkeypatch):
    monkeypatch.setenv("TRUECOUNT_CHANNEL_MARKET_SECRET", "s3cret-of-the-receiver")
    edit_contract(with_market(receiver))
    edit_contract(split_between_shop_and_market(0.2, 0.8))
    with open_context() as context:
        publish(context)
    edit_contract(split_between_shop_and_market(0.8, 0.2))
    receiver.calls.clear()
    with open_context() as context:
        _, in_shops, _ = publish(context)
        eggs = in_shops.query("sku == 'EGGS' and channel_code == 'GROCER_SHOP'")
        assert eggs[["desired_qty", "outcome"]].to_numpy().tolist() == [[24, "accepted"]]
        assert receiver.shown["EGGS"] == 6


def test_a_shop_that_is_not_chosen_keeps_its_units(world, receiver, monkeypatch):
    monkeypatch.setenv("TRUECOUNT_CHANNEL_MARKET_SECRET", "s3cret-of-the-receiver")
    edit_contract(with_market(receiver))
    edit_contract(split_between_shop_and_market(0.8, 0.2))
    with open_context() as context:
        publish(context)
    edit_contract(split_between_shop_and_market(0.2, 0.8))
    with open_context() as context:
        _, in_shops, written = publish(context, shops=["EXPRESS"])
        assert in_shops.query("sku == 'EGGS' and channel_code == 'GROCER_SHOP'")["outcome"].to_list() == ["not_chosen"]
        assert written.outcomes.query("sku == 'EGGS' and channel_code == 'MARKET'")["outcome"].to_list() == ["held_back"]


def test_nothing_is_sent_that_rests_on_reads_too_old(world):
    with open_context() as context:
        numbers = numbers_of(context)
        run_id = begin_run(context, "publish-inventory", {})
        late = publish_changes.fn(context, run_id, numbers["out_quantity_changes"], publish_by=oldest_read(numbers))
        assert set(late["outcome"]) == {"not_sent"}
        assert late["message"].str.contains("publish_within_minutes").all()


def test_a_level_that_is_missing_is_stocked_where_the_contract_says_so(world):
    shop = world.world.shops["EXPRESS"]
    item = next(row["inventory_item_id"] for row in shop.variants.values() if row["sku"] == "FLOUR")
    shop.inactive.add((item, "gid://shopify/Location/2002"))
    with open_context() as context:
        assert numbers_of(context)["out_activations"].empty
    edit_contract(lambda contract: contract["channels"][1].update(activate=True))
    with open_context() as context:
        numbers, _, _ = publish(context)
        assert ("EXPRESS_SHOP", "STORE_31782", "FLOUR") not in set(
            numbers["out_quantity_changes"][["channel_code", "location_code", "sku"]].itertuples(index=False, name=None)
        )
        stocked = activate_levels.fn(context, "r", numbers["out_activations"])
        assert stocked[["sku", "location_code", "outcome"]].to_numpy().tolist() == [["FLOUR", "STORE_31782", "activated"]]
        shop.levels[item, "gid://shopify/Location/2002"]["available"] = 9
        numbers, in_shops, _ = publish(context)
        flour = in_shops.query("sku == 'FLOUR' and location_code == 'STORE_31782'")
        assert flour[["expected_qty", "desired_qty", "outcome"]].to_numpy().tolist() == [[9, 2, "accepted"]]
        assert numbers["out_activations"].empty


def test_a_location_that_is_closed_meanwhile_is_told(world):
    shop = world.world.shops["EXPRESS"]
    item = next(row["inventory_item_id"] for row in shop.variants.values() if row["sku"] == "FLOUR")
    shop.inactive.add((item, "gid://shopify/Location/2002"))
    edit_contract(lambda contract: contract["channels"][1].update(activate=True))
    with open_context() as context:
        wanted = numbers_of(context)["out_activations"]
        shop.change_location({"id": "gid://shopify/Location/2002", "is_active": False})
        told = activate_levels.fn(context, "r", wanted).iloc[0]
        assert (told["outcome"], "because the location wasn't found" in told["message"]) == ("rejected", True)
