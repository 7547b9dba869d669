"""Kinds of drift: each made as an administrator, an app, a shop's staff or an editor of the contract would, and what must be found.

An injection acts on a `Scene` and returns the findings that the next run must have: check, object, field. `follows` are checks
that it may bring with it: a deleted order is a difference of money too.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from connectors.netsuite.records import create_or_adopt
from flows.wiring import open_context
from tests.e2e.order_world import variant
from tests.worlds.drifting import TILL, Scene, name_of, run_flow

Found = tuple[str, str, str]
SOURCE = "custbody_utm_source"
_MONEY = frozenset({"money_differs"})
_STOCK = frozenset({"stock_differs"})
_VALUES = frozenset({"order_differs", "money_differs", "stock_differs"})


@dataclass(frozen=True)
class Kind:
    """A kind of drift.

    Args:
        name: what happens, in words.
        inject: does it; returns what must be found.
        halts: the flow that must write nothing: sync, publish.
        follows: checks that may be found besides, as its consequences.
        is_alone: whether it cannot share a world with other kinds.
    """

    name: str
    inject: Callable[[Scene], set[Found]]
    halts: tuple[str, ...] = ()
    follows: frozenset[str] = frozenset()
    is_alone: bool = False


def _administrator(action: str, expected: Found, **body: Any) -> Callable[[Scene], set[Found]]:
    def inject(scene: Scene) -> set[Found]:
        scene.netsuite(action, **body)
        return {expected}

    return inject


def _staff(action: str, expected: Found, **body: Any) -> Callable[[Scene], set[Found]]:
    def inject(scene: Scene) -> set[Found]:
        scene.shop(action, **body)
        return {expected}

    return inject


def _editor(change: Callable[[Any], object], *expected: Found) -> Callable[[Scene], set[Found]]:
    def inject(scene: Scene) -> set[Found]:
        scene.contract(change)
        return {("contract_changed", "contract", ""), *expected}

    return inject


def _document(state: str, do: Callable[[Scene, dict[str, Any]], str | None], *causes: str) -> Callable[[Scene], set[Found]]:
    """Return an injection that changes a document of an order: `do` returns its external id where it is not the order's own."""

    def inject(scene: Scene) -> set[Found]:
        order = scene.take(state)
        external_id = do(scene, order) or name_of(order)
        return {("order_differs", f"GROCER {order['name']} {external_id}", cause) for cause in causes}

    return inject


def _gone(kind: str) -> Callable[[Scene, dict[str, Any]], str]:
    def delete(scene: Scene, order: dict[str, Any]) -> str:
        number = scene.document(order, kind)
        external_id = str(scene.rows("SELECT externalid FROM ns_transaction WHERE id = ?", number)[0][0])
        scene.netsuite("delete", transaction=number)
        return external_id

    return delete


def _edited(field: str, value: Any, **more: Any) -> Callable[[Scene, dict[str, Any]], None]:
    def edit(scene: Scene, order: dict[str, Any]) -> None:
        scene.netsuite("edit_field", external_id=name_of(order), field=field, value=value, **more)

    return edit


def _overwritten(field: str, value: str, **more: Any) -> Callable[[Scene], set[Found]]:
    def inject(scene: Scene) -> set[Found]:
        _edited(field, value, **more)(scene, scene.take())
        return {("overwritten", field, "")}

    return inject


def _foreign(external_id: str | None) -> Callable[[Scene], set[Found]]:
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
        return {("order_differs", f"GROCER {order['name']} BY-HAND", "doubled")}

    return inject


def _placed(expected: Found, *, line: dict[str, Any] | None = None, **body: Any) -> Callable[[Scene], set[Found]]:
    def inject(scene: Scene) -> set[Found]:
        scene.place([("APPLE", 1, {"unit_price": "10.00", **(line or {})})], **body)
        return {expected}

    return inject


