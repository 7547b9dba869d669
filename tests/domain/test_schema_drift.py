"""Spec of schema drift: each change of a field, a metafield, a scope, a version, a location has its own name."""

from datetime import UTC, date, datetime

import pandas as pd
import pytest

from contract.models import FieldMapping
from domain.schema_drift import NEEDED_SCOPES, end_of_support, find_schema_drift, missing_scopes
from tests.domain.channel_world import make_contract

AT, VERSION = datetime(2026, 11, 1, tzinfo=UTC), "2026-10"
TARGET = "custbody_x"
FIELDS = [
    {"level": "body", "source": "order.name", "target": TARGET, "purpose": "reporting"},
    {"level": "body", "source": "order.metafield.ops.x", "target": "custbody_meta", "purpose": "reporting"},
]


def contract(kind="text"):
    base = make_contract({"ONE": {}})
    mapped = tuple(FieldMapping.model_validate(row | ({"type": kind} if row["target"] == TARGET else {})) for row in FIELDS)
    return base.model_copy(update={"orders": base.orders.model_copy(update={"fields": mapped})})


CONTRACT = contract()
SHOP, LINE_ID = CONTRACT.shops[0].shop_code, CONTRACT.account.line_id_field.lower()


def field(number, script, **more):
    row = {
        "internal_id_netsuite": number,
        "script_id": script,
        "name": script,
        "field_type": "BODY",
        "value_type": "Free-Form Text",
    }
    return row | {"is_mandatory": "F", "modified_at_utc": None} | more


def catalogued(script, kind="string", form="", record="salesOrder"):
    return {"record_type": record, "script_id": script, "title": script, "json_type": kind, "format": form}


def world(fields=None, catalog=None, definitions=None, scopes=NEEDED_SCOPES, versions=None):
    fields = [field("1", TARGET), field("2", "custbody_meta"), field("3", LINE_ID)] if fields is None else fields
    catalog = [catalogued(row["script_id"]) for row in fields] if catalog is None else catalog
    definitions = [("ops.x", "json")] if definitions is None else definitions
    versions = [(VERSION, "true"), ("2026-07", "true")] if versions is None else versions
    return {
        "raw_netsuite__custom_fields": pd.DataFrame(fields, columns=list(field("0", "x"))),
        "raw_netsuite__catalog_fields": pd.DataFrame(catalog, columns=list(catalogued("x"))),
        "raw_shopify__metafield_definitions": pd.DataFrame(
            [{"shop_code": SHOP, "owner_type": "ORDER", "metafield_key": k, "value_type": t, "name": k} for k, t in definitions],
            columns=["shop_code", "owner_type", "metafield_key", "value_type", "name"],
        ),
        "raw_shopify__scopes": pd.DataFrame(
            [{"shop_code": SHOP, "scope": scope} for scope in scopes], columns=["shop_code", "scope"]
        ),
        "raw_shopify__api_versions": pd.DataFrame(
            [{"shop_code": SHOP, "version": version, "is_supported": flag} for version, flag in versions]
        ),
    }


def told(live, before=None, rules=CONTRACT, at=AT):
    found = find_schema_drift(live, world() if before is None else before, rules, VERSION, at)
    return {(row["check_code"], row["object_key"], row["field"]) for row in found.to_dict("records")}


