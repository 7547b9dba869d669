"""Spec of coverage: each value of an order that the contract, or NetSuite, has no place for is named, with the orders that carry it."""

import json

import pytest

from contract.models import FieldMapping, TaxCode
from domain.coverage import find_uncovered
from tests.domain.order_world import SKUS, Told, contract

CHANNEL = FieldMapping.model_validate(
    {
        "level": "body",
        "source": "order.source_name",
        "target": "custbody_c",
        "type": "list",
        "purpose": "channel",
        "values": {"web": "1"},
    }
)


def sold(sku="APPLE", units=2, gateway="shopify_payments", place="HERE", kind="PRODUCT", **order):
    told = Told(**order)
    told.line(1, sku, units, "10.00", kind=kind)
    told.route(1, units, place)
    told.pay("10.00", gateway)
    return told


def taken_back():
    told = sold("NEW")
    told.refund(1, 2, "10.00", "CANCEL")
    return told


CASES = {
    "all of it is mapped": (sold(), set()),
    "a SKU that no item has": (sold("NEW"), {("unmapped_sku", "GROCER", "NEW")}),
    "a SKU that no item has, and all of it taken off": (taken_back(), set()),
    "a gift card has no item": (sold("CARD", kind="GIFT_CARD"), set()),
    "a line without a SKU": (sold(None), set()),
    "a gateway": (sold(gateway="klarna"), {("unmapped_gateway", "GROCER", "klarna")}),
    "a currency": (sold(currency_code="CAD"), {("unmapped_currency", "GROCER", "CAD")}),
    "a value of a list": (sold(source_name="fax"), {("unmapped_value", "custbody_c", "fax")}),
    "a test order": (sold("NEW", gateway="bogus", is_test="true"), set()),
}


@pytest.mark.parametrize("case", CASES)
def test_each_value_without_a_place_has_its_own_name(case):
    told, expected = CASES[case]
    found = find_uncovered(told.frames(), frozenset(SKUS), contract(fields=(CHANNEL,)))
    assert {(row["check_code"], row["object_key"], row["field"]) for row in found.to_dict("records")} == expected
    assert found["examples"].eq('["#1"]').all()


def test_tax_titles_matter_to_suitetax_only():
    told = sold()
    taxes = {"GST": "0.50", "City Tax, Denver": "1.00", "PST": "0.00"}
    rows = [{"title": title, "rate": 0.1, "amount": amount} for title, amount in taxes.items()]
    told.rows["raw_shopify__sales"][0] |= {"tax_amount": "1.50", "taxes": json.dumps(rows)}
    code = TaxCode(tax_code_id="7", tax_type_id="3")
    assert find_uncovered(told.frames(), frozenset(SKUS), contract()).empty
    for mapped, expected in (({"GST"}, ["GROCER City Tax, Denver"]), ({"GST", "City Tax, Denver"}, [])):
        rules = contract(tax="suitetax", tax_codes=dict.fromkeys(mapped, code))
        titles = find_uncovered(told.frames(), frozenset(SKUS), rules)
        assert list(titles["object_key"] + " " + titles["field"]) == expected
