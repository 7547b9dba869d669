"""Metafields, their definitions, scopes and versions, and what an administrator does to them."""

import pytest

from tests.sandbox.conftest import ITEM, ORDER, PLACE, VARIANT

SET = """mutation Set($metafields: [MetafieldsSetInput!]!) { metafieldsSet(metafields: $metafields) {
  metafields { namespace key type value compareDigest } userErrors { field message code elementIndex } } }"""
DELETE = """mutation Delete($metafields: [MetafieldIdentifierInput!]!) { metafieldsDelete(metafields: $metafields) {
  deletedMetafields { ownerId namespace key } userErrors { field message } } }"""
READ = """query Read($id: ID!, $keys: [String!]) { order(id: $id) { updatedAt metafield(namespace: "ops", key: "serials") {
  id value jsonValue type compareDigest ownerType definition { name } } metafields(first: 10, keys: $keys) { nodes { key value } } } }"""
DEFINITIONS = """query D($type: MetafieldOwnerType!) { metafieldDefinitions(first: 10, ownerType: $type) {
  nodes { id name namespace key ownerType type { name } validations { name value } } } }"""


def setting(value, key="serials", **more):
    return {"ownerId": ORDER, "namespace": "ops", "key": key, "value": value, "type": "json", **more}


def put(shop, *rows):
    return shop.ask(SET, metafields=list(rows))["data"]["metafieldsSet"]


def refused(shop, *rows):
    told = put(shop, *rows)
    assert told["metafields"] in ([], None)
    return [(row["code"], row["field"], row["message"]) for row in told["userErrors"]]


def test_a_metafield_is_set_and_read(shop):
    made = put(shop, setting('{"1": ["SN-1"]}'))["metafields"][0]
    read = shop.ask(READ, id=ORDER)["data"]["order"]
    assert read["metafield"]["jsonValue"] == {"1": ["SN-1"]}
    assert (read["metafield"]["compareDigest"], len(made["compareDigest"])) == (made["compareDigest"], 64)
    assert read["metafield"]["ownerType"] == "ORDER"
    assert read["metafields"]["nodes"] == [{"key": "serials", "value": '{"1": ["SN-1"]}'}]


def test_a_digest_lets_one_of_two_writers_through(shop):
    made = put(shop, setting("[1]", compareDigest=None))["metafields"][0]
    again = put(shop, setting("[2]", compareDigest=made["compareDigest"]))["metafields"][0]
    assert again["compareDigest"] != made["compareDigest"]
    stale = "The resource has been updated since it was loaded. Try again with an updated `compareDigest` value."
    assert refused(shop, setting("[3]", compareDigest=made["compareDigest"])) == [("STALE_OBJECT", ["metafields", "0"], stale)]
    missing = setting("[3]", key="other", compareDigest="0" * 64)
    assert refused(shop, missing) == [("INVALID_COMPARE_DIGEST", ["metafields", "0"], "Invalid `compareDigest` value.")]
    assert put(shop, setting("[2]", compareDigest="malformed"))["userErrors"] == [], "the value stays as it is"
    assert put(shop, setting("[4]"))["userErrors"] == []


def test_one_bad_row_refuses_all(shop):
    bad = setting("[1]", ownerId="gid://shopify/Order/404")
    assert refused(shop, setting("[1]"), bad) == [("INVALID_VALUE", ["metafields", "1", "ownerId"], "Owner does not exist.")]
    assert shop.ask(READ, id=ORDER)["data"]["order"]["metafield"] is None
    assert refused(shop, {"ownerId": ORDER, "namespace": "ops", "key": "x", "value": "1"}) == [
        ("BLANK", ["metafields", "0", "type"], "Type can't be blank")
    ]
    assert refused(shop, setting("{"))[0][0] == "INVALID_VALUE"
    assert refused(shop, *[setting("[]", key=f"k{n}") for n in range(26)]) == [
        ("LESS_THAN_OR_EQUAL_TO", ["metafields"], "Exceeded the maximum metafields input limit of 25.")
    ]


