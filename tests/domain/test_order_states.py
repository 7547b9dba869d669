"""Spec of the one state of an order: how far it is, and what a failed or unanswered write makes of it."""

from decimal import Decimal

import pytest

from contract.frames import from_rows
from contract.tables import TABLES
from domain.order_life import Account, Life
from domain.order_states import STATES, state_row, with_outcomes
from tests.domain.channel_world import make_contract

CONTRACT = make_contract({"ONE": {}})
GID = "gid://shopify/Order/1"


class Facts:
    key = ("ONE", GID)

    def __init__(self, outstanding="0"):
        self.order = {"name": "#1", "updated_at_utc": None, "currency_code": "USD", "outstanding_amount": outstanding}


def life(*, ordered=2, shipped=2):
    return Life({"l": Account(units=ordered, shipped=shipped)}, [], {})


def decided(action, **more):
    return {"action_code": action, "reason_code": None, "reason": None, **more}


CASES = {
    # rows, units shipped of 2, outstanding, followed to -> state, what is next
    "followed no further": ([decided("create")], 0, "0", "order", "written", "nothing: the contract"),
    "units to ship": ([decided("create")], 1, "0", "settlement", "written", "1 units to ship"),
    "all shipped": ([decided("revise")], 2, "5", "fulfillment", "fulfilled", "nothing: the contract"),
    "all billed": ([decided("revise")], 2, "5", "invoice", "invoiced", "nothing: the contract"),
    "to be paid": ([decided("revise")], 2, "5.00", "settlement", "invoiced", "5.00 USD to be paid"),
    "to be paid back": ([decided("revise")], 2, "-5.00", "settlement", "invoiced", "5.00 USD to be paid back"),
    "nothing open": ([decided("revise")], 2, "0.00", "settlement", "settled", "nothing: it is done"),
    "nothing left to write": ([], 2, "0", "settlement", "settled", "nothing: it is done"),
    "by another hand": ([decided("adopt", reason="has it as 7")], 0, "0", "settlement", "adopted", "nothing: has it as 7"),
    "a test": ([decided("skip", reason_code="test_order", reason="a test")], 0, "0", "settlement", "left_alone", "nothing: a test"),
    "dismissed": ([decided("skip", reason_code="dismissed", reason="by hand")], 0, "0", "order", "dismissed", "nothing: by hand"),
    "the rest set aside": ([decided("revise"), decided("set_aside", reason="no")], 2, "0", "settlement", "quarantined", "mend it"),
}


@pytest.mark.parametrize("case", CASES)
def test_how_far_an_order_is(case):
    rows, shipped, outstanding, follow_to, state, following = CASES[case]
    contract = CONTRACT.model_copy(update={"orders": CONTRACT.orders.model_copy(update={"follow_to": follow_to})})
    row = state_row(Facts(outstanding), rows, life(shipped=shipped), contract)
    assert row["state_code"] == state
    assert row["next_action"].startswith(following)
    assert state in STATES


@pytest.mark.parametrize(
    ("outcome", "code", "state"),
    [
        ("written", None, "settled"),
        ("waiting", None, "settled"),
        ("failed", "invalid_property", "quarantined"),
        ("set_aside", "fulfillment_does_not_fit", "quarantined"),
        ("failed", "netsuite_unavailable", "waiting"),
        ("failed", "shopify_unavailable", "waiting"),
    ],
)
def test_what_became_of_the_writes_counts(outcome, code, state):
    row = state_row(
        Facts(), [], life(), CONTRACT.model_copy(update={"orders": CONTRACT.orders.model_copy(update={"follow_to": "settlement"})})
    )
    outcomes = from_rows("out_netsuite_documents", [_document()]).assign(outcome=outcome, reason_code=code, message="told")
    told = with_outcomes(from_rows("out_order_states", [row]), outcomes).iloc[0]
    assert told["state_code"] == state
    assert told["last_error"] == ("" if state == "settled" else "told")


def _document():
    row = dict.fromkeys(TABLES["out_netsuite_documents"].nullable)
    key = {"external_id": "x", "shop_code": "ONE", "order_id_shopify": GID, "order_name": "#1", "step_count": 0}
    return {
        **row,
        **key,
        "action_code": "create",
        "total_amount": Decimal(1),
        "currency_code": "USD",
        "transaction_date": "2026-11-01",
    }
