"""Spec of orders and money, both ways: missing, doubled, foreign, different; each with its cause, and the days' sums."""

import json
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pandas as pd
import pytest

from contract.frames import empty, from_rows
from domain.document_pairs import Books, pair_documents
from domain.money_totals import total_by_day
from domain.reconcile_orders import find_order_differences
from tests.domain import reconcile_walk
from tests.domain.channel_world import make_contract

AT = datetime(2026, 11, 2, 12, tzinfo=UTC)
CONTRACT = make_contract({"ONE": {}})
GID, ROOT = "gid://shopify/Order/7", "SHOPIFY-GROCER-7"
LATE = AT - timedelta(minutes=CONTRACT.drift.grace_minutes)


def order(gid=GID, **more):
    row = {"shop_code": "GROCER", "order_id_shopify": gid, "name": "#7", "source_name": "web", "cancelled_at_utc": None}
    return row | {"created_at_utc": "2026-11-01T09:00:00Z", "updated_at_utc": "2026-11-01T09:00:00Z"} | more


def wanted(external_id=ROOT, kind="salesOrder", total="10.00", action="create", gid=GID, day="2026-11-01", gateway=None, **taxes):
    row = {"external_id": external_id, "shop_code": "GROCER", "order_id_shopify": gid, "order_name": "#7", "step_count": 0}
    row |= {"action_code": action, "record_type": kind, "source_external_id": None, "source_record_type": None}
    row |= {"reason_code": None, "reason": None, "total_amount": Decimal(total), "currency_code": "USD", "payload_hash": None}
    row |= {"transaction_date": day, "gateway": gateway, "taxes": json.dumps(taxes) if taxes else None}
    return row | {"payload": json.dumps({"tranDate": day, "memo": gateway or ""})}


def there(external_id=ROOT, kind="SalesOrd", total="10", number="90", **more):
    row = {"transaction_id_netsuite": number, "external_id": external_id, "transaction_type": kind, "status_code": "B"}
    row |= {"transaction_date": "2026-11-01", "total_amount": total, "closed_amount": None, "memo": None, "other_ref_num": "#7"}
    return row | {"created_at_utc": "2026-11-01T09:05:00Z", "modified_at_utc": "2026-11-01T09:05:00Z"} | more


def known(external_id=ROOT, status="written", number="90", kind="salesOrder"):
    row = {"external_id": external_id, "status": status, "netsuite_id": number, "record_type": kind}
    return row | {"shop_code": "GROCER", "order_id_shopify": GID}


def books(wants=(), has=(), knows=(), aside=()):
    return Books(
        from_rows("out_netsuite_documents", wants),
        from_rows("raw_netsuite__documents", [row | {"run_id": "r", "extracted_at_utc": "x"} for row in has])
        if has
        else empty("raw_netsuite__documents"),
        pd.DataFrame(list(knows), columns=list(known())),
        pd.DataFrame(list(aside), columns=["shop_code", "entity_key", "reason_code", "reason"]),
    )


def raw(*orders, lines=(), booked=()):
    frames = {"raw_shopify__orders": orders, "raw_shopify__order_lines": lines, "raw_netsuite__order_lines": booked}
    return {name: pd.DataFrame(list(rows), columns=empty(name).columns) for name, rows in frames.items()}


def causes(told, *orders, **more):
    frames = raw(*(orders or (order(),)), **more)
    found = find_order_differences(told, frames, pair_documents(told, frames, CONTRACT, AT))
    return {(row["external_id"], row["cause_code"]): row for row in found.to_dict("records")}


