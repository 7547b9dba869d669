"""What is shipped, taken back, drafted and stocked, as recorded."""

from tests.sandbox.conftest import ITEM, LINES, ORDER, PLACE, VARIANT

READ = """query Read($id: ID!) { order(id: $id) { displayFulfillmentStatus
  fulfillments(first: 9) { id status trackingInfo { company number url } }
  fulfillmentOrders(first: 9) { nodes { id status lineItems(first: 9) { nodes { id totalQuantity remainingQuantity } } } } } }"""
SHIP = """mutation Ship($given: FulfillmentInput!) { fulfillmentCreate(fulfillment: $given) {
  fulfillment { id status trackingInfo { company number url } } userErrors { field message } } }"""
STOCK = """mutation Stock($item: ID!, $place: ID!) { inventoryActivate(inventoryItemId: $item, locationId: $place)
  @idempotent(key: "k") { inventoryLevel { id } userErrors { field message } } }"""


def order_of(shop, key=ORDER):
    return shop.ask(READ, id=key)["data"]["order"]


def routed(shop):
    return [
        (row["status"], [(part["totalQuantity"], part["remainingQuantity"]) for part in row["lineItems"]["nodes"]])
        for row in order_of(shop)["fulfillmentOrders"]["nodes"]
    ]


def test_a_part_taken_back_is_open_again_where_it_came_from(shop):
    (made,) = shop.act("fulfil", order_id=ORDER, quantities={LINES[1]: 2})["fulfillment_ids"]
    assert routed(shop) == [("IN_PROGRESS", [(2, 2), (3, 1)])]
    shop.act("cancel_fulfilment", order_id=ORDER, fulfillment_id=made)
    assert routed(shop) == [("OPEN", [(2, 2), (3, 3)])]
    assert order_of(shop)["displayFulfillmentStatus"] == "UNFULFILLED"


def test_one_of_two_parts_taken_back_leaves_the_fulfilment_order_in_progress(shop):
    shop.act("fulfil", order_id=ORDER, quantities={LINES[0]: 1})
    (made,) = shop.act("fulfil", order_id=ORDER, quantities={LINES[1]: 1})["fulfillment_ids"]
    shop.act("cancel_fulfilment", order_id=ORDER, fulfillment_id=made)
    assert routed(shop) == [("IN_PROGRESS", [(2, 1), (3, 3)])]


def test_all_of_it_taken_back_goes_to_a_fulfilment_order_of_its_own(shop):
    (made,) = shop.act("fulfil", order_id=ORDER)["fulfillment_ids"]
    shop.act("cancel_fulfilment", order_id=ORDER, fulfillment_id=made)
    # The closed one tells its whole quantity as remaining: it means nothing.
    assert routed(shop) == [("CLOSED", [(2, 2), (3, 3)]), ("OPEN", [(2, 2), (3, 3)])]


def test_units_taken_back_are_committed_again(shop):
    (made,) = shop.act("fulfil", order_id=ORDER, quantities={LINES[1]: 2})["fulfillment_ids"]
    shop.act("cancel_fulfilment", order_id=ORDER, fulfillment_id=made)
    level = shop.act("levels", inventory_item_id=ITEM, location_id=PLACE, delta={"available": 0})
    assert (level["available"], level["committed"]) == (5, 5)


def test_the_newest_fulfilment_is_told_first(shop):
    first = shop.act("fulfil", order_id=ORDER, quantities={LINES[0]: 1})["fulfillment_ids"]
    second = shop.act("fulfil", order_id=ORDER, quantities={LINES[0]: 1})["fulfillment_ids"]
    assert [row["id"] for row in order_of(shop)["fulfillments"]] == [*second, *first]


def test_several_numbers_are_several_trackings_of_one_company(shop):
    key = order_of(shop)["fulfillmentOrders"]["nodes"][0]["id"]
    given = {
        "lineItemsByFulfillmentOrder": [{"fulfillmentOrderId": key}],
        "trackingInfo": {"company": "UPS", "numbers": ["1", "2"], "urls": ["https://a.example/1"]},
    }
    made = shop.ask(SHIP, given=given)["data"]["fulfillmentCreate"]
    assert made["userErrors"] == []
    told = [{"company": "UPS", "number": "1", "url": "https://a.example/1"}, {"company": "UPS", "number": "2", "url": None}]
    assert made["fulfillment"]["trackingInfo"] == told == order_of(shop)["fulfillments"][0]["trackingInfo"]


def test_the_ids_of_a_seeded_fulfilment_order_are_its_own_and_a_later_one_has_new_ones(shop):
    key, part = "gid://shopify/FulfillmentOrder/77", "gid://shopify/FulfillmentOrderLineItem/78"
    line = {"id": "gid://shopify/LineItem/9", "variant_id": VARIANT, "quantity": 1}
    named = {"id": key, "line_ids": {line["id"]: part}}
    made = shop.act("orders", lines=[line], fulfillment_order=named)["id"]
    node = order_of(shop, made)["fulfillmentOrders"]["nodes"][0]
    assert (node["id"], node["lineItems"]["nodes"][0]["id"]) == (key, part)
    shop.act("cancel_fulfilment", order_id=made, fulfillment_id=shop.act("fulfil", order_id=made)["fulfillment_ids"][0])
    ids = [row["id"] for row in order_of(shop, made)["fulfillmentOrders"]["nodes"]]
    assert ids[0] == key
    assert len(set(ids)) == 2


def test_a_draft_becomes_the_order_that_is_named(shop):
    draft = shop.act("drafts", lines=[{"variant_id": VARIANT, "quantity": 1}], created_at="2026-01-02T03:04:05+00:00")["id"]
    shop.act("complete_draft", draft_id=draft, order={"id": "gid://shopify/Order/88", "name": "#88"})
    told = shop.ask("query D($id: ID!) { draftOrder(id: $id) { status createdAt order { id name createdAt } } }", id=draft)
    found = told["data"]["draftOrder"]
    assert (found["status"], found["createdAt"]) == ("COMPLETED", "2026-01-02T03:04:05Z")
    assert (found["order"]["id"], found["order"]["name"]) == ("gid://shopify/Order/88", "#88")
    # The order is made when the draft is completed, not when it was opened.
    assert found["order"]["createdAt"] > found["createdAt"]


def test_an_unknown_item_is_told_as_a_deleted_product_at_the_place_by_name(shop):
    told = shop.ask(STOCK, item="gid://shopify/InventoryItem/404", place=PLACE)["data"]["inventoryActivate"]
    sentence = "The product couldn't be stocked at Main because the product was deleted."
    assert told == {"inventoryLevel": None, "userErrors": [{"field": ["inventoryItemId"], "message": sentence}]}
