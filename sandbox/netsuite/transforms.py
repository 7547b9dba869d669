"""`POST /{record}/{id}/!transform/{target}`: which document may be made of which (facts/netsuite.md 4.3)."""

from typing import Any

from sandbox.netsuite import derived, payments, shipments, transactions
from sandbox.netsuite.account import Account
from sandbox.netsuite.problems import already_exists, invalid_content, nonexistent_id, not_modelled, user_error
from sandbox.netsuite.record_body import Body, check_mandatory_custom

ALLOWED = {
    "salesOrder": ("cashSale", "fulfillmentRequest", "invoice", "itemFulfillment", "returnAuthorization"),
    "cashSale": ("cashRefund", "returnAuthorization"),
    "invoice": ("creditMemo", "customerPayment", "returnAuthorization"),
    "returnAuthorization": ("cashRefund", "creditMemo", "itemReceipt"),
}
_NOT_MODELLED = ("cashSale", "fulfillmentRequest")


def transform(account: Account, kind: str, identifier: int, target: str, body: Body) -> int:
    """Make a document of another and return its id.

    Raises:
        NetSuiteError: 400 where NetSuite refuses, 404 where the source is not there, 501 where it is not modelled.
    """
    if target not in ALLOWED.get(kind, ()):
        raise invalid_content(f"A {kind} cannot be transformed to {target}.")
    if target in _NOT_MODELLED:
        raise not_modelled(f"transform {kind} to {target}")
    source = account.one("SELECT * FROM ns_transaction WHERE id = ? AND type = ?", identifier, transactions.TYPES[kind][0])
    if source is None:
        raise nonexistent_id(f"{kind}/{identifier}")
    refuse_taken(account, target, body)
    if kind == "salesOrder" and source["status"] in ("A", "C", "H"):
        raise user_error("The sales order is not open.")
    made: dict[str, Any] = {
        "itemFulfillment": lambda: shipments.fulfil_order(account, source, body),
        "invoice": lambda: derived.bill_order(account, source, body),
        "returnAuthorization": lambda: derived.authorise_return(account, source, body),
        "itemReceipt": lambda: derived.receive_return(account, source, body),
        "creditMemo": lambda: derived.credit(account, "creditMemo", source, body),
        "cashRefund": lambda: derived.credit(account, "cashRefund", source, body),
        "customerPayment": lambda: payments.pay_invoice(account, source, body),
    }
    return int(made[target]())


def create(account: Account, kind: str, body: Body) -> int:
    """Create a deposit, refund, credit memo or cash refund by itself and return its id."""
    refuse_taken(account, kind, body)
    if kind == "customerDeposit":
        return payments.create_deposit(account, body)
    if kind == "customerRefund":
        return payments.create_refund(account, body)
    return derived.create_credit(account, kind, body)


def refuse_taken(account: Account, kind: str, body: Body) -> None:
    """Refuse a body whose external id a record of that kind has, or that lacks a mandatory custom field.

    Raises:
        NetSuiteError: 400.
    """
    external_id = body.header.columns.get("externalid")
    transactions.check_external_id(external_id)
    if external_id is not None and transactions.find_by_external_id(account, kind, external_id) is not None:
        raise already_exists(is_entity=False)
    check_mandatory_custom(account, "custbody", body.header.custom)