def test_keys_are_answered_in_the_order_asked_with_their_namespace(shop):
    put(shop, setting("[1]", key="a"), setting("[2]", key="b"))
    nodes = shop.ask(READ, id=ORDER, keys=["ops.b", "a", "ops.a"])["data"]["order"]["metafields"]["nodes"]
    assert nodes == [{"key": "ops.b", "value": "[2]"}, {"key": "ops.a", "value": "[1]"}]


def test_a_metafield_is_deleted(shop):
    put(shop, setting("[1]"))
    name = {"ownerId": ORDER, "namespace": "ops", "key": "serials"}
    told = shop.ask(DELETE, metafields=[name, {**name, "key": "none"}])["data"]["metafieldsDelete"]
    assert told == {"deletedMetafields": [name, None], "userErrors": []}
    assert shop.ask(READ, id=ORDER)["data"]["order"]["metafield"] is None


def test_metafields_of_another_owner_are_not_modelled(shop):
    told = shop.ask(SET, metafields=[setting("[1]", ownerId="gid://shopify/Customer/1")])
    assert told["errors"][0]["extensions"]["code"] == "NOT_MODELLED"


def test_a_variant_has_metafields(shop):
    assert put(shop, setting("true", ownerId=VARIANT, type="boolean"))["userErrors"] == []
    read = shop.ask(
        'query V($id: ID!) { productVariant(id: $id) { metafield(key: "ops.serials") { jsonValue ownerType } } }', id=VARIANT
    )
    assert read["data"]["productVariant"]["metafield"] == {"jsonValue": True, "ownerType": "PRODUCTVARIANT"}


def defined(shop, kind="ORDER"):
    return shop.ask(DEFINITIONS, type=kind)["data"]["metafieldDefinitions"]["nodes"]


def test_definitions_are_created_renamed_retyped_and_removed(shop):
    named = {"owner_type": "ORDER", "namespace": "ops", "key": "serials"}
    made = shop.act("metafield_definition", do="create", **named, name="Serials", type="json")["id"]
    assert defined(shop) == [
        {
            "id": made,
            "name": "Serials",
            "namespace": "ops",
            "key": "serials",
            "ownerType": "ORDER",
            "type": {"name": "json"},
            "validations": [],
        }
    ]
    assert defined(shop, "PRODUCT") == []
    put(shop, {**setting("[1]"), "type": None})
    assert refused(shop, setting("x", type="single_line_text_field"))[0][0] == "INVALID_TYPE"
    shop.act("metafield_definition", do="rename", id=made, name="Units")
    shop.act("metafield_definition", do="retype", **named, type="multi_line_text_field")
    read = shop.ask(READ, id=ORDER)["data"]["order"]["metafield"]
    assert (read["type"], read["definition"]) == ("multi_line_text_field", {"name": "Units"})
    shop.act("metafield_definition", do="remove", id=made, metafields=True)
    assert defined(shop) == []
    assert shop.ask(READ, id=ORDER)["data"]["order"]["metafield"] is None
    assert shop.control("shopify/S/metafield_definition", {"do": "rename", "id": made, "name": "x"}).status_code == 400


def test_somebody_overwrites_a_metafield_in_the_admin(shop):
    digest = put(shop, setting("[1]"))["metafields"][0]["compareDigest"]
    shop.act(
        "metafields", owner_id=ORDER, values={"ops.serials": "[2]", "ops.note": {"value": "x", "type": "single_line_text_field"}}
    )
    assert refused(shop, setting("[3]", compareDigest=digest))[0][0] == "STALE_OBJECT"
    shop.act("metafields", owner_id=ORDER, values={"ops.serials": None})
    assert shop.ask(READ, id=ORDER)["data"]["order"]["metafield"] is None
    assert shop.control("shopify/S/metafields", {"owner_id": "gid://shopify/Order/9", "values": {}}).status_code == 400


