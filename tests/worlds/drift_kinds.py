"""Every kind of drift that is injected: what happens, what must be found, what may follow from it, which flow must halt."""

from dataclasses import dataclass

from tests.worlds import injections as do
from tests.worlds.injections import SOURCE, Injection, administrator, edited_contract, staff

MONEY = frozenset({"money_differs"})
STOCK = frozenset({"stock_differs"})
BOOKS = frozenset({"order_differs", "money_differs", "stock_differs"})
SHIFTS = frozenset({"null_shift", "share_shift", "cardinality_shift", "volume_shift"})


@dataclass(frozen=True)
class Kind:
    """A kind of drift.

    Args:
        name: what happens, in words.
        inject: does it; returns what must be found.
        halts: the flows that must write nothing: sync, publish.
        follows: checks that may be found besides, as its consequences: a deleted order is a difference of money too.
        flow: the flow that must find it.
    """

    name: str
    inject: Injection
    halts: tuple[str, ...] = ()
    follows: frozenset[str] = frozenset()
    flow: str = "reconcile"


CHANGED = ("contract_changed", "contract", "")
_STORE, _LIST, _CHANNEL = "gid://shopify/Location/1002", "customlist_sales_channel", "custbody_sales_channel"
_NAME, _NUMBER, _TITLES = "custbody_shopify_order_name", "custbody_shopify_order_id", "custbody_tax_titles"
_FULFIL = "write_merchant_managed_fulfillment_orders"
_IN_STORE = "STORE_406 in Shopify GROCER"
_OWN = {"owner_type": "ORDER", "namespace": "ops"}
_SYNC, _PUBLISH, _BOTH = ("sync",), ("publish",), ("sync", "publish")

