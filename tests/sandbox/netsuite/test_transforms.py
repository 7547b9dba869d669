"""What is made of orders: fulfilments, invoices, deposits, returns, credits, refunds; stock and money follow."""

from dataclasses import replace

import pytest

from tests.sandbox.netsuite.conftest import RECORD, detail, line, order


def made(client, source, target, body):
    answer = client.call("POST", f"{RECORD}/{source}/!transform/{target}", body)
    assert answer.status_code == 204, answer.text
    return answer.headers["Location"].rsplit("/", 1)[1]


def status(client, identifier):
    return client.rows("SELECT status FROM transaction WHERE id = ?", identifier)[0]["status"]


def seen(client, kind, identifier):
    return client.call("GET", f"{RECORD}/{kind}/{identifier}", params={"expandSubResources": "true"}).json()


def taking(*rows):
    return {"item": {"items": [dict(zip(("orderLine", "quantity", "amount"), row, strict=False)) for row in rows]}}


def shipped_order(client, quantity=3):
    return client.create("salesOrder", order(line(101, quantity, 1), {"item": {"id": "901"}, "quantity": 1, "amount": 5.0}))


def test_lines_that_are_not_listed_are_fulfilled_too(client):
    so = client.create("salesOrder", order(line(101, 2), line(102, 1)))
    made(client, f"salesOrder/{so}", "itemFulfillment", taking((1, 1)))
    assert client.balance(101)[0] == "9"
    assert client.balance(102)[0] == "2"  # the trap: line 2 was not listed
    assert status(client, so) == "D"


def test_a_line_left_out_stays_open(client):
    so = client.create("salesOrder", order(line(101, 2), line(102, 1)))
    made(client, f"salesOrder/{so}", "itemFulfillment", {"item": {"items": [{"orderLine": 2, "itemReceive": False}]}})
    assert (client.balance(101)[0], client.balance(102)[0]) == ("8", "3")


def test_a_kit_ships_its_members(client):
    so = client.create("salesOrder", order(line(110, 1)))
    made(client, f"salesOrder/{so}", "itemFulfillment", {})
    assert (client.balance(101)[0], client.balance(102)[0]) == ("8", "2")
    assert status(client, so) == "F"


def test_a_repeated_transform_is_refused_by_its_external_id(client):
    so = shipped_order(client)
    body = {"externalId": "SHOPFUL-1"} | taking((1, 1))
    made(client, f"salesOrder/{so}", "itemFulfillment", body)
    again = client.call("POST", f"{RECORD}/salesOrder/{so}/!transform/itemFulfillment", body)
    assert detail(again) == (400, "USER_ERROR", "Error while accessing a resource. This record already exists.")


@pytest.mark.parametrize("quantity", [4, -1])
def test_more_than_is_open_is_refused(client, quantity):
    so = shipped_order(client)
    answer = client.call("POST", f"{RECORD}/salesOrder/{so}/!transform/itemFulfillment", taking((1, quantity)))
    assert answer.status_code == 400


def test_an_order_is_shipped_billed_and_paid_by_its_deposit(client):
    so = shipped_order(client)  # 3 x 2.50 + 5.00
    deposit = client.create("customerDeposit", {"customer": {"id": "501"}, "salesOrder": {"id": so}, "payment": 12.5})
    refused = client.call("POST", f"{RECORD}/salesOrder/{so}/!transform/invoice", taking((1, 1)))
    assert refused.status_code == 400  # nothing is shipped yet
    made(client, f"salesOrder/{so}", "itemFulfillment", taking((1, 1)))
    first = made(client, f"salesOrder/{so}", "invoice", taking((1, 1, 2.5), (2, 1, 5.0)))
    assert (seen(client, "invoice", first)["total"], status(client, so)) == (7.5, "D")
    made(client, f"salesOrder/{so}", "itemFulfillment", {})
    second = made(client, f"salesOrder/{so}", "invoice", {})
    assert (seen(client, "invoice", second)["total"], seen(client, "invoice", second)["amountRemaining"]) == (5.0, 0)
    assert [status(client, x) for x in (so, first, second, deposit)] == ["G", "B", "B", "C"]
    assert client.rows("SELECT COUNT(*) AS n FROM transaction WHERE type = 'DepAppl'")[0]["n"] == "2"


def test_a_return_is_received_elsewhere_credited_and_refunded(client):
    so = shipped_order(client)
    made(client, f"salesOrder/{so}", "itemFulfillment", {})
    made(client, f"salesOrder/{so}", "invoice", {})
    rma = made(client, f"salesOrder/{so}", "returnAuthorization", {"orderStatus": {"id": "B"}} | taking((1, 2, 4.0), (2, 0)))
    early = client.call("POST", f"{RECORD}/returnAuthorization/{rma}/!transform/creditMemo", {})
    assert early.status_code == 400  # nothing is received yet
    made(client, f"returnAuthorization/{rma}", "itemReceipt", {"item": {"items": [{"orderLine": 1, "location": {"id": "2"}}]}})
    assert (client.balance(101, 1)[0], client.balance(101, 2)[0], status(client, rma)) == ("7", "6", "F")
    memo = made(client, f"returnAuthorization/{rma}", "creditMemo", {})
    assert (seen(client, "creditMemo", memo)["total"], status(client, rma)) == (4.0, "G")
    body = {"customer": {"id": "501"}, "apply": {"items": [{"doc": {"id": memo}, "apply": True, "amount": 4.0}]}}
    client.create("customerRefund", body)
    assert (status(client, memo), client.balance(101, 2)[0]) == ("B", "6")
    assert client.call("POST", f"{RECORD}/customerRefund", body).status_code == 400


