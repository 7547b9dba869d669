"""Spec of tax by title: what books it, what both systems come to by day, and which term of a document differs."""

import json
import random
import re
from decimal import Decimal

import pandas as pd
import pytest

from contract.frames import empty
from contract.models import TaxCode
from domain.document_pairs import pair_documents
from domain.document_terms import documents_to_read, name_terms
from domain.money_totals import total_by_day
from domain.reconcile_orders import find_order_differences
from domain.tax_titles import told_titles
from tests.domain.order_world import Told, contract, decide
from tests.domain.test_reconcile_orders import AT, GID, ROOT, books, order, raw, there, wanted

TWO = {"City": "912", "Town": "912"}


def booked(taxes, tax_items):
    """Return the tax lines of a sales order whose line has these taxes (T0, T1, ..): item to amount."""
    told = Told()
    told.line(1, "APPLE", 3, str(Decimal(30) + sum(Decimal(x) for x in taxes)), taxes=taxes)
    told.route(1, 3)
    found = decide(told, contract(tax_items=tax_items)).lines
    return [tuple(map(str, row)) for row in found.loc[found["line_kind"].eq("tax"), ["item_id_netsuite", "line_amount"]].to_numpy()]


BOOKED = {
    "no tax": ([], {}, []),
    "a tax of nothing": (["0.00"], {"T0": "912"}, []),
    "no title has an item of its own": (["1.20", "0.05"], {}, [("902", "1.25")]),
    "one title has": (["1.20", "0.05"], {"T1": "912"}, [("902", "1.20"), ("912", "0.05")]),
    "both have": (["1.20", "0.05"], {"T0": "911", "T1": "912"}, [("911", "1.20"), ("912", "0.05")]),
    "two titles share an item": (["1.20", "0.05"], {"T0": "912", "T1": "912"}, [("912", "1.25")]),
    "one shares the item of all": (["1.20", "0.05"], {"T1": "902"}, [("902", "1.25")]),
    "an item of no title here": (["1.20"], {"Elsewhere": "912"}, [("902", "1.20")]),
}


@pytest.mark.parametrize("case", BOOKED)
def test_each_title_is_booked_by_its_item(case):
    taxes, tax_items, expected = BOOKED[case]
    assert booked(taxes, tax_items) == expected


def lived(chance):
    """Return an order of three lines with two taxes each, shipped in parts, of which some units come back or are kept."""
    told = Told()
    units = {line: chance.randint(1, 5) for line in (1, 2, 3)}
    for line, count in units.items():
        taxes = [f"{chance.randint(0, 200) / 100:.2f}" for _ in range(2)]
        told.line(line, "APPLE", count, f"{chance.randint(300, 5000) / 100:.2f}", taxes=taxes)
    left = dict(units)
    while any(left.values()):
        line = chance.choice([line for line, count in left.items() if count])
        count = chance.randint(1, left[line])
        told.ship(line, count)
        left[line] -= count
    told.refund(1, units[1], told.rows["raw_shopify__sales"][0]["total_amount"], chance.choice(["RETURN", "NO_RESTOCK"]), taxes=())
    sale, back = told.rows["raw_shopify__sales"][0], told.rows["raw_shopify__sales"][-1]
    taxes = [{**part, "amount": f"-{part['amount']}"} for part in json.loads(sale["taxes"])]
    back |= {"tax_amount": f"-{sale['tax_amount']}", "taxes": json.dumps(taxes)}
    return told


def tax_rows(body, items):
    rows = [
        (row.get("$line", [None, None, None])[2] or row.get("item", {}).get("id"), row.get("amount", 0))
        for row in body["item"]["items"]
    ]
    return [(item, Decimal(str(amount))) for item, amount in rows if item in items]