ASIDE = {"shop_code": "GROCER", "entity_key": GID, "reason_code": "unmapped_gateway", "reason": "klarna"}
SHIPPED = wanted("SHOPFUL-GROCER-1", "itemFulfillment", "0")
CASES = {
    "the same": (books([wanted()], [there()]), set()),
    "a cent less": (books([wanted()], [there(total="9.99")]), {(ROOT, "total_differs")}),
    "the same in other words": (books([wanted(total="10.00")], [there(total="10.0")]), set()),
    "a line taken off after it was booked is closed, and in the total": (
        books([wanted()], [there(total="20.3", closed_amount="-10.299999999999999")]),
        set(),
    ),
    "all of it taken off": (books([wanted(total="0.00")], [there(total="20.3", closed_amount="-20.3", status_code="H")]), set()),
    "a line closed that the order still has": (books([wanted()], [there(closed_amount="-4")]), set()),
    "a line closed, and another changed": (books([wanted()], [there(total="20.3", closed_amount="-9")]), {(ROOT, "total_differs")}),
    "nothing in NetSuite": (books([wanted()]), {(ROOT, "missing_in_netsuite")}),
    "nothing, and we wrote it": (books([wanted()], [], [known()]), {(ROOT, "deleted")}),
    "nothing, and we only meant to": (
        books([wanted()], [], [known(status="intended", number=None)]),
        {(ROOT, "missing_in_netsuite")},
    ),
    "nothing, and it is in quarantine": (books([wanted()], aside=[ASIDE]), {(ROOT, "quarantined")}),
    "not shipped there": (books([wanted(), SHIPPED], [there()]), {("SHOPFUL-GROCER-1", "not_shipped_in_netsuite")}),
    "on another day": (books([wanted()], [there(transaction_date="2026-11-02")]), {(ROOT, "date_differs")}),
    "an order of another hand": (books([wanted(action="adopt")], [there("CELIGO_7", total="1")]), set()),
    "a test order": (books([wanted(action="skip")]), set()),
    "a credit has another sign": (
        books([wanted("SHOPCM-GROCER-3", "creditMemo", "4.00")], [there("SHOPCM-GROCER-3", "CustCred", "-4")]),
        set(),
    ),
    "cancelled, and open there": (
        books([wanted(total="0")], [there(total="0")]),
        set(),
    ),
    "of no order of the shop": (
        books([], [there("SHOPIFY-GROCER-99", other_ref_num="#99")]),
        {("SHOPIFY-GROCER-99", "missing_in_shopify")},
    ),
    "by hand, of no shop": (books([], [there("BY-HAND", other_ref_num="#99")]), set()),
    "twice": (books([wanted()], [there(), there("BY-HAND", number="91")]), {(ROOT, "doubled")}),
    "twice, at a till whose sales are deposited": (
        books([wanted(kind="cashSale")], [there(kind="CashSale"), there("BY-HAND", "CashSale", number="91", status_code="C")]),
        {(ROOT, "doubled")},
    ),
    "a fulfilment that the shop cancelled": (
        books(
            [wanted()],
            [there(), there("SHOPFUL-GROCER-9", "ItemShip", "0", "92")],
            [known(), known("SHOPFUL-GROCER-9", number="92", kind="itemFulfillment")],
        ),
        {("SHOPFUL-GROCER-9", "missing_in_shopify")},
    ),
    "of an order that is set aside nobody knows what there should be": (
        books(
            [wanted(), wanted("SHOPINV-GROCER-9", "invoice", action="set_aside")],
            [there(), there("SHOPCM-GROCER-9", "CustCred", "-1", "92")],
            [known(), known("SHOPCM-GROCER-9", number="92", kind="creditMemo")],
            [ASIDE],
        ),
        {("SHOPINV-GROCER-9", "quarantined")},
    ),
    "twice, and one is cancelled": (books([wanted()], [there(), there("BY-HAND", number="91", status_code="C")]), set()),
}


@pytest.mark.parametrize("case", CASES)
def test_each_difference_has_its_cause(case):
    told, expected = CASES[case]
    assert set(causes(told)) == expected