_SYSTEMS = (
    Kind(
        "field renamed",
        administrator("rename_field", ("field_renamed", SOURCE, ""), scriptid=SOURCE, to="custbody_campaign"),
        _SYNC,
    ),
    Kind("field removed", administrator("remove_field", ("field_removed", _TITLES, ""), scriptid=_TITLES), _SYNC),
    Kind(
        "field retyped",
        administrator("retype_field", ("field_retyped", _NUMBER, ""), scriptid=_NUMBER, fieldtype="date"),
        _SYNC,
        frozenset({"overwritten", "not_as_mapped"}),
    ),
    Kind("field relabelled", administrator("rename_field", ("field_relabelled", _NAME, ""), scriptid=_NAME, name="Old number")),
    Kind(
        "field hidden from our role",
        administrator(
            "set_field_access", ("field_hidden", "custcol_shopify_sku", ""), scriptid="custcol_shopify_sku", access="none"
        ),
        _SYNC,
    ),
    Kind(
        "field inactive",
        administrator("set_field_inactive", ("field_hidden", "custbody_second", ""), scriptid="custbody_second"),
        _SYNC,
    ),
    Kind("a field of nobody's mandatory", do.mandatory),
    Kind(
        "list value renamed",
        administrator("edit_list_value", ("list_value_renamed", _CHANNEL, "1"), list=_LIST, id=1, name="Phone"),
    ),
    Kind(
        "list value switched off",
        administrator("edit_list_value", ("list_value_gone", _CHANNEL, "2"), list=_LIST, id=2, inactive=True),
    ),
    Kind("list value removed", administrator("edit_list_value", ("list_value_gone", _CHANNEL, "3"), list=_LIST, id=3, remove=True)),
    Kind(
        "metafield definition removed",
        staff("metafield_definition", ("definition_removed", "GROCER ops.first", ""), do="remove", key="first", **_OWN),
    ),
    Kind(
        "metafield definition retyped",
        staff(
            "metafield_definition",
            ("definition_retyped", "GROCER ops.second", ""),
            do="retype",
            key="second",
            type="number_integer",
            **_OWN,
        ),
    ),
    Kind(
        "scope to write levels revoked", do.revoked("GROCER", ["write_inventory"], ("scope_missing", "write_inventory")), _PUBLISH
    ),
    Kind("scope to fulfil revoked", do.revoked("GROCER", [_FULFIL], ("scope_missing", _FULFIL)), _SYNC),
    Kind("scope that no run needs revoked", do.revoked("GROCER", ["read_draft_orders"], ("scope_lost", "read_draft_orders"))),
    Kind("location renamed in a shop", staff("locations", ("location_renamed", _IN_STORE, ""), id=_STORE, name="Somewhere else")),
    Kind("location switched off in a shop", staff("locations", ("location_inactive", _IN_STORE, ""), id=_STORE, is_active=False)),
    Kind("contract changed", edited_contract(lambda contract: contract["tolerances"].update(unexplained_drop_hours=12), CHANGED)),
)
_BLIND = (
    Kind("API version retired", staff("api_versions", ("api_version_unsupported", "GROCER", ""), retire=["2026-10"]), _BOTH),
    Kind(
        "scope to read orders revoked",
        do.revoked(
            "EXPRESS",
            ["read_orders", "write_orders", "read_all_orders"],
            ("scope_missing", "read_orders"),
            ("scope_missing", "read_all_orders"),
        ),
        _BOTH,
    ),
    Kind(
        "contract names a shop's location that is not there",
        edited_contract(do.place_of("GROCER", "gid://shopify/Location/9"), ("location_gone", _IN_STORE, "")),
        _BOTH,
    ),
)
_BOOKED = (
    Kind("an unknown gateway", do.placed(("unmapped_gateway", "GROCER", "sezzle"), gateway="sezzle")),
    Kind("an unknown source", do.placed(("unmapped_value", _CHANNEL, "a marketplace"), source_name="a marketplace")),
    Kind("an unknown SKU", do.placed(("unmapped_sku", "GROCER", "NEWSKU"), line={"sku": "NEWSKU"})),
    Kind("an unknown location", do.elsewhere),
    Kind("an order that is refused", do.refused, (), BOOKS),
    Kind("a field overwritten by a person", do.overwritten(SOURCE, "newsletter")),
    Kind("a field of a line overwritten", do.overwritten("custcol_shopify_sku", "OTHER", line=2)),
    Kind("a field overwritten by a script", do.overwritten(_TITLES, "VAT", by=3)),
    Kind("order deleted", do.document("open", do.delete_order, "deleted"), (), BOOKS),
    Kind("fulfilment deleted", do.document("shipped", do.gone("ItemShip"), "deleted"), (), BOOKS),
    Kind("credit deleted", do.document("returned", do.gone("CustCred"), "deleted"), (), BOOKS),
    Kind("refund deleted", do.document("returned", do.gone("CustRfnd"), "deleted"), (), BOOKS),
    Kind("till sale deleted", do.document("till", do.delete_order, "deleted"), (), BOOKS),
    Kind("a line's rate changed", do.document("open", do.edited("rate", 11, line=1), "total_differs"), (), MONEY),
    Kind("an order's date changed", do.document("open", do.edited("tranDate", "2026-01-02"), "date_differs"), (), MONEY),
    Kind("a line closed", do.document("open", do.close_line, "closed_in_netsuite"), (), BOOKS),
    Kind("an order of nobody's", do.foreign("SHOPIFY-GROCER-4242"), (), STOCK),
    Kind("an order typed in a second time", do.foreign(None), (), STOCK),
    Kind("a level changed by hand", do.level),
)
_WAITING = (
    Kind("an order without an answer for hours", do.stuck, (), BOOKS),
    Kind("an order that no run booked", do.waiting("", do.nothing, "", "missing_in_netsuite"), (), BOOKS),
    Kind("a shipment that no run booked", do.waiting("open", do.ship, "itemFulfillment", "not_shipped_in_netsuite"), (), BOOKS),
    Kind("a cancellation that no run followed", do.waiting("open", do.cancel, "", "open_in_netsuite"), (), BOOKS),
)
_CONTRACT = (
    Kind(
        "contract names a NetSuite location that is not there",
        edited_contract(do.place_of("NetSuite", "99"), CHANGED, ("location_gone", "STORE_406 in NetSuite", "")),
        _PUBLISH,
        BOOKS,
    ),
    Kind(
        "contract fills a field from elsewhere",
        edited_contract(
            lambda contract: contract["orders"]["fields"][3].update(source="order.attribute.campaign"),
            CHANGED,
            ("mapping_changed", SOURCE, ""),
        ),
        (),
        frozenset({"not_as_mapped"}),
    ),
    Kind(
        "an unknown tax title",
        edited_contract(do.suitetax, CHANGED, ("unmapped_tax", "GROCER", "Sales Tax")),
        (),
        # The account has no SuiteTax to be read.
        BOOKS | {"unmapped_tax", "tax_unreadable"},
    ),
    Kind("a shop's currency changed", do.currency, (), BOOKS | {"unmapped_currency"}),
    Kind(
        "an item renamed in NetSuite",
        do.item("FLOUR", {("stock_differs", "GROCER/FLOUR", "unmapped"), ("unmapped_sku", "GROCER", "FLOUR")}, itemid="FLOUR-2"),
        (),
        BOOKS | {"unmapped_sku", "check_failed"},
    ),
)
_WEEK = (
    Kind("a day without orders", do.a_day(0, ("volume_shift", "GROCER", "")), (), SHIFTS),
    Kind(
        "a field that nobody fills any more",
        do.a_day(20, ("null_shift", SOURCE, ""), each=lambda number: {"attributes": {}}),
        (),
        SHIFTS,
    ),
    Kind(
        "a source that took over",
        do.a_day(20, ("share_shift", f"{SOURCE}=mail", ""), each=lambda number: {"attributes": {"utm_source": "ads"}}),
        (),
        SHIFTS,
    ),
    Kind(
        "a source of its own for each order",
        do.a_day(20, ("cardinality_shift", SOURCE, ""), each=lambda number: {"attributes": {"utm_source": f"ad-{number}"}}),
        (),
        SHIFTS,
    ),
)
_SERIALS = (
    Kind("a garbled serial number", do.sold_with("PH-O0O3", "unknown_number"), flow="trace"),
    Kind("a serial number sold twice", do.sold_with("PH-0004", "sold_twice", 2), flow="trace"),
    Kind("another unit left than the order names", do.left_instead, flow="trace"),
    Kind(
        "a lot kept past the day that it may be sold until",
        edited_contract(lambda contract: contract["serials"].update(expires_within_days=7), ("serial_law", "MILK M-1", "expired")),
        flow="trace",
    ),
)
KINDS: dict[str, tuple[Kind, ...]] = {
    "systems": _SYSTEMS,
    "blind": _BLIND,
    "books": _BOOKED,
    "waiting": _WAITING,
    "contract": _CONTRACT,
    "week": _WEEK,
    "serials": _SERIALS,
}
"""Every kind by the world that the tests let it happen in, with others: `week` has seven recorded days, `serials` numbered goods."""