REST = [field("2", "custbody_meta"), field("3", LINE_ID)]
CASES = {
    "nothing changed": (world(), set()),
    "renamed": (world([field("1", "custbody_y"), *REST]), {("field_renamed", TARGET, "")}),
    "removed": (world(REST), {("field_removed", TARGET, "")}),
    "removed, and another made in its place": (world([field("9", "custbody_y"), *REST]), {("field_removed", TARGET, "")}),
    "hidden from the role": (
        world(catalog=[catalogued("custbody_meta"), catalogued(LINE_ID)]),
        {("field_hidden", TARGET, "")},
    ),
    "retyped, by the catalog": (
        world(catalog=[catalogued(TARGET, "boolean"), catalogued("custbody_meta"), catalogued(LINE_ID)]),
        {("field_retyped", TARGET, "")},
    ),
    "retyped, by the field's own type": (
        world([field("1", TARGET, value_type="Long Text"), *REST]),
        {("field_retyped", TARGET, "")},
    ),
    "relabelled": (world([field("1", TARGET, name="Other"), *REST]), {("field_relabelled", TARGET, "")}),
    "another case of the script id": (world([field("1", TARGET.upper(), name=TARGET), *REST]), set()),
    "mandatory, and mapped without a default": (
        world([field("1", TARGET, is_mandatory="T"), *REST]),
        {("field_mandatory", TARGET, "")},
    ),
    "a field of nobody's became mandatory": (
        world([field("1", TARGET), *REST, field("4", "custbody_z", is_mandatory="T")]),
        {("field_mandatory", "custbody_z", "")},
    ),
    "a customer's field is mandatory, and no customers are made": (
        world([field("1", TARGET), *REST, field("4", "custentity_z", is_mandatory="T")]),
        set(),
    ),
    "the definition is gone": (world(definitions=[]), {("definition_removed", f"{SHOP} ops.x", "")}),
    "the definition is of another type": (world(definitions=[("ops.x", "boolean")]), {("definition_retyped", f"{SHOP} ops.x", "")}),
    "a scope that is needed": (
        world(scopes=[scope for scope in NEEDED_SCOPES if scope != "read_orders"]),
        {("scope_missing", SHOP, "read_orders")},
    ),
    "without which Shopify leaves out old orders, and says nothing": (
        world(scopes=[scope for scope in NEEDED_SCOPES if scope != "read_all_orders"]),
        {("scope_missing", SHOP, "read_all_orders")},
    ),
    "to write is to read": (world(scopes=["write_orders", *(s for s in NEEDED_SCOPES if s != "read_orders")]), set()),
    "the version is gone": (world(versions=[("2026-07", "true")]), {("api_version_unsupported", SHOP, "")}),
    "the version is a candidate": (
        world(versions=[(VERSION, "false"), ("2026-07", "true")]),
        {("api_version_unsupported", SHOP, "")},
    ),
    "no version is supported": (world(versions=[(VERSION, "false")]), {("api_version_unsupported", SHOP, "")}),
}


@pytest.mark.parametrize("case", CASES)
def test_each_change_has_its_own_name(case):
    live, expected = CASES[case]
    assert told(live) == expected


def listed(**names):
    """Return a world whose field chooses from a list of these values: number to name, switched off where it begins with a dash."""
    rows = [
        {
            "script_id": TARGET,
            "value_id_netsuite": number[1:],
            "list_script_id": "customlist_x",
            "name": name.removeprefix("-"),
            "is_inactive": "T" if name.startswith("-") else "F",
        }
        for number, name in names.items()
    ]
    columns = ["script_id", "value_id_netsuite", "list_script_id", "name", "is_inactive"]
    catalog = [catalogued(TARGET, "object"), catalogued("custbody_meta"), catalogued(LINE_ID)]
    return world(catalog=catalog) | {"raw_netsuite__list_values": pd.DataFrame(rows, columns=columns, dtype="str")}


LIST_CASES = {
    "as before": ({"_1": "Web", "_2": "Till"}, set()),
    "a value that no mapping names": ({"_1": "Web", "_2": "Till", "_3": "New"}, set()),
    "renamed": ({"_1": "Phone", "_2": "Till"}, {("list_value_renamed", TARGET, "1")}),
    "two changed names": ({"_1": "Till", "_2": "Web"}, {("list_value_renamed", TARGET, "1"), ("list_value_renamed", TARGET, "2")}),
    "switched off": ({"_1": "-Web", "_2": "Till"}, {("list_value_gone", TARGET, "1")}),
    "removed": ({"_2": "Till"}, {("list_value_gone", TARGET, "1")}),
    "the list is gone, or hidden": ({}, {("list_value_gone", TARGET, "")}),
}


def with_values(**values):
    rules = contract("list")
    mapped = tuple(m.model_copy(update={"values": values}) if m.target == TARGET else m for m in rules.orders.fields)
    return rules.model_copy(update={"orders": rules.orders.model_copy(update={"fields": mapped})})