def test_what_changed_minutes_ago_may_be_on_its_way():
    changed = books([wanted(total="12.00")], [there()])
    just_now = order(updated_at_utc=f"{AT:%Y-%m-%dT%H:%M:%SZ}")
    assert causes(changed, just_now) == {}
    assert set(causes(changed)) == {(ROOT, "total_differs")}
    since = books([wanted(total="12.00")], [there(modified_at_utc=f"{AT:%Y-%m-%dT%H:%M:%SZ}")])
    assert set(causes(since, just_now)) == {(ROOT, "total_differs")}, "somebody changed it after the order"
    pairs = pair_documents(changed, raw(just_now), CONTRACT, AT)
    assert total_by_day(pairs, None, CONTRACT).empty
    same = books([wanted()], [there()])
    assert len(total_by_day(pair_documents(same, raw(just_now), CONTRACT, AT), None, CONTRACT)) == 1


def test_cancelled_in_the_shop_and_open_there():
    gone = order(cancelled_at_utc="2026-11-01T10:00:00Z")
    assert set(causes(books([wanted(total="0")], [there(total="0")]), gone)) == {(ROOT, "open_in_netsuite")}
    assert set(causes(books([wanted(total="0")], [there(total="0", status_code="H")]), gone)) == set()


@pytest.mark.parametrize(("updated", "is_told"), [(LATE - timedelta(seconds=1), True), (LATE, False), (AT, False)])
def test_an_order_that_may_be_on_its_way_is_no_difference(updated, is_told):
    young = order(updated_at_utc=updated.isoformat())
    assert bool(causes(books([wanted()]), young)) is is_told
    assert bool(sums(books([wanted()]), young)) is is_told


def test_lines_closed_there_that_the_shop_has_to_ship():
    line = {"shop_code": "GROCER", "order_id_shopify": GID, "order_line_id_shopify": "L1", "unfulfilled_qty": "2", "sku": "APPLE"}
    closed = {"transaction_type": "SalesOrd", "order_line_id_shopify": "L1", "is_closed": "T", "transaction_id_netsuite": "90"}
    told = books([wanted()], [there()])
    assert set(causes(told, lines=[line], booked=[closed])) == {(ROOT, "closed_in_netsuite")}
    again = closed | {"is_closed": "F"}
    assert set(causes(told, lines=[line], booked=[closed, again])) == set()
    assert set(causes(told, lines=[line | {"unfulfilled_qty": "0"}], booked=[closed])) == set()


def sums(told, *orders):
    pairs = pair_documents(told, raw(*(orders or (order(),))), CONTRACT, AT)
    found = total_by_day(pairs, empty("raw_netsuite__document_taxes"), CONTRACT)
    return {
        (row["day"], row["measure_code"], row["gateway"]): (row["shopify_amount"], row["netsuite_amount"], row["examples"])
        for row in found.to_dict("records")
    }


def test_the_days_sums_of_both_systems():
    paid = wanted("SHOPDEP-GROCER-1", "customerDeposit", "10.00", gateway="cards")
    back = wanted("SHOPREF-GROCER-2", "customerRefund", "4.00", gateway="cards", day="2026-11-02")
    has = [there(), there("SHOPDEP-GROCER-1", "CustDep", "10", "91"), there("SHOPREF-GROCER-2", "CustRfnd", "-4", "92")]
    has[2]["transaction_date"] = "2026-11-02"
    assert sums(books([wanted(), paid, back], has)) == {
        ("2026-11-01", "ordered", ""): (Decimal(10), Decimal(10), ""),
        ("2026-11-01", "tendered", "cards"): (Decimal(10), Decimal(10), ""),
        ("2026-11-02", "tendered", "cards"): (Decimal(-4), Decimal(-4), ""),
    }


def test_a_document_on_another_day_moves_both_days_sums():
    assert sums(books([wanted()], [there(transaction_date="2026-10-31")])) == {
        ("2026-11-01", "ordered", ""): (Decimal(10), Decimal(0), "#7"),
        ("2026-10-31", "ordered", ""): (Decimal(0), Decimal(10), "#7"),
    }