def scopes(shop):
    told = shop.ask("{ currentAppInstallation { accessScopes { handle } } }")["data"]["currentAppInstallation"]["accessScopes"]
    return [row["handle"] for row in told]


def test_a_revoked_scope_is_told_and_refused(shop):
    assert {"read_orders", "write_inventory"} <= set(scopes(shop))
    shop.act("scopes", revoke=scopes(shop))
    shop.act("scopes", grant=["read_inventory"])
    assert "read_orders" not in scopes(shop)
    told = shop.ask(READ, id=ORDER)
    assert told["data"] == {"order": None}
    (error,) = told["errors"]
    assert error["extensions"]["code"] == "ACCESS_DENIED"
    assert error["message"].startswith("Access denied for order field. Required access: `read_orders` access scope")
    assert shop.ask(SET, metafields=[setting("[1]")])["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"
    shop.act("scopes", grant=["write_orders"])
    assert shop.ask(READ, id=ORDER)["data"]["order"]["metafield"] is None


def test_the_scopes_that_writing_implies_stand_at_the_end(shop):
    shop.act("scopes", revoke=scopes(shop))
    shop.act("scopes", grant=["write_orders", "read_products"])
    assert scopes(shop) == ["read_products", "write_orders", "read_orders"]


def test_versions_and_one_that_is_retired(shop):
    query = "{ publicApiVersions { handle displayName supported } }"
    answer = shop.post(query)
    assert {"handle": "2026-10", "displayName": "2026-10 (Latest)", "supported": True} in answer.json()["data"]["publicApiVersions"]
    assert answer.headers["X-Shopify-API-Version"] == "2026-10"
    shop.act("api_versions", retire=["2026-01", "2026-04", "2026-07", "2026-10"], versions=[
        {"handle": "2026-10", "supported": True}, {"handle": "2027-10", "supported": True}, {"handle": "2028-01", "supported": True}])  # fmt: skip
    answer = shop.post(query)
    assert [row["supported"] for row in answer.json()["data"]["publicApiVersions"]] == [False, True, True]
    assert answer.headers["X-Shopify-API-Version"] == "2027-10"


def test_a_new_gateway_on_an_order(shop):
    shop.act("change_order", order_id=ORDER, gateway="klarna", tags=["b", "a"])
    read = "query O($id: ID!) { order(id: $id) { paymentGatewayNames tags transactions(first: 5) { gateway } } }"
    order = shop.ask(read, id=ORDER)["data"]["order"]
    assert (order["paymentGatewayNames"], order["tags"]) == (["klarna"], ["a", "b"])
    assert {row["gateway"] for row in order["transactions"]} == {"klarna"}
    assert shop.control("shopify/S/change_order", {"order_id": ORDER, "lines": []}).status_code == 400


def test_a_location_renamed_and_deactivated_and_a_level_changed_by_hand(shop):
    shop.act("locations", id=PLACE, name="Old Main", is_active=False)
    read = "{ locations(first: 5, includeInactive: true) { nodes { name isActive } } }"
    assert shop.ask(read)["data"]["locations"]["nodes"] == [{"name": "Old Main", "isActive": False}]
    assert shop.act("levels", inventory_item_id=ITEM, location_id=PLACE, delta={"available": -1})["available"] == 4


@pytest.mark.parametrize("kind", ["single_line_text_field", "number_integer", "json"])
def test_seeded_metafields_have_the_type_of_their_definition(shop, kind):
    shop.act("metafield_definition", do="create", owner_type="ORDER", namespace="ops", key="n", type=kind)
    made = shop.act("orders", lines=[{"quantity": 1}], metafields={"ops.n": "7"})["id"]
    read = shop.ask('query O($id: ID!) { order(id: $id) { metafield(key: "ops.n") { type jsonValue } } }', id=made)["data"]["order"]
    assert read["metafield"] == {"type": kind, "jsonValue": "7" if kind == "single_line_text_field" else 7}