def _elsewhere(scene: Scene) -> set[Found]:
    scene.shop("locations", id="gid://shopify/Location/1009", name="Pop-up", is_active=True, fulfills_online_orders=True)
    scene.place([("APPLE", 1, {"unit_price": "10.00"})], location_id="gid://shopify/Location/1009")
    return {("unmapped_location", "GROCER", "gid://shopify/Location/1009")}


def _level(scene: Scene) -> set[Found]:
    shop = scene.sandbox.world.shops["GROCER"]
    item = shop.variants[variant(shop, "EGGS")]["inventory_item_id"]
    scene.shop("levels", inventory_item_id=item, location_id=TILL, delta={"available": 7})
    return {("stock_differs", "GROCER_SHOP/EGGS/WAREHOUSE", "manual_change")}


def _item(sku: str, expected: set[Found], **change: Any) -> Callable[[Scene], set[Found]]:
    def inject(scene: Scene) -> set[Found]:
        number = scene.rows("SELECT id FROM ns_item WHERE itemid = ?", sku)[0][0]
        scene.netsuite("edit_item", item=number, **change)
        return expected

    return inject


def _waiting(state: str, do: Callable[[Scene, dict[str, Any]], None], record: str, cause: str) -> Callable[[Scene], set[Found]]:
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


def _refused(scene: Scene) -> set[Found]:
    order = scene.place(gateway="klarna")
    run_flow("sync")
    key = f"GROCER {order['name']} {name_of(order)}"
    return {("unmapped_gateway", "GROCER", "klarna"), ("order_differs", key, "quarantined")}


def _stuck(scene: Scene) -> set[Found]:
    order = scene.place()
    scene.sandbox.world.faults.order(
        {"system": "netsuite", "operation": "POST /services/rest/record", "kind": "status", "status": 503, "times": 10**6}
    )
    run_flow("sync")
    scene.sandbox.world.faults.clear()
    scene.later(hours=3)
    return {("order_differs", f"GROCER {order['name']} {name_of(order)}", cause) for cause in ("stuck", "missing_in_netsuite")}


def _suitetax(contract: Any) -> None:
    contract["orders"] |= {"tax": "suitetax", "tax_codes": {"GST": {"tax_code_id": "7", "tax_type_id": "3"}}}


def _currency(scene: Scene) -> set[Found]:
    scene.sandbox.world.shops["EXPRESS"].currency = "CAD"
    return {("unmapped_currency", "EXPRESS", "CAD")}


def _place_of(system: str, place: str) -> Callable[[Any], None]:
    def change(contract: Any) -> None:
        row = next(row for row in contract["locations"] if row["location_code"] == "STORE_406")
        if system == "NetSuite":
            row["netsuite_locations"] = [place]
        else:
            row["shopify_locations"][system] = place

    return change