def test_a_cent_is_a_difference_and_names_its_order():
    assert sums(books([wanted()], [there(total="9.99")])) == {("2026-11-01", "ordered", ""): (Decimal(10), Decimal("9.99"), "#7")}


KINDS = {
    "salesOrder": "SalesOrd",
    "cashSale": "CashSale",
    "itemFulfillment": "ItemShip",
    "invoice": "CustInvc",
    "creditMemo": "CustCred",
    "customerDeposit": "CustDep",
    "customerRefund": "CustRfnd",
    None: "SalesOrd",
}
ROOTS = ("SalesOrd", "CashSale")
DAYS = ("2026-11-01", "2026-11-01", "2026-11-01", "2026-11-02")
TOTALS = ("10.00", "10.00", "10.00", "9.99", "10.825", "-4.00", "0")


def random_books(chance, count):
    """Return orders, what there should be of them, and what there is: the same, changed, missing, doubled, of nobody."""
    orders = [
        order(
            f"gid://shopify/Order/{number}",
            name=f"#{chance.randrange(count)}",
            cancelled_at_utc=chance.choice([None, None, "2026-11-01T10:00:00Z"]),
            updated_at_utc=chance.choice(["2026-11-01T09:00:00Z", AT.isoformat()]),
        )
        for number in range(count)
    ]
    wants, has = {}, []
    for number in range(4 * count):
        mine, kind = chance.randrange(count + 2), chance.choice(list(KINDS))
        gid, name = f"gid://shopify/Order/{mine}", f"SHOPX-GROCER-{number}"
        if KINDS[kind] in ROOTS:
            name = f"SHOPIFY-GROCER-{mine}"
            name += f"-E{number}" if name in wants else ""
        action = "set_aside" if kind is None else chance.choice(["create", "create", "revise", "transform", "skip", "adopt"])
        row = wanted(name, kind, chance.choice(TOTALS), action, gid, chance.choice(DAYS), chance.choice([None, "cards"]))
        wants[name] = row | ({} if kind else {"payload": None, "gateway": None, "transaction_date": "2026-11-01"})
        for copy in range(chance.choice([0, 1, 1, 1, 2])):
            other = chance.choice([name, None, "EDI-1", f"SHOPIFY-GROCER-{count + 7}", "SHOPIFY-GROCER-7-E5"])
            more = {"transaction_date": chance.choice(DAYS), "status_code": chance.choice("BCGH")}
            more |= {"modified_at_utc": chance.choice(["2026-11-01T09:05:00Z", "2026-11-02T12:00:00Z", "2026-11-02T12:05:00Z"])}
            more |= {"other_ref_num": chance.choice([f"#{mine}", f"#{chance.randrange(count)}", None])}
            has.append(there(other if copy else name, KINDS[kind], chance.choice(TOTALS), str(90 + len(has)), **more))
    statuses = [known(name, chance.choice(["written", "intended", "adopted"]), chance.choice(["90", None])) for name in wants]
    aside = [ASIDE | {"entity_key": row["order_id_shopify"]} for row in orders if chance.random() < 0.2]
    return books(wants.values(), has, statuses[::2], aside), orders


@pytest.mark.parametrize("seed", range(4))
def test_frames_find_what_a_walk_over_every_row_finds(seed):
    told, orders = random_books(random.Random(seed), 40)
    frames = raw(*orders)
    pairs = pair_documents(told, frames, CONTRACT, AT)
    found, totals = (
        find_order_differences(told, frames, pairs),
        total_by_day(pairs, empty("raw_netsuite__document_taxes"), CONTRACT),
    )
    pd.testing.assert_frame_equal(found, reconcile_walk.find_order_differences(told, frames, CONTRACT, AT))
    pd.testing.assert_frame_equal(totals, reconcile_walk.total_by_day(told, frames, CONTRACT, AT))