@pytest.mark.parametrize("case", LIST_CASES)
def test_each_change_of_a_list_value_has_its_own_name(case):
    live, expected = LIST_CASES[case]
    assert told(listed(**live), listed(_1="Web", _2="Till"), with_values(web="1", pos="2", shop="1")) == expected


def test_of_a_list_without_a_past_only_the_contract_is_held_against_it():
    assert told(listed(_1="Web"), {}, with_values(web="1", pos="2")) == {("list_value_gone", TARGET, "2")}
    assert told(listed(), {}, with_values(web="1")) == set(), "a list that was never seen may be one of records"
    unread = {name: frame for name, frame in listed().items() if name != "raw_netsuite__list_values"}
    assert told(unread, listed(_1="Web"), with_values(web="1")) == set()


def test_a_scope_that_was_there_and_is_not_needed():
    assert told(world(), world(scopes=[*NEEDED_SCOPES, "write_themes"])) == {("scope_lost", SHOP, "write_themes")}


def test_a_scope_that_only_writes_orders_halts_no_numbers():
    following = CONTRACT.model_copy(update={"orders": CONTRACT.orders.model_copy(update={"follow_to": "settlement"})})
    assert missing_scopes(NEEDED_SCOPES, CONTRACT) == {}
    assert missing_scopes(NEEDED_SCOPES, following) == {"write_merchant_managed_fulfillment_orders": "orders"}
    assert set(missing_scopes([], CONTRACT).values()) == {"inventory"}


def test_without_a_past_only_what_the_contract_needs_is_told():
    assert told(world(definitions=[]), {}) == set()
    assert told(world(REST), {}) == {("field_removed", TARGET, "")}


@pytest.mark.parametrize(
    ("kind", "json_type", "form", "fits"),
    [
        ("text", "string", "", True),
        ("text", "integer", "", False),
        ("integer", "integer", "int64", True),
        ("integer", "number", "", False),
        ("decimal", "number", "double", True),
        ("decimal", "integer", "", True),
        ("date", "string", "date", True),
        ("date", "string", "", False),
        ("text", "string", "date", False),
        ("checkbox", "boolean", "", True),
        ("list", "object", "", True),
        ("list", "string", "", False),
    ],
)
def test_the_catalogs_type_against_the_contracts(kind, json_type, form, fits):
    rules = contract(kind)
    catalog = [catalogued(TARGET, json_type, form), catalogued("custbody_meta"), catalogued(LINE_ID)]
    assert told(world(catalog=catalog), rules=rules) == (set() if fits else {("field_retyped", TARGET, "")})


@pytest.mark.parametrize(
    ("day", "is_told"), [(date(2027, 8, 1), False), (date(2027, 8, 2), True), (date(2027, 9, 30), True), (date(2027, 10, 2), True)]
)
def test_the_end_of_a_version_is_told_sixty_days_before(day, is_told):
    at = datetime(day.year, day.month, day.day, tzinfo=UTC)
    assert (("api_version_ends", SHOP, "") in told(world(), at=at)) is is_told
    assert end_of_support(VERSION) == date(2027, 10, 1)


def test_a_severity_of_the_contract_leaves_a_check_out():
    drift = CONTRACT.drift.model_copy(update={"severities": {"field_removed": "ignore"}})
    assert told(world(REST), rules=CONTRACT.model_copy(update={"drift": drift})) == set()


def test_a_location_is_gone_where_its_shop_was_read_and_not_where_it_was_not():
    places = [{"shop_code": SHOP, "location_id_shopify": "gid://shopify/Location/404", "name": "x", "is_active": "true"}]
    there = {f"{place.location_code} in Shopify {SHOP}" for place in CONTRACT.locations if SHOP in place.shopify_locations}
    assert there
    gone = {("location_gone", name, "") for name in there}
    assert told(world() | {"raw_shopify__locations": pd.DataFrame(places)}) == gone
    other = pd.DataFrame([places[0] | {"shop_code": "ANOTHER"}])
    assert told(world() | {"raw_shopify__locations": other}) == set()