_STORE = "gid://shopify/Location/1002"
_LIST = "customlist_sales_channel"
_CHANNEL = "custbody_sales_channel"
_WRITES = {"halts": ("sync",)}
KINDS: tuple[Kind, ...] = (
    # An administrator of NetSuite: fields.
    Kind(
        "field renamed",
        _administrator("rename_field", ("field_renamed", SOURCE, ""), scriptid=SOURCE, to="custbody_campaign"),
        ("sync",),
    ),
    Kind(
        "field removed",
        _administrator("remove_field", ("field_removed", "custbody_tax_titles", ""), scriptid="custbody_tax_titles"),
        ("sync",),
    ),
    Kind(
        "field retyped",
        _administrator(
            "retype_field",
            ("field_retyped", "custbody_shopify_order_id", ""),
            scriptid="custbody_shopify_order_id",
            fieldtype="date",
        ),
        ("sync",),
        frozenset({"overwritten", "not_as_mapped"}),
    ),
    Kind(
        "field relabelled",
        _administrator(
            "rename_field",
            ("field_relabelled", "custbody_shopify_order_name", ""),
            scriptid="custbody_shopify_order_name",
            name="Old number",
        ),
    ),
    Kind(
        "field hidden from our role",
        _administrator(
            "set_field_access", ("field_hidden", "custcol_shopify_sku", ""), scriptid="custcol_shopify_sku", access="none"
        ),
        ("sync",),
    ),
    Kind(
        "field inactive",
        _administrator("set_field_inactive", ("field_hidden", "custbody_second", ""), scriptid="custbody_second"),
        ("sync",),
    ),
    Kind(
        "a field of nobody's mandatory",
        lambda scene: (
            scene.netsuite("add_field", scriptid="custbody_cost_centre", name="Cost centre", fieldtype="text")
            and scene.netsuite("set_mandatory", scriptid="custbody_cost_centre")
            and {("field_mandatory", "custbody_cost_centre", "")}
        ),
    ),
    # Its lists.
    Kind(
        "list value renamed",
        _administrator("edit_list_value", ("list_value_renamed", _CHANNEL, "1"), list=_LIST, id=1, name="Phone"),
    ),
    Kind(
        "list value switched off",
        _administrator("edit_list_value", ("list_value_gone", _CHANNEL, "2"), list=_LIST, id=2, inactive=True),
    ),
    Kind(
        "list value removed", _administrator("edit_list_value", ("list_value_gone", _CHANNEL, "3"), list=_LIST, id=3, remove=True)
    ),
    # An app, or Shopify.
    Kind(
        "metafield definition removed",
        _staff(
            "metafield_definition",
            ("definition_removed", "GROCER ops.first", ""),
            do="remove",
            owner_type="ORDER",
            namespace="ops",
            key="first",
        ),
    ),
    Kind(
        "metafield definition retyped",
        _staff(
            "metafield_definition",
            ("definition_retyped", "GROCER ops.second", ""),
            do="retype",
            owner_type="ORDER",
            namespace="ops",
            key="second",
            type="number_integer",
        ),
    ),
    Kind(
        "scope to write levels revoked",
        _staff("scopes", ("scope_missing", "GROCER", "write_inventory"), revoke=["write_inventory"]),
        ("publish",),
    ),
    Kind(
        "scope to fulfil revoked",
        _staff(
            "scopes",
            ("scope_lost", "GROCER", "write_merchant_managed_fulfillment_orders"),
            revoke=["write_merchant_managed_fulfillment_orders"],
        ),
    ),
    Kind(
        "API version retired", _staff("api_versions", ("api_version_unsupported", "GROCER", ""), retire=["2026-10"]), ("publish",)
    ),
    # Places.
    Kind(
        "location renamed in a shop",
        _staff("locations", ("location_renamed", "STORE_406 in Shopify GROCER", ""), id=_STORE, name="Somewhere else"),
    ),
    Kind(
        "location switched off in a shop",
        _staff("locations", ("location_inactive", "STORE_406 in Shopify GROCER", ""), id=_STORE, is_active=False),
    ),
    Kind(
        "contract names a NetSuite location that is not there",
        _editor(_place_of("NetSuite", "99"), ("location_gone", "STORE_406 in NetSuite", "")),
        ("publish",),
        _VALUES,
        is_alone=True,
    ),
    Kind(
        "contract names a shop's location that is not there",
        _editor(
            _place_of("GROCER", "gid://shopify/Location/9"),
            ("location_gone", "STORE_406 in Shopify GROCER", ""),
            ("unmapped_location", "GROCER", _STORE),
        ),
        ("publish",),
        _VALUES,
        is_alone=True,
    ),
    # The contract.
    Kind("contract changed", _editor(lambda contract: contract["tolerances"].update(unexplained_drop_hours=12))),
    Kind(
        "a default of a field changed",
        _editor(
            lambda contract: contract["orders"]["fields"][3].update(default="none", source="order.attribute.campaign"),
            ("mapping_changed", SOURCE, ""),
        ),
        follows=frozenset({"not_as_mapped"}),
        is_alone=True,
    ),
    # Values of orders.
    Kind("an unknown gateway", _placed(("unmapped_gateway", "GROCER", "sezzle"), gateway="sezzle")),
    Kind("an unknown source", _placed(("unmapped_value", _CHANNEL, "a marketplace"), source_name="a marketplace")),
    Kind("an unknown SKU", _placed(("unmapped_sku", "GROCER", "NEWSKU"), line={"sku": "NEWSKU"})),
    Kind("an unknown location", _elsewhere),
    Kind(
        "an unknown tax title",
        _editor(_suitetax, ("unmapped_tax", "GROCER", "Sales tax")),
        (),
        frozenset({"unmapped_tax"}) | _VALUES,
        is_alone=True,
    ),
    Kind("a shop's currency", _currency, (), frozenset({"unmapped_currency"}) | _VALUES, is_alone=True),
    # What people and scripts do to documents.
    Kind("a field overwritten by a person", _overwritten(SOURCE, "newsletter")),
    Kind("a field of a line overwritten", _overwritten("custcol_shopify_sku", "OTHER", line=2)),
    Kind("a field overwritten by a script", _overwritten("custbody_tax_titles", "VAT", by=3)),
    Kind(
        "order deleted",
        _document("open", lambda scene, order: scene.netsuite("delete", external_id=name_of(order)) and None, "deleted"),
        (),
        _VALUES,
    ),
    Kind("fulfilment deleted", _document("shipped", _gone("ItemShip"), "deleted"), (), _VALUES),
    Kind("credit deleted", _document("returned", _gone("CustCred"), "deleted"), (), _VALUES),
    Kind("refund deleted", _document("returned", _gone("CustRfnd"), "deleted"), (), _VALUES),
    Kind(
        "till sale deleted",
        _document("till", lambda scene, order: scene.netsuite("delete", external_id=name_of(order)) and None, "deleted"),
        (),
        _VALUES,
    ),
    Kind("a line's rate changed", _document("open", _edited("rate", 11, line=1), "total_differs"), (), _MONEY),
    Kind("an order's date changed", _document("open", _edited("tranDate", "2026-01-02"), "date_differs"), (), _MONEY),
    Kind(
        "a line closed",
        _document(
            "open",
            lambda scene, order: scene.netsuite("close_line", external_id=name_of(order), line=1) and None,
            "closed_in_netsuite",
        ),
        (),
        _VALUES,
    ),
    Kind("an order of nobody's", _foreign("SHOPIFY-GROCER-4242"), (), _STOCK),
    Kind("an order typed in a second time", _foreign(None), (), _STOCK),
    # What nobody books.
    Kind(
        "an order that no run booked",
        _waiting("", lambda scene, order: None, "", "missing_in_netsuite"),
        (),
        _VALUES,
        is_alone=True,
    ),
    Kind(
        "a shipment that no run booked",
        _waiting(
            "open",
            lambda scene, order: scene.shop("fulfil", order_id=order["id"]) and None,
            "itemFulfillment",
            "not_shipped_in_netsuite",
        ),
        (),
        _VALUES,
        is_alone=True,
    ),
    Kind(
        "a cancellation that no run followed",
        _waiting("open", lambda scene, order: scene.shop("cancel", order_id=order["id"]) and None, "", "open_in_netsuite"),
        (),
        _VALUES,
        is_alone=True,
    ),
    Kind("an order that is refused", _refused, (), _VALUES),
    Kind("an order without an answer for hours", _stuck, (), _VALUES, is_alone=True),
    # Stock.
    Kind("a level changed by hand", _level),
    Kind(
        "an item renamed in NetSuite",
        _item(
            "FLOUR",
            {("stock_differs", f"{shop}/FLOUR", "unmapped") for shop in ("GROCER", "EXPRESS")}
            | {("unmapped_sku", "GROCER", "FLOUR")},
            itemid="FLOUR-2",
        ),
        (),
        frozenset({"unmapped_sku", "order_differs", "money_differs"}),
        is_alone=True,
    ),
)
"""Every kind, of the small world."""
