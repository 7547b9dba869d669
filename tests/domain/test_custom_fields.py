"""Spec of custom fields: where a value comes from, what it becomes, and what is said where it cannot."""

import json

import pytest

from contract.models import FieldMapping
from domain.custom_fields import map_fields, read_source
from tests.domain.channel_world import make_contract

CONTRACT = make_contract({"ONE": {}})
ORDER = {
    "name": "#1001",
    "order_id_shopify": "gid://shopify/Order/9007199254740993",
    "created_at_utc": "2026-03-02T23:59:59Z",
    "source_name": "web",
    "staff_name": None,
    "customer_email": "a@b.example",
    "customer_id_shopify": "gid://shopify/Customer/7",
    "discount_codes": '["A","B"]',
    "tags": "[]",
    "tax_lines": '[{"title":"VAT"},{"title":"City"},{"title":"VAT"}]',
    "custom_attributes": '[{"key":"gift","value":"yes"},{"key":"empty","value":""},{"key":"n","value":"12"}]',
    "metafields": '{"custom.count":3}',
    "utm": '{"source":"mail","campaign":"spring"}',
    "total_amount": "10.50",
}
LINE = {"order_line_id_shopify": "gid://shopify/LineItem/5", "sku": "X", "custom_attributes": '[{"key":"serial","value":"SN1"}]'}

SOURCES = {
    "order.name": "#1001",
    "order.order_id": "9007199254740993",
    "order.created_at": "2026-03-02T23:59:59Z",
    "order.staff_name": None,
    "order.email": "a@b.example",
    "order.total": "10.50",
    "order.discount_codes": "A, B",
    "order.tags": None,
    "order.tax_titles": "City, VAT",
    "order.attribute.gift": "yes",
    "order.attribute.empty": "",
    "order.attribute.none": None,
    "order.metafield.custom.count": "3",
    "order.metafield.custom.none": None,
    "order.utm.source": "mail",
    "order.utm.term": None,
    "customer.id": "7",
    "customer.email": "a@b.example",
    "line.id": "gid://shopify/LineItem/5",
    "line.sku": "X",
    "line.property.serial": "SN1",
    "line.property.none": None,
    "line.properties": LINE["custom_attributes"],
}


@pytest.mark.parametrize("source", SOURCES)
def test_where_a_value_comes_from(source):
    assert read_source(source, ORDER, LINE) == SOURCES[source]


def test_an_order_without_any_of_it_has_no_value():
    bare = {"name": "#1", "order_id_shopify": "gid://shopify/Order/1"}
    assert [read_source(source, bare, {}) for source in SOURCES if source not in ("order.name", "order.order_id")] == [None] * (
        len(SOURCES) - 2
    )


CASES = {
    # type, source's value, more of the mapping -> value, or the reason code
    "text": ("text", "yes", {}, "yes"),
    "an empty text is none": ("text", "", {}, None),
    "an empty text takes the default": ("text", "", {"default": "none"}, "none"),
    "an integer": ("integer", "12", {}, 12),
    "zero": ("integer", "0", {}, 0),
    "below zero": ("integer", "-3", {}, -3),
    "no integer": ("integer", "1.5", {}, "unconvertible_value"),
    "a decimal": ("decimal", "1.50", {}, 1.5),
    "no decimal": ("decimal", "1,50", {}, "unconvertible_value"),
    "no finite decimal": ("decimal", "NaN", {}, "unconvertible_value"),
    "a date": ("date", "2026-03-02T23:59:59Z", {}, "2026-03-02"),
    "no date": ("date", "yesterday", {}, "unconvertible_value"),
    "a checkbox": ("checkbox", "Yes", {}, True),
    "a checkbox that is not": ("checkbox", "0", {}, False),
    "no checkbox": ("checkbox", "maybe", {}, "unconvertible_value"),
    "a list": ("list", "web", {"values": {"web": "1"}}, {"id": "1"}),
    "no entry of the list": ("list", "fax", {"values": {"web": "1"}}, "unknown_list_value"),
    "the default has an entry": ("list", None, {"values": {"web": "1"}, "default": "web"}, {"id": "1"}),
    "several of a list": ("multi_select", "a, b", {"values": {"a": "1", "b": "2"}}, {"items": [{"id": "1"}, {"id": "2"}]}),
    "one of several has no entry": ("multi_select", "a, c", {"values": {"a": "1"}}, "unknown_list_value"),
    "a record": ("record", "Anna", {"values": {"Anna": "77"}}, {"id": "77"}),
    "required and there": ("text", "x", {"is_required": True}, "x"),
    "required and missing": ("text", None, {"is_required": True}, "missing_required_field"),
    "required and empty": ("text", "", {"is_required": True}, "missing_required_field"),
    "missing": ("text", None, {}, None),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("level", "target"), [("body", "custbody_x"), ("customer", "custentity_x")])
def test_what_a_value_becomes(case, level, target):
    kind, value, more, expected = CASES[case]
    mapping = FieldMapping(level=level, source="order.attribute.k", target=target, type=kind, purpose="reporting", **more)
    contract = CONTRACT.model_copy(update={"orders": CONTRACT.orders.model_copy(update={"fields": (mapping,)})})
    pairs = [] if value is None else [{"key": "k", "value": value}]
    values, problems = map_fields(level, {"custom_attributes": json.dumps(pairs)}, None, contract)
    found = problems[0].reason_code if problems else values.get(target)
    assert found == expected
    assert type(found) is type(expected)
    assert all(target in problem.told and "order.attribute.k" in problem.told for problem in problems)


def test_a_mapping_of_another_level_is_left_alone():
    mapping = FieldMapping(level="customer", source="order.name", target="custentity_x", purpose="reporting")
    contract = CONTRACT.model_copy(update={"orders": CONTRACT.orders.model_copy(update={"fields": (mapping,)})})
    assert map_fields("body", ORDER, None, contract) == ({}, [])
    assert map_fields("customer", ORDER, None, contract) == ({"custentity_x": "#1001"}, [])
