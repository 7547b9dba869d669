"""The metadata catalog, CustomField, custom lists, system notes, and an administrator who changes them."""

import pytest

from sandbox.netsuite import seed as seeds

from .conftest import RECORD, account_seed, detail, line, order

CATALOG = f"{RECORD}/metadata-catalog"
SCHEMA = {"Accept": "application/schema+json"}
STRICT = {"X-NetSuite-PropertyNameValidation": "Error"}


def schema_of(client, record="salesOrder"):
    answer = client.call("GET", f"{CATALOG}/{record}", headers=SCHEMA)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/schema+json")
    return answer.json()


def body_field(client, name):
    return schema_of(client)["properties"].get(name)


def field_rows(client, script_id):
    sql = "SELECT scriptid, name, fieldtype, ismandatory, isinactive FROM CustomField WHERE LOWER(scriptid) = ?"
    return [tuple(row.values()) for row in client.rows(sql, script_id)]


def test_the_list_of_records(client):
    told = client.call("GET", CATALOG).json()
    names = [row["name"] for row in told["items"]]
    assert {"salesorder", "cashsale", "customer", "itemfulfillment", "invoice", "creditmemo"} <= set(names)
    assert [(row["rel"], row["mediaType"]) for row in told["items"][0]["links"]] == [
        ("canonical", "application/schema+json"),
        ("alternate", "application/swagger+json"),
        ("alternate", "application/schema+json"),
        ("describes", "application/json"),
    ]


def test_the_schema_of_a_record_shows_each_kind_of_field(client):
    schema = schema_of(client)
    assert schema["$schema"] == "https://json-schema.org/draft-06/hyper-schema#"
    fields = schema["properties"]
    assert fields["custbody_order_id"] == {"title": "Order Id", "type": "string", "nullable": True, "x-ns-custom-field": True}
    assert fields["custbody_gift"]["type"] == "boolean"
    assert set(fields["custbody_channel"]["properties"]) == {"id", "refName", "externalId", "links"}
    assert fields["tranDate"] == {"type": "string", "format": "date", "nullable": True}
    assert fields["orderStatus"]["properties"]["id"]["enum"] == ["A", "B"]
    element = fields["item"]["properties"]["items"]["items"]
    assert element["properties"]["custcol_line_id"]["x-ns-custom-field"] is True
    assert element["properties"]["quantity"]["type"] == "number"
    assert element["x-ns-sublistkey"]["value"]["existing"] == ["line"]
    assert not [name for name in fields if name.startswith("custcol")]
    assert "required" not in schema


@pytest.mark.parametrize("record", ["salesorder", "cashSale", "invoice", "itemFulfillment", "creditMemo", "customer"])
def test_records_are_found_whatever_the_case(client, record):
    fields = schema_of(client, record)["properties"]
    assert ("custbody_gift" in fields) == (record != "customer")


def test_a_record_that_is_not_there_and_one_not_modelled(client):
    assert client.call("GET", f"{CATALOG}/nope", headers=SCHEMA).status_code == 404
    assert client.call("GET", f"{CATALOG}/inventoryItem", headers=SCHEMA).status_code == 501


def test_the_catalog_needs_a_token(client):
    client.http.headers.pop("Authorization")
    assert client.call("GET", CATALOG).status_code == 401


def test_open_api_holds_the_same_schemas(client):
    told = client.call("GET", f"{CATALOG}?select=customer,salesorder", headers={"Accept": "application/swagger+json"}).json()
    assert told["components"]["schemas"]["salesOrder"] == schema_of(client)
    assert set(told["components"]["schemas"]) == {"customer", "salesOrder"}


def test_a_new_label(client):
    assert client.act("rename_field", scriptid="custbody_order_id", name="Web Order").status_code == 200
    assert body_field(client, "custbody_order_id")["title"] == "Web Order"
    assert field_rows(client, "custbody_order_id") == [("custbody_order_id", "Web Order", "text", "F", "F")]


def test_a_new_script_id_keeps_the_values_and_breaks_whoever_uses_the_old_one(client):
    identifier = client.create("salesOrder", order(line(), custbody_order_id="77"))
    client.act("rename_field", scriptid="custbody_order_id", to="custbody_web_order")
    assert client.rows("SELECT custbody_web_order AS x FROM transaction") == [{"x": "77"}]
    assert "Unknown identifier 'custbody_order_id'" in detail(client.query("SELECT custbody_order_id FROM transaction"))[2]
    shown = client.call("GET", f"{RECORD}/salesOrder/{identifier}").json()
    assert (shown["custbody_web_order"], "custbody_order_id" in shown) == ("77", False)
    answer = client.call("POST", f"{RECORD}/salesOrder", order(line(), custbody_order_id="1"), headers=STRICT)
    assert detail(answer)[1] == "INVALID_CONTENT"
    assert body_field(client, "custbody_order_id") is None
    assert body_field(client, "custbody_web_order")["title"] == "Order Id"


