"""The connector against the sandbox's NetSuite, over a real socket, with the small world."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from connectors.http import Patience
from connectors.netsuite.client import NetsuiteClient
from connectors.netsuite.read_order_lines import read_order_lines, read_order_lines_by_reference, reread_order_lines
from connectors.netsuite.read_schema import read_custom_fields, read_list_values
from connectors.netsuite.read_stock import read_items, read_locations, read_stock, read_transfers_in_transit
from connectors.netsuite.records import create_or_adopt, find_transaction_by_external_id, get_by_external_id
from contract.errors import FatalError, RejectedError
from contract.frames import conform
from contract.settings import NetsuiteSettings
from contract.tables import TABLES
from sandbox.server import Sandbox
from sandbox.worlds.accounts import CERTIFICATE_ID, NETSUITE_CLIENT_ID, TBA
from sandbox.worlds.small import small_world

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
RUN = {"run_id": "r1", "extracted_at": NOW}
LINE_ID = "custcol_shopify_line_id"


@pytest.fixture(scope="module")
def key_files(tmp_path_factory):
    """A private key file and its public key, of each kind."""
    folder = tmp_path_factory.mktemp("keys")
    made = {}
    for name, key in (("rsa", rsa.generate_private_key(65537, 3072)), ("ec", ec.generate_private_key(ec.SECP256R1()))):
        path = folder / f"{name}.pem"
        path.write_bytes(
            key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        )
        public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        made[name] = (str(path), public.decode())
    return made


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory, key_files):
    with Sandbox.start(tmp_path_factory.mktemp("world"), small_world(NOW, key_files["rsa"][1])) as running:
        yield running


@pytest.fixture
def fresh(sandbox, key_files):
    """The sandbox as it began."""
    sandbox.world.reset(small_world(NOW, key_files["rsa"][1]))
    return sandbox


@pytest.fixture
def m2m(sandbox, key_files):
    return NetsuiteSettings(
        base_url=sandbox.urls["netsuite"],
        client_id=NETSUITE_CLIENT_ID,
        certificate_id=CERTIFICATE_ID,
        private_key_file=key_files["rsa"][0],
    )


@pytest.fixture
def client(m2m, tmp_path):
    patience = Patience(connect_seconds=2, read_seconds=1, attempts=3)
    return NetsuiteClient("1234567_SB1", m2m, state_folder=tmp_path, patience=patience, sleep=lambda s: None)


def order_body(external_id: str, **more: object) -> dict:
    line = {"item": {"id": "101"}, "quantity": 2, "rate": 0.99, "location": {"id": "1"}, LINE_ID: "gid://x/1"}
    return {
        "externalId": external_id,
        "entity": {"id": "501"},
        "tranDate": "2026-11-23",
        "orderStatus": {"id": "B"},
        "item": {"items": [line]},
    } | more


def test_each_way_to_log_in_opens_the_account(fresh, m2m, key_files, tmp_path):
    tba = NetsuiteSettings(base_url=m2m.base_url, **TBA)
    for settings in (m2m, tba):
        assert len(read_locations(NetsuiteClient("1234567_SB1", settings, state_folder=tmp_path), **RUN)) == 3


def test_a_certificate_of_an_elliptic_curve_key_opens_the_account(sandbox, m2m, key_files, tmp_path):
    sandbox.world.reset(small_world(NOW, key_files["ec"][1]))
    client = NetsuiteClient("1234567_SB1", replace(m2m, private_key_file=key_files["ec"][0]), state_folder=tmp_path)
    assert len(read_locations(client, **RUN)) == 3


@pytest.mark.parametrize("wrong", ["private_key_file", "certificate_id", "client_id", "account", "token_secret"])
def test_wrong_credentials_stop_and_say_what_to_check(fresh, m2m, key_files, tmp_path, wrong):
    account, settings = "1234567_SB1", m2m
    if wrong == "account":
        account = "7654321"
    elif wrong == "token_secret":
        settings = NetsuiteSettings(base_url=m2m.base_url, **(TBA | {"token_secret": "other"}))
    else:
        settings = replace(m2m, **{wrong: key_files["ec"][0] if wrong == "private_key_file" else "other"})
    with pytest.raises(FatalError, match="check"):
        read_locations(NetsuiteClient(account, settings, state_folder=tmp_path), **RUN)


def test_items_and_stock_are_read_as_netsuite_has_them(fresh, client):
    items = read_items(client, **RUN)
    assert list(items.columns) == list(TABLES["raw_netsuite__items"].columns)
    code_of = dict(zip(items["item_id_netsuite"], items["item_code"], strict=True))
    assert code_of["101"] == "APPLE"
    assert {"GRAPES", "HONEY", "SHIPPING"} <= set(code_of.values())
    stock = conform("raw_netsuite__stock", read_stock(client, ["1"], **RUN))
    assert set(stock["location_id_netsuite"]) == {"1"}
    of = stock.set_index("item_id_netsuite")
    # 1003 took 5 of the 2 CHEESE: 2 committed, 3 backordered.
    assert of.loc["103", ["on_hand_qty", "committed_qty", "backordered_qty"]].astype(float).tolist() == [2, 2, 3]
    assert float(of.loc["192", "on_hand_qty"]) == 2.5


def test_more_rows_than_a_page_come_once_each(sandbox, key_files, client):
    seed = small_world(NOW, key_files["rsa"][1])
    extra = [{"id": str(5000 + n), "itemid": f"X{n}", "itemtype": "InvtPart"} for n in range(1200)]
    seed["netsuite"]["items"] += extra
    seed["netsuite"]["stock"] += [
        {"item": item["id"], "location": place, "quantityonhand": 1} for item in extra for place in ("1", "11")
    ]
    sandbox.world.reset(seed)
    items = read_items(client, **RUN)
    assert items["item_id_netsuite"].is_unique
    assert len(items) == len(seed["netsuite"]["items"])
    stock = read_stock(client, ["1", "11"], **RUN)
    assert not stock.duplicated(["item_id_netsuite", "location_id_netsuite"]).any()
    assert stock["item_id_netsuite"].isin([item["id"] for item in extra]).sum() == 2400


def read_lines(client, **more):
    return read_order_lines(client, **({"since": NOW - timedelta(days=60), "line_id_column": LINE_ID} | RUN | more))


def test_order_lines_tell_what_is_committed_and_what_waits(fresh, client):
    lines = read_lines(client)
    assert list(lines.columns) == list(TABLES["raw_netsuite__order_lines"].columns)
    goods = lines[lines["item_id_netsuite"].astype(int).between(101, 106)].set_index("other_ref_num")
    assert set(goods.index) == {"#G1001", "#G1002", "#G1003", "#G1004", "#G1005", "#E2002", "#E2003", "PHONE-1"}

    def of(name):
        row = goods.loc[name, ["ordered_qty", "committed_qty", "backordered_qty"]].astype("float").fillna(0)
        return (*goods.loc[name, ["transaction_type", "status_code"]], *row)

    assert of("#G1001") == ("SalesOrd", "B", 2, 2, 0)
    assert of("#G1002") == ("SalesOrd", "A", 3, 0, 0)
    assert of("#G1003") == ("SalesOrd", "B", 5, 2, 3)
    assert of("#G1005")[0] == "CashSale"
    assert of("#G1005")[2] == 2
    assert goods.loc["#G1001", "order_line_id_shopify"] == "gid://shopify/LineItem/1001001"
    assert goods["order_line_id_shopify"].isna()["#E2002"]
    assert conform("raw_netsuite__order_lines", lines)["transaction_id_netsuite"].notna().all()
    stamps = lines["transaction_modified_at_utc"]
    assert stamps.str.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ").all()


def test_reading_again_gives_the_same_lines_and_only_those(fresh, client):
    lines = read_lines(client)
    some = sorted(set(lines["transaction_id_netsuite"]))[:3]
    again = reread_order_lines(client, some, line_id_column=LINE_ID, **RUN)
    assert set(again["transaction_id_netsuite"]) == set(some)
    expected = lines[lines["transaction_id_netsuite"].isin(some)].reset_index(drop=True)
    assert again.equals(expected)


def test_since_is_an_instant_in_utc_and_takes_closed_documents_from_then_on(fresh, client):
    """Cash sales are never open: only `since` brings them, and its instant itself is in."""
    sales = read_lines(client).query("transaction_type == 'CashSale'")
    stamp = max(sales["transaction_modified_at_utc"])
    at = datetime.fromisoformat(stamp)
    assert stamp in set(read_lines(client, since=at)["transaction_modified_at_utc"])
    later = read_lines(client, since=at + timedelta(seconds=1))
    assert "CashSale" not in set(later["transaction_type"])
    assert "SalesOrd" in set(later["transaction_type"])


def act(sandbox, action: str, **body: object) -> dict:
    answer = requests.post(f"{sandbox.urls['control']}/netsuite/{action}", json=body, timeout=10)
    answer.raise_for_status()
    return answer.json()


def test_a_shipment_of_an_order_that_is_still_open_is_read_however_old(fresh, client):
    shipped = act(fresh, "fulfil", external_id="SHOPIFY-GROCER-1001", lines=[{"line": 1, "quantity": 1, "location": 1}])
    lines = read_lines(client, since=NOW + timedelta(days=400)).set_index("transaction_id_netsuite")
    line = lines.loc[shipped["fulfilment"]]
    assert line["transaction_type"] == "ItemShip"
    assert line["status_code"] == "C"
    assert float(line["ordered_qty"]) == 1
    assert line["location_id_netsuite"] == "1"
    assert line["created_from_id_netsuite"] == shipped["transaction"]
    assert lines.loc[shipped["transaction"]]["status_code"].eq("D").all()


def test_what_is_taken_back_or_deleted_between_the_reads_shows_at_the_second(fresh, client):
    lines = read_lines(client)
    ids = lines.groupby("other_ref_num")["transaction_id_netsuite"].first()
    act(fresh, "unapprove", external_id="SHOPIFY-GROCER-1001")
    act(fresh, "delete", external_id="SHOPIFY-GROCER-1003")
    wanted = [ids["#G1001"], ids["#G1003"]]
    again = reread_order_lines(client, wanted, line_id_column=LINE_ID, **RUN)
    assert set(again["transaction_id_netsuite"]) == {ids["#G1001"]}
    assert set(again["status_code"]) == {"A"}
    assert again["committed_qty"].astype("float").fillna(0).sum() == 0


def test_lines_by_external_id_and_with_a_body_field(fresh, client):
    create_or_adopt(client, "salesOrder", order_body("SHOPIFY-t-1", custbody_shopify_order_id="77"))
    found = read_order_lines_by_reference(
        client,
        {"externalid": ["SHOPIFY-t-1", "SHOPIFY-t-none"], "custbody_shopify_order_id": ["77"]},
        line_id_column=LINE_ID,
        custom_fields={"web_order_id": "custbody_shopify_order_id"},
        **RUN,
    )
    assert found[["external_id", "ordered_qty", "web_order_id"]].to_numpy().tolist() == [["SHOPIFY-t-1", "2", "77"]]


def test_a_field_that_the_account_does_not_have_stops_and_is_named(fresh, client):
    with pytest.raises(FatalError, match="custcol_gone"):
        read_lines(client, line_id_column="custcol_gone")


def test_an_order_is_made_once_and_found_again(fresh, client):
    first = create_or_adopt(client, "salesOrder", order_body("SHOPIFY-t-1"))
    second = create_or_adopt(client, "salesOrder", order_body("SHOPIFY-t-1"))
    assert not first.was_adopted
    assert second.was_adopted
    assert second.id == first.id
    assert find_transaction_by_external_id(client, "SalesOrd", "SHOPIFY-t-1") == first.id
    assert find_transaction_by_external_id(client, "SalesOrd", "SHOPIFY-T-1") is None
    record = get_by_external_id(client, "salesOrder", "SHOPIFY-t-1", expand=True)
    assert record is not None
    assert record["item"]["items"][0]["quantity"] == 2
    assert get_by_external_id(client, "salesOrder", "SHOPIFY-t-2") is None


@pytest.mark.parametrize("kind", ["timeout_before", "timeout_after", "disconnect", "truncate"])
def test_a_fault_during_a_create_ends_with_one_record(fresh, client, kind):
    fresh.world.faults.order({"system": "netsuite", "kind": kind, "operation": "POST /services/rest/record", "seconds": 1.5})
    outcome = create_or_adopt(client, "salesOrder", order_body("SHOPIFY-t-9"))
    assert find_transaction_by_external_id(client, "SalesOrd", "SHOPIFY-t-9") == outcome.id


@pytest.mark.parametrize("kind", ["timeout_before", "disconnect", "truncate", "status"])
def test_a_fault_during_a_read_is_read_over(fresh, client, kind):
    fresh.world.faults.order({"system": "netsuite", "kind": kind, "operation": "suiteql", "seconds": 1.5})
    assert len(read_locations(client, **RUN)) == 3


def test_an_unknown_field_refuses_the_whole_record(fresh, client):
    with pytest.raises(RejectedError) as refused:
        create_or_adopt(client, "salesOrder", order_body("SHOPIFY-t-3", custbody_nope="x"))
    assert refused.value.code == "invalid_property"
    assert refused.value.path == "custbody_nope"
    assert find_transaction_by_external_id(client, "SalesOrd", "SHOPIFY-t-3") is None


def test_an_unknown_item_is_refused_with_its_path(fresh, client):
    body = order_body("SHOPIFY-t-4")
    body["item"]["items"][0]["item"]["id"] = "9999"
    with pytest.raises(RejectedError, match="9999") as refused:
        create_or_adopt(client, "salesOrder", body)
    assert refused.value.code == "USER_ERROR"


def test_a_transfer_under_way_is_one_row_at_its_target(fresh, client):
    def act(action, **body):
        return requests.post(f"{fresh.urls['control']}/netsuite/{action}", json=body, timeout=10).json()

    sent = act("ship_transfer", item=101, from_location=1, to_location=11, quantity=3, expected_receipt_date="2026-12-01")
    act("receive", item=101, location=11, quantity=1, transfer=sent["transaction"])
    (row,) = read_transfers_in_transit(client, **RUN).to_dict("records")
    names = ("from_location_id_netsuite", "to_location_id_netsuite", "shipped_qty", "received_qty", "expected_receipt_date")
    assert [row[name] for name in names] == ["1", "11", "3", "1", "2026-12-01"]


def test_the_values_of_the_lists_that_fields_choose_from(fresh, client):
    fields = read_custom_fields(client, **RUN)
    wanted = {"custbody_sales_channel", "custbody_utm_source"}
    rows = read_list_values(client, fields, wanted, **RUN)[["script_id", "value_id_netsuite", "name", "is_inactive"]]
    assert [tuple(row) for row in rows.itertuples(index=False)] == [
        ("custbody_sales_channel", "1", "Web", "F"),
        ("custbody_sales_channel", "2", "Point of Sale", "F"),
        ("custbody_sales_channel", "3", "Draft Order", "F"),
    ]
    assert read_list_values(client, fields, {"custbody_utm_source"}, **RUN).empty
    fresh.world.db.execute("UPDATE ns_customlist SET scriptid = 'customlist_hidden'")
    assert read_list_values(client, fields, wanted, **RUN).empty, "what the role may not see has no rows, and stops no run"
