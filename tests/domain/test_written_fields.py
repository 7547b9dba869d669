"""Spec of custom fields after the write: which differ, why, and the change that mends them."""

import json

import pandas as pd
import pytest

from contract.frames import from_rows
from contract.models import FieldMapping
from domain.written_fields import compare_fields, fields_of
from tests.domain.channel_world import make_contract

BODY = "custbody_x"
# kind, what was written (absent: nothing known of the document), what the contract says, what is there: the cause
TABLE = """
    text         | a   | a   | a   |
    text         | a   | a   | b   | overwritten
    text         | a   | b   | a   | mapping_changed
    text         | a   | b   | b   |
    text         | a   | b   | c   | overwritten
    text         | a   | a   |     | overwritten
    text         |     |     | a   | overwritten
    text         |     |     |     |
    text         | a   |     | a   | mapping_changed
    text         | ?   | a   | a   |
    text         | ?   | a   | b   | not_as_mapped
    decimal      | 1.5 | 1.5 | 1.50|
    decimal      | 0   | 0   | 0.00|
    decimal      | 0   | 0   |     | overwritten
    decimal      | -1  | -1  | 1   | overwritten
    integer      | 7   | 7   | 7   |
    decimal      | 1.5 | 1.5 | x   | overwritten
    checkbox     | F   | F   |     |
    checkbox     | T   | T   |     | overwritten
    multi_select | 1,2 | 1,2 | 2, 1|
    multi_select | 1,2 | 1,2 | 1   | overwritten
    list         | 3   | 3   | 3   |
"""
ROWS = [tuple(part.strip() for part in line.split("|")) for line in TABLE.strip().splitlines()]


def document(**fields):
    row = {"external_id": "SHOPIFY-ONE-1", "shop_code": "ONE", "order_id_shopify": "gid://shopify/Order/1"}
    row |= {"record_type": "salesOrder", "netsuite_id": "90", "body_fields": None, "line_fields": None}
    return row | fields


def there(value, line=None):
    row = {"transaction_id_netsuite": "90", "line_id_netsuite": line and "2", "external_id": "SHOPIFY-ONE-1", "field": BODY}
    row |= {"order_line_id_shopify": line, "value": value, "modified_at_utc": "2026-03-02T00:00:00Z"}
    row |= {"run_id": "r", "extracted_at_utc": pd.Timestamp("2026-03-02", tz="UTC")}
    return from_rows("raw_netsuite__order_fields", [row])


def mapped(kind):
    contract = make_contract({"ONE": {}})
    mapping = FieldMapping.model_validate({"level": "body", "source": "order.name", "target": BODY, "type": kind, "purpose": "tax"})
    return contract.model_copy(update={"orders": contract.orders.model_copy(update={"fields": (mapping,)})})


@pytest.mark.parametrize(("kind", "written", "wanted", "found", "cause"), ROWS, ids=[" ".join(row) for row in ROWS])
@pytest.mark.parametrize("line", [None, "gid://shopify/LineItem/5"], ids=["body", "line"])
def test_why_a_field_differs(kind, written, wanted, found, cause, line):
    known = None if written == "?" else {BODY: written or None}
    stored = document(body_fields=known) if line is None else document(line_fields=known if known is None else {line: known})
    fields = {BODY: wanted or None}
    expected = {("ONE", "gid://shopify/Order/1"): ({}, {line: fields}) if line else (fields, {})}
    told = compare_fields(pd.DataFrame([stored]), expected, there(found or None, line), mapped(kind))
    assert list(told["cause_code"]) == ([cause] if cause else [])
    assert list(told["order_line_id_shopify"]) == ([line or ""] if cause else [])


@pytest.mark.parametrize("expected", [{}, {("TWO", "gid://shopify/Order/1"): ({}, {})}])
def test_an_order_that_was_not_read_is_not_compared(expected):
    assert compare_fields(pd.DataFrame([document()]), expected, there("a"), mapped("text")).empty


def test_a_document_that_is_not_ours_is_not_compared():
    expected = {("ONE", "gid://shopify/Order/1"): ({BODY: "b"}, {})}
    assert compare_fields(pd.DataFrame([document(netsuite_id="91")]), expected, there("a"), mapped("text")).empty


def test_what_is_sent_is_kept_as_the_text_that_is_read_back():
    line = {"custcol_line": "L1", "custcol_a": 1, "rate": "2", "custcol_none": None}
    sent = {"entity": {"id": "1"}, "custbody_l": {"id": "3"}, "custbody_t": True, "item": {"items": [line, {"custcol_a": 2}]}}
    body, lines = fields_of(sent, "custcol_line")
    assert body == {"custbody_l": "3", "custbody_t": "T"}
    assert lines == {"L1": {"custcol_a": "1", "custcol_none": None}}
    assert json.loads(json.dumps([body, lines])) == [body, lines]
