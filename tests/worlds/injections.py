"""Injections of drift, made as an administrator, an app, a shop's staff or an editor of the contract would.

Each acts on a `Scene` and returns the findings that the next run must have: check, object, field.
"""

from collections.abc import Callable, Sequence
from typing import Any

from connectors.netsuite.records import create_or_adopt
from flows.wiring import open_context
from tests.e2e.order_world import variant
from tests.worlds.drifting import TILL, Scene, name_of, run_flow

Found = tuple[str, str, str]
ONE = [("APPLE", 1, {"unit_price": "10.00"})]
SOURCE = "custbody_utm_source"
Injection = Callable[[Scene], set[Found]]


def administrator(action: str, expected: Found, **body: Any) -> Injection:
    def inject(scene: Scene) -> set[Found]:
        scene.netsuite(action, **body)
        return {expected}

    return inject


def staff(action: str, expected: Found, **body: Any) -> Injection:
    def inject(scene: Scene) -> set[Found]:
        scene.shop(action, **body)
        return {expected}

    return inject


def revoked(shop: str, scopes: Sequence[str], *expected: tuple[str, str]) -> Injection:
    """An app loses scopes; expected are checks with the scope that each names."""

    def inject(scene: Scene) -> set[Found]:
        scene.shop("scopes", shop=shop, revoke=list(scopes))
        return {(check, shop, scope) for check, scope in expected}

    return inject


def edited_contract(change: Callable[[Any], object], *expected: Found) -> Injection:
    def inject(scene: Scene) -> set[Found]:
        scene.contract(change)
        return set(expected)

    return inject


def document(state: str, do: Callable[[Scene, dict[str, Any]], str | None], *causes: str) -> Injection:
    """Return an injection that changes a document of an order: `do` returns its external id where it is not the order's own."""

    def inject(scene: Scene) -> set[Found]:
        order = scene.take(state)
        external_id = do(scene, order) or name_of(order)
        return {("order_differs", f"GROCER {order['name']} {external_id}", cause) for cause in causes}

    return inject


def gone(kind: str) -> Callable[[Scene, dict[str, Any]], str]:
    def delete(scene: Scene, order: dict[str, Any]) -> str:
        number = scene.document(order, kind)
        external_id = str(scene.rows("SELECT externalid FROM ns_transaction WHERE id = ?", number)[0][0])
        scene.netsuite("delete", transaction=number)
        return external_id

    return delete


def edited(field: str, value: Any, **more: Any) -> Callable[[Scene, dict[str, Any]], None]:
    def edit(scene: Scene, order: dict[str, Any]) -> None:
        scene.netsuite("edit_field", external_id=name_of(order), field=field, value=value, **more)

    return edit


def overwritten(field: str, value: str, **more: Any) -> Injection:
    def inject(scene: Scene) -> set[Found]:
        edited(field, value, **more)(scene, scene.take())
        return {("overwritten", field, "")}

    return inject


def foreign(external_id: str | None) -> Injection:
    """Return an injection of a sales order by another hand: of an order that no shop has, or (without an id) one twice."""

    def inject(scene: Scene) -> set[Found]:
        order = scene.take()
        line = {"item": {"id": "101"}, "quantity": 1, "location": {"id": "1"}, "rate": 10}
        reference = "#4242" if external_id else order["name"]
        with open_context() as context:
            customer = {"id": context.contract.shop("GROCER").customer_id}
            body = {"externalId": external_id or "BY-HAND", "entity": customer, "otherRefNum": reference, "item": {"items": [line]}}
            create_or_adopt(context.netsuite, "salesOrder", body)
        if external_id:
            return {("order_differs", f"GROCER #4242 {external_id}", "missing_in_shopify")}
        return {("order_differs", f"GROCER {order['name']} {name_of(order)}", "doubled")}

    return inject


def placed(expected: Found, *, line: dict[str, Any] | None = None, **body: Any) -> Injection:
    def inject(scene: Scene) -> set[Found]:
        scene.place([("APPLE", 1, {"unit_price": "10.00", **(line or {})})], **body)
        return {expected}

    return inject


def elsewhere(scene: Scene) -> set[Found]:
    scene.shop("locations", id="gid://shopify/Location/1009", name="Pop-up", is_active=True, fulfills_online_orders=True)
    scene.place([("APPLE", 1, {"unit_price": "10.00"})], location_id="gid://shopify/Location/1009")
    return {("unmapped_location", "GROCER", "gid://shopify/Location/1009")}


def level(scene: Scene) -> set[Found]:
    shop = scene.sandbox.world.shops["GROCER"]
    item = shop.variants[variant(shop, "EGGS")]["inventory_item_id"]
    scene.shop("levels", inventory_item_id=item, location_id=TILL, delta={"available": 7})
    return {("stock_differs", "GROCER_SHOP/EGGS/WAREHOUSE", "manual_change")}