def test_another_type(client):
    client.create("salesOrder", order(line(), custbody_order_id="77"))
    client.create("salesOrder", order(line(), custbody_order_id="#78"))
    client.act("retype_field", scriptid="custbody_order_id", fieldtype="integer")
    assert body_field(client, "custbody_order_id")["type"] == "integer"
    assert client.rows("SELECT custbody_order_id AS x FROM transaction ORDER BY id") == [{"x": "77"}, {}]
    answer = client.call("POST", f"{RECORD}/salesOrder", order(line(), custbody_order_id="79"))
    assert detail(answer)[1] == "USER_ERROR"
    client.create("salesOrder", order(line(), custbody_order_id=79))


def test_a_field_becomes_mandatory(client):
    client.act("set_mandatory", scriptid="custbody_order_id")
    assert field_rows(client, "custbody_order_id")[0][3] == "T"
    answer = client.call("POST", f"{RECORD}/salesOrder", order(line()))
    assert detail(answer)[2].endswith("Please enter value(s) for: Order Id.")
    client.act("set_mandatory", scriptid="custbody_order_id", mandatory=False)
    client.create("salesOrder", order(line()))


def test_a_field_hidden_from_the_role_keeps_its_definition_only(client):
    identifier = client.create("salesOrder", order(line(), custbody_order_id="77"))
    client.act("set_field_access", scriptid="custbody_order_id", access="none")
    assert body_field(client, "custbody_order_id") is None
    assert len(field_rows(client, "custbody_order_id")) == 1
    assert client.query("SELECT custbody_order_id FROM transaction").status_code == 400
    assert "custbody_order_id" not in client.call("GET", f"{RECORD}/salesOrder/{identifier}").json()
    answer = client.call("PATCH", f"{RECORD}/salesOrder/{identifier}", {"custbody_order_id": "1"}, headers=STRICT)
    assert detail(answer)[1] == "INVALID_CONTENT"
    assert client.act("edit_field", transaction=identifier, field="custbody_order_id", value="78").status_code == 200
    client.act("set_field_access", scriptid="custbody_order_id", access="edit")
    assert client.rows("SELECT custbody_order_id AS x FROM transaction") == [{"x": "78"}]


def test_what_a_role_may_only_see_is_dropped_in_silence(client):
    client.act("set_field_access", scriptid="custbody_order_id", access="view")
    identifier = client.create("salesOrder", order(line(), custbody_order_id="77"), **STRICT)
    assert "custbody_order_id" not in client.call("GET", f"{RECORD}/salesOrder/{identifier}").json()
    assert body_field(client, "custbody_order_id")["readOnly"] is True


def test_an_inactive_field_and_a_removed_one(client):
    client.create("salesOrder", order(line(), custbody_order_id="77"))
    client.act("set_field_inactive", scriptid="custbody_order_id")
    assert body_field(client, "custbody_order_id") is None
    assert field_rows(client, "custbody_order_id")[0][4] == "T"
    client.act("set_field_inactive", scriptid="custbody_order_id", inactive=False)
    assert client.rows("SELECT custbody_order_id AS x FROM transaction") == [{"x": "77"}]
    client.act("remove_field", scriptid="custbody_order_id")
    assert field_rows(client, "custbody_order_id") == []
    client.act("add_field", scriptid="custbody_order_id", name="Order Id")
    assert client.rows("SELECT custbody_order_id AS x FROM transaction") == [{}]


def test_the_values_of_a_list_are_a_record_of_its_own(client):
    sql = "SELECT id, name, isinactive FROM customlist_channel ORDER BY id"
    assert [tuple(row.values()) for row in client.rows(sql)] == [("1", "Web", "F"), ("2", "Till", "F")]
    found = client.rows("SELECT l.scriptid FROM CustomField f JOIN CustomList l ON l.internalid = f.fieldvaluetyperecord")
    assert found == [{"scriptid": "customlist_channel"}]
    assert detail(client.query("SELECT id FROM customlist_nope"))[2].endswith("Record 'customlist_nope' was not found.")


def test_a_list_value_is_renamed_and_deactivated(client):
    identifier = client.create("salesOrder", order(line(), custbody_channel={"id": "2"}))
    client.act("edit_list_value", list="customlist_channel", id=2, name="Point of Sale")
    sql = "SELECT BUILTIN.DF(custbody_channel) AS x FROM transaction"
    assert client.rows(sql) == [{"x": "Point of Sale"}]
    client.act("edit_list_value", list="customlist_channel", id=2, inactive=True)
    answer = client.call("POST", f"{RECORD}/salesOrder", order(line(), custbody_channel={"id": "2"}))
    assert detail(answer)[2].endswith("Invalid Field Value 2 for the following field: custbody_channel.")
    shown = client.call("GET", f"{RECORD}/salesOrder/{identifier}").json()["custbody_channel"]
    assert shown["refName"] == "Point of Sale"
    assert client.act("edit_list_value", list="customlist_channel", name="Phone").json()["id"] == "3"
    client.create("salesOrder", order(line(), custbody_channel={"id": "3"}))
    client.act("edit_list_value", list="customlist_channel", id=2, remove=True)
    assert [row["id"] for row in client.rows("SELECT id FROM customlist_channel ORDER BY id")] == ["1", "3"]