def test_goods_that_are_written_off_do_not_come_back(client):
    so = shipped_order(client)
    made(client, f"salesOrder/{so}", "itemFulfillment", {})
    rma = made(client, f"salesOrder/{so}", "returnAuthorization", {"orderStatus": {"id": "B"}} | taking((1, 1), (2, 0)))
    made(client, f"returnAuthorization/{rma}", "itemReceipt", {"item": {"items": [{"orderLine": 1, "restock": False}]}})
    assert client.balance(101)[0] == "7"


def test_a_cash_sale_is_refunded_and_its_goods_come_back(client):
    sale = client.create("cashSale", order(line(101, 2), location={"id": "1"}))
    assert client.balance(101)[0] == "8"
    refund = made(client, f"cashSale/{sale}", "cashRefund", taking((1, 1)))
    assert (client.balance(101)[0], seen(client, "cashRefund", refund)["total"]) == ("9", 2.5)
    assert client.call("POST", f"{RECORD}/cashSale/{sale}/!transform/cashRefund", taking((1, 2))).status_code == 400


def test_what_is_fulfilled_or_billed_cannot_be_taken_off_the_order(client):
    so = shipped_order(client)
    made(client, f"salesOrder/{so}", "itemFulfillment", taking((1, 2)))
    patch = {"item": {"items": [{"line": 1, "quantity": 1}]}}
    assert client.call("PATCH", f"{RECORD}/salesOrder/{so}", patch).status_code == 400
    patch = {"item": {"items": [{"line": 1, "quantity": 2, "amount": 5.0}]}}
    assert client.call("PATCH", f"{RECORD}/salesOrder/{so}", patch).status_code == 204
    assert status(client, so) == "F"


def test_an_unapproved_order_cannot_be_fulfilled(client):
    so = client.create("salesOrder", order(line(101, 1), status="A"))
    assert client.call("POST", f"{RECORD}/salesOrder/{so}/!transform/itemFulfillment", {}).status_code == 400


def test_tax_details_need_suitetax(client):
    details = {"taxDetailsOverride": True, "taxDetails": {"items": [{"taxDetailsReference": "1", "taxAmount": 0.21}]}}
    answer = client.call("POST", f"{RECORD}/salesOrder", order(line(101, 1), **details))
    assert answer.status_code == 400
    assert client.query("SELECT td.taxcode FROM TransactionTaxDetail td").status_code == 400


def test_tax_details_are_rows_of_their_documents_with_the_sign_of_their_lines(client, account):
    account.settings = replace(account.settings, has_suitetax=True)
    row = {
        "taxDetailsReference": "A",
        "taxType": {"id": "3"},
        "taxCode": {"id": "7"},
        "taxBasis": 5.0,
        "taxRate": 0.04,
        "taxAmount": 0.2,
    }
    details = {"taxDetailsOverride": True, "taxDetails": {"items": [row]}}
    so = client.create("salesOrder", order(line(101, 2, taxDetailsReference="A"), **details))
    ignored = client.create("salesOrder", order(line(101, 1), **details | {"taxDetailsOverride": False}))
    memo = client.create("creditMemo", order({"item": {"id": "901"}, "quantity": 1, "amount": 5.0}, **details))
    columns = "line, linename, taxtype, taxcode, taxbasis, taxrate, taxamount, basetaxamount"
    asked = f"SELECT {columns} FROM TransactionTaxDetail td WHERE td.transaction = ?"
    amounts = {"taxbasis": "-5", "taxamount": "-0.2", "basetaxamount": "-0.2"}
    common = {"taxtype": "3", "taxcode": "7", "taxrate": "0.04"}
    assert client.rows(asked, so) == [{"line": "1", "linename": "APPLE", **common, **amounts}]
    assert client.rows(asked, memo) == [common | {name: value.lstrip("-") for name, value in amounts.items()}]
    assert client.rows(asked, ignored) == []
    joined = "JOIN transactionline tl ON tl.transaction = td.transaction AND tl.id = td.line"
    assert client.rows(f"SELECT tl.item AS item FROM TransactionTaxDetail td {joined}") == [{"item": "101"}]


def test_an_unknown_target_is_refused_and_one_that_is_missing_says_so(client):
    so = shipped_order(client)
    assert client.call("POST", f"{RECORD}/salesOrder/{so}/!transform/cashSale", {}).status_code == 501
    assert client.call("POST", f"{RECORD}/salesOrder/{so}/!transform/itemReceipt", {}).status_code == 400
    assert client.call("POST", f"{RECORD}/salesOrder/999/!transform/invoice", {}).status_code == 404