@pytest.mark.parametrize("seed", range(12))
def test_every_document_books_each_title_to_the_cent_and_the_invoices_add_up_to_the_order(seed):
    found = decide(lived(random.Random(seed)), contract(tax_items={"T1": "912"})).documents
    assert found["action_code"].isin(["create", "transform"]).all(), found["reason"].tolist()
    sums = {}
    of_return = {row["external_id"]: row["payload"] for row in found.to_dict("records")}
    for row in found.to_dict("records"):
        taxes = (
            {title: Decimal(amount) for title, amount in json.loads(row["taxes"]).items()} if row["taxes"] == row["taxes"] else {}
        )
        lines = tax_rows(json.loads(row["payload"]), ("902", "912")) if "item" in json.loads(row["payload"]) else []
        if row["record_type"] == "creditMemo" and row["source_external_id"] in of_return:
            lines += tax_rows(json.loads(of_return[row["source_external_id"]]), ("902", "912"))
        for title, item in (("T0", "902"), ("T1", "912")):
            assert sum((amount for key, amount in lines if key == item), Decimal(0)) == taxes.get(title, 0), row["external_id"]
            key = (row["record_type"], title)
            sums[key] = sums.get(key, 0) + taxes.get(title, Decimal(0))
    for title in ("T0", "T1"):
        assert sums["salesOrder", title] == sums["invoice", title]


def taxes_there(*rows):
    columns = empty("raw_netsuite__document_taxes").columns
    return pd.DataFrame([dict(zip(columns, (*row, "r", "x"), strict=True)) for row in rows], columns=columns)


def summed(wants, has, taxes, rules=None):
    rules = rules or contract(tax_items={"City": "912"})
    pairs = pair_documents(books(wants, has), raw(order()), rules, AT)
    found = total_by_day(pairs, taxes_there(*taxes), rules)
    found = found.loc[found["tax_titles"].ne("")]
    return {
        (row["day"], row["measure_code"], row["tax_titles"]): (
            str(row["shopify_amount"]),
            str(row["netsuite_amount"]),
            row["examples"],
        )
        for row in found.to_dict("records")
    }


INVOICE, DAY = "SHOPINV-GROCER-1", "2026-11-01"
CREDIT = wanted("SHOPCM-GROCER-3", "creditMemo", "4.00", State="0.30")
SUMMED = {
    "nothing": ([wanted()], [there()], [], {}),
    "the same": ([wanted(State="1.00")], [there()], [("90", "902", "-1")], {("ordered_tax", "State"): ("1.00", "1", "")}),
    "a cent less": (
        [wanted(State="1.00")],
        [there()],
        [("90", "902", "-0.99")],
        {("ordered_tax", "State"): ("1.00", "0.99", "#7")},
    ),
    "the tax line is missing": ([wanted(State="1.00")], [there()], [], {("ordered_tax", "State"): ("1.00", "0", "#7")}),
    "the document is missing": ([wanted(State="1.00")], [], [], {("ordered_tax", "State"): ("1.00", "0", "#7")}),
    "a tax that the order does not have": (
        [wanted()],
        [there()],
        [("90", "912", "-0.50"), ("90", "902", "-0.01")],
        {("ordered_tax", "City"): ("0", "0.50", "#7"), ("ordered_tax", "item 902"): ("0", "0.01", "#7")},
    ),
    "booked by the other title's item": (
        [wanted(State="1.00", City="0.50")],
        [there()],
        [("90", "902", "-1.50")],
        {("ordered_tax", "City"): ("0.50", "0", "#7"), ("ordered_tax", "State"): ("1.00", "1.50", "#7")},
    ),
    "two titles share an item": (
        [wanted(State="1.00", County="0.20")],
        [there()],
        [("90", "902", "-1.20")],
        {("ordered_tax", "County + State"): ("1.20", "1.20", "")},
    ),
    "a credit is taken off": (
        [wanted(INVOICE, "invoice", "10.00", State="1.00"), CREDIT],
        [there(INVOICE, "CustInvc"), there("SHOPCM-GROCER-3", "CustCred", "-4", "91")],
        [("90", "902", "-1.00"), ("91", "902", "0.30")],
        {("taxed", "State"): ("0.70", "0.70", "")},
    ),
    "a credit that gives back a cent too much": (
        [CREDIT],
        [there("SHOPCM-GROCER-3", "CustCred", "-4", "91")],
        [("91", "902", "0.31")],
        {("taxed", "State"): ("-0.30", "-0.31", "#7")},
    ),
    "no title": ([wanted(**{"": "1.00"})], [there()], [("90", "902", "-1")], {("ordered_tax", "untitled"): ("1.00", "1", "")}),
    "of nobody's document": ([wanted()], [there()], [("99", "902", "-1")], {}),
}