def item(sku: str, expected: set[Found], **change: Any) -> Injection:
    def inject(scene: Scene) -> set[Found]:
        number = scene.rows("SELECT id FROM ns_item WHERE itemid = ?", sku)[0][0]
        scene.netsuite("edit_item", item=number, **change)
        return expected

    return inject


def waiting(state: str, do: Callable[[Scene, dict[str, Any]], None], record: str, cause: str) -> Injection:
    """Return an injection of what happens in the shop while no run books it, for longer than the grace."""

    def inject(scene: Scene) -> set[Found]:
        order = scene.take(state) if state else scene.place()
        do(scene, order)
        scene.later(hours=3)
        number = order["id"].rsplit("/", 1)[1]
        found = scene.sandbox.world.shops["GROCER"].orders[order["id"]]["fulfillments"]
        shipped = f"SHOPFUL-GROCER-{found[-1]['id'].rsplit('/', 1)[1]}" if found else ""
        return {("order_differs", f"GROCER {order['name']} {shipped if record else f'SHOPIFY-GROCER-{number}'}", cause)}

    return inject


def refused(scene: Scene) -> set[Found]:
    order = scene.place(gateway="klarna")
    run_flow("sync")
    key = f"GROCER {order['name']} {name_of(order)}-ASIDE"
    return {("unmapped_gateway", "GROCER", "klarna"), ("order_differs", key, "quarantined")}


def stuck(scene: Scene) -> set[Found]:
    order = scene.place()
    scene.sandbox.world.faults.order(
        {"system": "netsuite", "operation": "POST /services/rest/record", "kind": "status", "status": 503, "times": 10**6}
    )
    run_flow("sync")
    scene.sandbox.world.faults.clear()
    scene.later(hours=3)
    return {("order_differs", f"GROCER {order['name']} {name_of(order)}", cause) for cause in ("stuck", "quarantined")}


def suitetax(contract: Any) -> None:
    contract["orders"] |= {"tax": "suitetax", "tax_codes": {"GST": {"tax_code_id": "7", "tax_type_id": "3"}}}


def currency(scene: Scene) -> set[Found]:
    scene.sandbox.world.shops["EXPRESS"].currency = "CAD"
    return {("unmapped_currency", "EXPRESS", "CAD")}


def place_of(system: str, place: str) -> Callable[[Any], None]:
    def change(contract: Any) -> None:
        row = next(row for row in contract["locations"] if row["location_code"] == "STORE_406")
        if system == "NetSuite":
            row["netsuite_locations"] = [place]
        else:
            row["shopify_locations"][system] = place

    return change


def mandatory(scene: Scene) -> set[Found]:
    scene.netsuite("add_field", scriptid="custbody_cost_centre", name="Cost centre", fieldtype="text")
    scene.netsuite("set_mandatory", scriptid="custbody_cost_centre")
    return {("field_mandatory", "custbody_cost_centre", "")}


def delete_order(scene: Scene, order: dict[str, Any]) -> None:
    scene.netsuite("delete", external_id=name_of(order))


def close_line(scene: Scene, order: dict[str, Any]) -> None:
    scene.netsuite("close_line", external_id=name_of(order), line=1)


def ship(scene: Scene, order: dict[str, Any]) -> None:
    scene.shop("fulfil", order_id=order["id"])


def cancel(scene: Scene, order: dict[str, Any]) -> None:
    scene.shop("cancel", order_id=order["id"])


def nothing(scene: Scene, order: dict[str, Any]) -> None:
    """Leave an order as it is."""


def a_day(count: int, expected: Found, *, each: Callable[[int], dict[str, Any]] = lambda number: {}) -> Injection:
    """Return an injection of a day with so many orders, each with what `each` says of it, and of the night after it."""

    def inject(scene: Scene) -> set[Found]:
        scene.later(days=1)
        for number in range(count):
            scene.place(ONE, **each(number))
        for flow in ("sync", "publish"):
            run_flow(flow)
        scene.later(days=1)
        return {expected}

    return inject


def sold_with(number: str, law: str, times: int = 1) -> Injection:
    """Return an injection of orders that name a serial number."""

    def inject(scene: Scene) -> set[Found]:
        for _ in range(times):
            scene.place([("PHONE", 1, {"unit_price": "199.00", "properties": {"Serial": number}})])
        return {("serial_law", f"PHONE {number}", law)}

    return inject


def left_instead(scene: Scene) -> set[Found]:
    """Ship another unit than the order names."""
    order = scene.place([("PHONE", 1, {"unit_price": "199.00", "properties": {"Serial": "PH-0001"}})])
    run_flow("sync")
    sql = 'SELECT t.id, l.id FROM ns_transaction t JOIN ns_transactionline l ON l."transaction" = t.id WHERE t.externalid = ? AND l.item = 201'
    (number, line) = scene.rows(sql, name_of(order))[0]
    scene.netsuite("fulfil", transaction=number, line=line, quantity=1, status="C", numbers=["PH-0002"])
    return {("serial_law", "PHONE PH-0002", "not_as_promised")}