def notes(client):
    sql = "SELECT n.field, n.oldvalue, n.newvalue, n.name, BUILTIN.DF(n.name) AS who, n.context, n.recordid, n.recordtypeid FROM SystemNote n ORDER BY n.id"
    return [tuple(row.values()) for row in client.rows(sql)]


def test_who_overwrote_a_value(client):
    identifier = client.create("salesOrder", order(line(custcol_line_id="L"), custbody_order_id="77", custbody_channel={"id": "1"}))
    client.act("edit_field", transaction=identifier, field="custbody_order_id", value="88")
    client.act("edit_field", transaction=identifier, field="custbody_channel", value={"id": "2"}, by=3)
    client.call("PATCH", f"{RECORD}/salesOrder/{identifier}", {"custbody_order_id": "77"})
    client.act("edit_field", transaction=identifier, line=1, field="custcol_line_id", value="M")
    assert notes(client) == [
        ("CUSTBODY_ORDER_ID", "77", "88", "7", "Account Administrator", "UIF", identifier, "-30"),
        ("CUSTBODY_CHANNEL", "Web", "Till", "3", "Integration", "UIF", identifier, "-30"),
        ("CUSTBODY_ORDER_ID", "88", "77", "3", "Integration", "RESTWEBSERVICES", identifier, "-30"),
        ("CUSTCOL_LINE_ID", "L", "M", "7", "Account Administrator", "UIF", identifier, "-30"),
    ]
    day = client.rows(
        "SELECT TO_CHAR(sn.date, 'YYYY-MM-DD') AS day FROM SystemNote sn WHERE sn.recordid = ? AND sn.recordtypeid = -30",
        identifier,
    )
    assert day[0] == {"day": "2026-11-20"}
    client.act("delete", transaction=identifier)
    assert notes(client) == []


def test_a_role_without_the_permission_sees_its_own_notes_only(client):
    seed = account_seed("") | {"sees_system_notes": False, "m2m_clients": []}
    world = client.sandbox.world
    rows = world.db.execute("SELECT * FROM ns_m2m_client").fetchall()
    seeds.load(world, seed | {"m2m_clients": [{"client_id": a, "certificate_id": b, "public_key_pem": c} for a, b, c in rows]})
    client.sign_in()
    identifier = client.create("salesOrder", order(line(), custbody_order_id="77"))
    client.act("edit_field", transaction=identifier, field="custbody_order_id", value="88")
    client.call("PATCH", f"{RECORD}/salesOrder/{identifier}", {"custbody_order_id": "99"})
    assert [row[1:4] for row in notes(client)] == [("88", "99", "3")]


def test_a_field_of_a_fulfilment_and_of_a_customer(client):
    client.act("add_field", scriptid="custentity_tier", name="Tier")
    client.act("edit_field", customer=501, field="custentity_tier", value="gold")
    assert client.rows("SELECT custentity_tier AS x FROM customer WHERE id = 501") == [{"x": "gold"}]
    identifier = client.create("salesOrder", order(line(quantity=2), custbody_order_id="77"))
    made = client.act("fulfil", transaction=identifier, line=1, quantity=2).json()["fulfilment"]
    before = client.balance(101)
    assert client.act("edit_field", transaction=made, field="custbody_order_id", value="x").status_code == 200
    assert client.rows("SELECT custbody_order_id AS x FROM transaction WHERE id = ?", made) == [{"x": "x"}]
    assert client.balance(101) == before


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("rename_field", {"scriptid": "custbody_nope", "name": "x"}),
        ("rename_field", {"scriptid": "custbody_gift", "to": "custcol_gift"}),
        ("rename_field", {"scriptid": "custbody_gift", "to": "custbody_channel"}),
        ("rename_field", {"scriptid": "custbody_gift", "to": "custbody_x')"}),
        ("retype_field", {"scriptid": "custbody_gift", "fieldtype": "list", "list": "customlist_nope"}),
        ("set_field_access", {"scriptid": "custbody_gift", "access": "some"}),
        ("edit_list_value", {"list": "customlist_channel", "id": 9, "name": "x"}),
        ("edit_list_value", {"list": "customlist_nope", "name": "x"}),
        ("edit_field", {"customer": 9, "field": "email", "value": "x"}),
        ("add_field", {"scriptid": "body_x"}),
    ],
)
def test_what_an_administrator_cannot_do(client, action, body):
    assert client.act(action, **body).status_code == 400
    assert len(client.rows("SELECT scriptid FROM CustomField")) == 4