@pytest.mark.parametrize("case", SUMMED)
def test_tax_by_title(case):
    wants, has, taxes, expected = SUMMED[case]
    assert summed(wants, has, taxes) == {(DAY, *key): value for key, value in expected.items()}


def test_tax_of_a_document_on_another_day_moves_both_days():
    assert summed([wanted(State="1.00")], [there(transaction_date="2026-11-02")], [("90", "902", "-1.00")]) == {
        (DAY, "ordered_tax", "State"): ("1.00", "0", "#7"),
        ("2026-11-02", "ordered_tax", "State"): ("0", "1.00", "#7"),
    }


def test_suitetax_is_compared_by_code():
    codes = {title: TaxCode(tax_code_id=code, tax_type_id="1") for title, code in (("State", "7"), ("City", "8"), ("Town", "8"))}
    rules = contract(tax="suitetax", tax_codes=codes)
    told = [wanted(State="1.00", City="0.50", Town="0.25")]
    assert summed(told, [there()], [("90", "7", "-1.00"), ("90", "8", "-0.74"), ("90", "9", "-0.10")], rules) == {
        (DAY, "ordered_tax", "State"): ("1.00", "1.00", ""),
        (DAY, "ordered_tax", "City + Town"): ("0.75", "0.74", "#7"),
        (DAY, "ordered_tax", "code 9"): ("0", "0.10", "#7"),
    }


@pytest.mark.parametrize(
    ("seen", "key", "told"),
    [
        ([], "", ""),
        ([], "912", "City + Town"),
        (["Town"], "912", "Town"),
        ([], "902", "item 902"),
        ([""], "902", "untitled"),
        (list("gfedcba"), "902", "a + b + c + d + e + 2 more"),
    ],
)
def test_titles_in_words(seen, key, told):
    assert told_titles(seen, key, contract(tax_items=TWO)) == told


LINE = "gid://shopify/LineItem/1"
FIELD = contract().account.line_id_field


def body(*rows, **more):
    return json.dumps({"item": {"items": list(rows)}, **more})


def row_of(item, amount, line=None):
    return {"item": {"id": item}, "amount": amount} | ({FIELD: line} if line else {})


def line_there(number, item, amount, line=None, document="90"):
    return (document, number, item, "F", "-1", amount, line, "r", "x")


SENT = body(row_of("101", 10.0, LINE), row_of("901", 2.0), row_of("903", -1.0), row_of("902", 0.5), row_of("912", 0.25))
HAS = [
    line_there("1", "101", "-10", LINE),
    line_there("2", "901", "-2"),
    line_there("3", "903", "1"),
    line_there("4", "902", "-0.5"),
    line_there("5", "912", "-0.25"),
]
TERMS = {
    "goods": (1, line_there("1", "101", "-9.98", LINE), "11.73", "goods APPLE 10.00, in NetSuite 9.98"),
    "shipping": (2, line_there("2", "901", "-3"), "12.75", "shipping 2.00, in NetSuite 3.00"),
    "discount": (3, line_there("3", "903", "2"), "10.75", "discount -1.00, in NetSuite -2.00"),
    "tax": (4, line_there("4", "902", "-0.49"), "11.74", "tax State 0.50, in NetSuite 0.49"),
    "a tax of its own item": (5, line_there("5", "912", "-0.26"), "11.76", "tax City 0.25, in NetSuite 0.26"),
    "a line more": (6, line_there("6", "777", "-5"), "16.75", "item 777, which the contract does not have, 0.00, in NetSuite 5.00"),
    "a line less": (2, None, "9.75", "shipping 2.00, in NetSuite 0.00"),
    "what is beside its lines": (0, None, "12.00", "beside its lines 0.00, in NetSuite 0.25"),
}


