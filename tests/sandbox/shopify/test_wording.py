"""What the sandbox says, word for word as Shopify's recorded answers say it; each case restates one recorded shape."""

import pytest
import requests

from sandbox.server import Sandbox

TOKEN = "shpat_words"
ITEM, PLACE = "gid://shopify/InventoryItem/11", "gid://shopify/Location/5"
SET = """mutation Set($input: InventorySetQuantitiesInput!) {
  inventorySetQuantities(input: $input) @idempotent(key: "one") {
    inventoryAdjustmentGroup { changes { name delta item { id } location { id } } }
    userErrors { code field message }
  }
}"""


def seed():
    goods = [
        {"id": f"gid://shopify/ProductVariant/{n}", "inventory_item_id": f"gid://shopify/InventoryItem/{n}", "price": "1"}
        for n in (11, 12)
    ]
    order = {
        "id": "gid://shopify/Order/1",
        "tags": ["b", "a"],
        "lines": [{"quantity": 2, "unit_price": "12.00", "discount": "0.05"}],
    }
    return {
        "static_tokens": [TOKEN],
        "locations": [{"id": PLACE, "name": "Main"}],
        "variants": goods,
        "levels": [{"inventory_item_id": ITEM, "location_id": PLACE, "available": 3}],
        "orders": [order],
    }


@pytest.fixture(scope="module")
def ask(tmp_path_factory):
    account = {
        "account_id": "1",
        "timezone": "America/New_York",
        "date_format": "MM/DD/YYYY",
        "concurrency": 5,
        "default_order_status": "B",
    }
    with (
        Sandbox.start(tmp_path_factory.mktemp("words"), {"shopify": {"S": seed()}, "netsuite": account}) as sandbox,
        requests.Session() as http,
    ):
        url = sandbox.urls["shopify"]["S"] + "/admin/api/2026-10/graphql.json"

        def asked(query, **variables):
            headers = {"X-Shopify-Access-Token": TOKEN}
            return http.post(url, json={"query": query, "variables": variables}, headers=headers, timeout=10).json()

        yield asked


def refused(answer):
    (error,) = answer["errors"]
    assert set(answer) == {"errors"}
    return error


REFUSED = [
    ("query A { nope }", "Field 'nope' doesn't exist on type 'QueryRoot'", "undefinedField", ["query A", "nope"]),
    (
        'mutation B { orderUpdate(input: {note: "a"}) { order { id } } }',
        "Argument 'id' on InputObject 'OrderInput' is required. Expected type ID!",
        "missingRequiredInputObjectAttribute",
        ["mutation B", "orderUpdate", "input", "id"],
    ),
    (
        "mutation C { fulfillmentCancel { fulfillment { id } } }",
        "Field 'fulfillmentCancel' is missing required arguments: id",
        "missingRequiredArguments",
        ["mutation C", "fulfillmentCancel"],
    ),
    (
        "mutation D { c: fulfillmentCancel(id: null) { fulfillment { id } } }",
        "Argument 'id' on Field 'fulfillmentCancel' has an invalid value (null). Expected type 'ID!'.",
        "argumentLiteralsIncompatible",
        ["mutation D", "c", "id"],
    ),
    (
        "query E { shop }",
        "Field must have selections (field 'shop' returns Shop but has no selections. Did you mean 'shop { ... }'?)",
        "selectionMismatch",
        ["query E", "shop"],
    ),
    (
        "query F { orders(first: 1, nope: 2) { nodes { id } } }",
        "Field 'orders' doesn't accept argument 'nope'",
        "argumentNotAccepted",
        ["query F", "orders", "nope"],
    ),
    ('query G { order(id: "12") { id } }', "Invalid global id '12'", "argumentLiteralsIncompatible", ["query G", "order", "id"]),
]


@pytest.mark.parametrize(("query", "message", "code", "path"), REFUSED, ids=[row[2] for row in REFUSED])
def test_a_document_that_breaks_the_schema_is_refused_in_the_recorded_words(ask, query, message, code, path):
    error = refused(ask(query))
    assert (error["message"], error["extensions"]["code"], error["path"]) == (message, code, path)
    assert set(error["locations"][0]) == {"line", "column"}


def test_a_text_cut_off_is_told_where_it_ends(ask):
    error = refused(ask("query {\n  shop {\n    id\n"))
    assert error["message"] == "syntax error, unexpected end of file at [3, 5]"
    assert error["locations"] == [{"line": 3, "column": 5}]