def evidence(wants, has, lines, taxes=(), rules=None):
    rules = rules or contract(tax_items={"City": "912"})
    told = books(wants, has)
    goods = {"order_line_id_shopify": LINE, "sku": "APPLE", "order_id_shopify": GID, "unfulfilled_qty": "0"}
    frames = raw(order(), lines=[goods]) | {"raw_netsuite__document_taxes": taxes_there(*taxes)}
    columns = empty("raw_netsuite__document_lines").columns
    frames["raw_netsuite__document_lines"] = pd.DataFrame(lines, columns=columns)
    pairs = pair_documents(told, frames, rules, AT)
    found = find_order_differences(told, frames, pairs)
    assert documents_to_read(found, pairs) == sorted({line[0] for line in lines} & {row["transaction_id_netsuite"] for row in has})
    return name_terms(found, told.wanted, pairs, frames, rules).set_index("external_id")["evidence"].to_dict()


@pytest.mark.parametrize("case", TERMS)
def test_the_term_that_differs_is_named(case):
    place, changed, total, expected = TERMS[case]
    lines = [line for number, line in enumerate(HAS, start=1) if number != place] + ([changed] if changed else [])
    wants = [wanted(total="11.75", State="0.50", City="0.25") | {"payload": SENT}]
    told = evidence(wants, [there(total=total)], lines)
    assert told == {ROOT: f"transaction 90, changed 2026-11-01T09:05:00Z: {expected}"}


@pytest.mark.parametrize("seed", range(6))
def test_the_terms_told_add_up_to_the_difference(seed):
    chance = random.Random(seed)
    lines = [line_there(row[0], row[2], str(-chance.randint(-500, 1500) / 100), row[6]) for row in HAS if chance.random() < 0.8]
    total = Decimal(chance.randint(0, 3000)) / 100
    wants = [wanted(total="11.75", State="0.50", City="0.25") | {"payload": SENT}]
    (told,) = evidence(wants, [there(total=str(total))], lines).values()
    pairs = re.findall(r" (-?[0-9.]+), in NetSuite (-?[0-9.]+)", told)
    assert sum(Decimal(theirs) - Decimal(ours) for ours, theirs in pairs) == total - Decimal("11.75")


def test_a_credit_of_a_return_holds_the_returns_lines():
    rma = wanted("SHOPRMA-GROCER-3", "returnAuthorization", "4.00") | {
        "payload": body({"$line": [LINE, "1", None], "amount": 4.0}, {"$line": [None, None, "902"], "amount": 0.3})
    }
    memo = wanted("SHOPCM-GROCER-3", "creditMemo", "6.30", State="0.30") | {"payload": body(row_of("901", 2.0))}
    memo |= {"source_external_id": "SHOPRMA-GROCER-3", "source_record_type": "returnAuthorization"}
    has = [there("SHOPRMA-GROCER-3", "RtnAuth", "4.3", "91"), there("SHOPCM-GROCER-3", "CustCred", "-6.31", "92")]
    lines = [
        line_there("1", "101", "4", LINE, "92"),
        line_there("2", "902", "0.31", None, "92"),
        line_there("3", "901", "2", None, "92"),
    ]
    assert evidence([rma, memo], has, lines)["SHOPCM-GROCER-3"].endswith(": tax State 0.30, in NetSuite 0.31")


def test_a_suitetax_detail_that_differs_is_named():
    rules = contract(tax="suitetax", tax_codes={"State": TaxCode(tax_code_id="7", tax_type_id="1")})
    details = {"taxDetails": {"items": [{"taxCode": {"id": "7"}, "taxAmount": 0.5}]}}
    wants = [wanted(total="10.50", State="0.50") | {"payload": body(row_of("101", 10.0, LINE), **details)}]
    told = evidence(wants, [there(total="10.49")], [line_there("1", "101", "-10", LINE)], [("90", "7", "-0.49")], rules)
    assert told[ROOT].endswith(": tax State 0.50, in NetSuite 0.49")


def test_what_is_set_aside_has_no_terms():
    assert evidence([wanted(action="set_aside") | {"payload": None}], [there(total="9")], []) == {
        ROOT: "transaction 90, changed 2026-11-01T09:05:00Z"
    }


def test_a_payment_that_differs_has_no_terms():
    wants, has = [wanted("SHOPDEP-GROCER-1", "customerDeposit")], [there("SHOPDEP-GROCER-1", "CustDep", "9")]
    assert evidence(wants, has, []) == {"SHOPDEP-GROCER-1": "transaction 90, changed 2026-11-01T09:05:00Z"}