def test_a_variable_lacking_fields_and_with_unknown_ones_names_each_problem(ask):
    row = {"inventoryItemId": "11", "locationId": PLACE}
    given = {"name": "available", "reason": "correction", "ignoreCompareQuantity": True, "quantities": [row]}
    error = refused(ask(SET, input=given))
    problems = [
        {"path": ["ignoreCompareQuantity"], "explanation": "Field is not defined on InventorySetQuantitiesInput"},
        {
            "path": ["quantities", 0, "inventoryItemId"],
            "explanation": "Invalid global id '11'",
            "message": "Invalid global id '11'",
        },
        {"path": ["quantities", 0, "quantity"], "explanation": "Expected value to not be null"},
    ]
    assert error["extensions"] == {"code": "INVALID_VARIABLE", "value": given, "problems": problems}
    assert error["message"].startswith("Variable $input of type InventorySetQuantitiesInput! was provided invalid value for ignore")
    assert "quantities.0.quantity (Expected value to not be null)" in error["message"]


def test_a_missing_variable_names_no_path(ask):
    error = refused(ask("query A($id: ID!) { order(id: $id) { id } }"))
    assert error["message"] == "Variable $id of type ID! was provided invalid value"
    assert error["extensions"]["problems"] == [{"path": [], "explanation": "Expected value to not be null"}]


def test_a_list_over_250_is_refused_before_anything_runs_with_its_price(ask):
    row = {"inventoryItemId": ITEM, "locationId": PLACE, "quantity": 1, "changeFromQuantity": None}
    answer = ask(SET, input={"name": "available", "reason": "correction", "quantities": [row] * 251})
    assert "data" not in answer
    assert answer["errors"][0]["message"] == "The input array size of 251 is greater than the maximum allowed of 250."
    assert answer["errors"][0]["path"] == ["inventorySetQuantities", "input", "quantities"]
    assert answer["extensions"]["cost"]["actualQueryCost"] is None


def test_the_reasons_allowed_and_the_bound_are_named(ask):
    def said(**more):
        row = {"inventoryItemId": ITEM, "locationId": PLACE, "quantity": 1_000_000_001, "changeFromQuantity": None}
        given = {"name": "available", "reason": "correction", "quantities": [row]} | more
        query = SET.replace('"one"', f'"{given["reason"]}"')
        return ask(query, input=given)["data"]["inventorySetQuantities"]["userErrors"][0]["message"]

    assert said() == "The quantity can't be higher than 1,000,000,000."
    assert said(reason="x").startswith(
        "The specified reason is invalid. Valid values are: correction, cycle_count_available, damaged,"
    )


def test_all_changes_of_available_come_before_those_of_on_hand_and_the_recorded_price_is_asked(ask):
    rows = [
        {"inventoryItemId": item, "locationId": PLACE, "quantity": count, "changeFromQuantity": None}
        for item, count in ((ITEM, 7), ("gid://shopify/InventoryItem/12", 8))
    ]
    answer = ask(SET, input={"name": "available", "reason": "correction", "quantities": rows})
    changes = answer["data"]["inventorySetQuantities"]["inventoryAdjustmentGroup"]["changes"]
    assert [row["name"] for row in changes] == ["available", "available", "on_hand", "on_hand"]
    assert answer["extensions"]["cost"]["requestedQueryCost"] == 13


def test_money_has_no_trailing_zeros_but_always_one_place(ask):
    order = 'order(id: "gid://shopify/Order/1") { tags totalDiscountsSet { shopMoney { amount } } lineItems(first: 1) { nodes {'
    answer = ask(
        f"{{ {order} originalUnitPriceSet {{ shopMoney {{ amount }} }} discountedTotalSet {{ shopMoney {{ amount }} }} }} }} }} }}"
    )
    found = answer["data"]["order"]
    line = found["lineItems"]["nodes"][0]
    assert line["originalUnitPriceSet"]["shopMoney"]["amount"] == "12.0"
    assert line["discountedTotalSet"]["shopMoney"]["amount"] == "23.95"
    assert found["totalDiscountsSet"]["shopMoney"]["amount"] == "0.05"
    assert found["tags"] == ["a", "b"]


def test_a_level_is_not_numbered_like_its_location_and_is_found_by_its_id(ask):
    quantities = 'quantities(names: ["available", "damaged", "on_hand"]) { name updatedAt }'
    answer = ask(f'{{ inventoryItem(id: "{ITEM}") {{ inventoryLevels(first: 1) {{ nodes {{ id {quantities} }} }} }} }}')
    level = answer["data"]["inventoryItem"]["inventoryLevels"]["nodes"][0]
    assert level["id"].endswith("?inventory_item_id=11")
    assert "/5?" not in level["id"]
    # A state never touched has no instant, nor has on_hand.
    assert [row["name"] for row in level["quantities"] if row["updatedAt"]] == ["available"]
    found = ask("query N($id: ID!) { node(id: $id) { id ... on InventoryLevel { location { id } } } }", id=level["id"])
    assert found["data"]["node"] == {"id": level["id"], "location": {"id": PLACE}}


def test_a_search_by_tag_finds_it_and_one_that_is_not_modelled_is_refused(ask):
    assert ask('{ orders(first: 1, query: "tag:a") { nodes { id } } }')["data"]["orders"]["nodes"]
    assert ask('{ orders(first: 1, query: "tag:c") { nodes { id } } }')["data"]["orders"]["nodes"] == []
