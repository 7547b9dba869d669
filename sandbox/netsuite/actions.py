"""What people do inside NetSuite while the world runs: the control endpoint's actions."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sandbox.netsuite.account import Account, Author, account_of
from sandbox.netsuite.administrator import ACTIONS as ADMINISTRATOR
from sandbox.netsuite.administrator import edit_customer
from sandbox.netsuite.fulfilments import advance, fulfil, shipment_of
from sandbox.netsuite.problems import NetSuiteError
from sandbox.netsuite.record_body import read_body
from sandbox.netsuite.records import delete_any
from sandbox.netsuite.transactions import TYPES, update
from sandbox.netsuite.warehouse import ACTIONS as WAREHOUSE
from sandbox.world import World

_Action = Callable[[Account, dict[str, Any]], dict[str, Any]]
_ADMINISTRATOR = 7  # the employee who acts where the body names nobody


def act(world: World, action: str, body: dict[str, Any]) -> dict[str, Any]:
    """Do what a NetSuite user would, and return what came of it (README.md lists the actions).

    A transaction is named by `transaction` (id) or `external_id`; `by` is the employee who does it.

    Raises:
        ValueError: the action is unknown, or NetSuite would refuse it; nothing has changed then.
    """
    if action not in _ACTIONS:
        raise ValueError(f"there is no action {action!r}; there are {', '.join(sorted(_ACTIONS))}")
    account = account_of(world)
    try:
        with account.change(), _acting(account, int(body.get("by", _ADMINISTRATOR))):
            return _ACTIONS[action](account, body)
    except NetSuiteError as problem:
        raise ValueError(problem.detail) from problem
    except KeyError as error:
        raise ValueError(f"action {action} needs {error}") from error


@contextmanager
def _acting(account: Account, employee: int) -> Iterator[None]:
    """Let an employee act in the user interface while the world's lock is held."""
    account.person = Author(employee)
    try:
        yield
    finally:
        account.person = None
        account.forget_fields()


def _transaction(account: Account, body: dict[str, Any]) -> dict[str, Any]:
    if "transaction" in body:
        row = account.one("SELECT * FROM ns_transaction WHERE id = ?", int(body["transaction"]))
    else:
        row = account.one(
            "SELECT * FROM ns_transaction WHERE externalid = ? AND type IN ('SalesOrd', 'CashSale')", body["external_id"]
        )
    if row is None:
        raise ValueError(f"there is no transaction {body.get('transaction') or body.get('external_id')}")
    return row


def _patch(account: Account, body: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    row = _transaction(account, body)
    kind = next(name for name, codes in TYPES.items() if codes[0] == row["type"])
    update(account, row["id"], read_body(account, kind, patch, "Error"))
    return {"transaction": str(row["id"])}


def _approve(account: Account, body: dict[str, Any]) -> dict[str, Any]:
    return _patch(account, body, {"orderStatus": {"id": "B"}})


def _unapprove(account: Account, body: dict[str, Any]) -> dict[str, Any]:
    return _patch(account, body, {"orderStatus": {"id": "A"}})


def _close_line(account: Account, body: dict[str, Any]) -> dict[str, Any]:
    return _patch(account, body, {"item": {"items": [{"line": int(body["line"]), "isClosed": True}]}})


def _edit_field(account: Account, body: dict[str, Any]) -> dict[str, Any]:
    change = {body["field"]: body["value"]}
    if "customer" in body:
        return edit_customer(account, int(body["customer"]), change)
    if "line" in body:
        change = {"item": {"items": [{"line": int(body["line"]), **change}]}}
    return _patch(account, body, change)


def _delete(account: Account, body: dict[str, Any]) -> dict[str, Any]:
    row = _transaction(account, body)
    delete_any(account, row["id"])
    return {"transaction": str(row["id"])}


def _fulfil(account: Account, body: dict[str, Any]) -> dict[str, Any]:
    row = _transaction(account, body)
    given = body.get("lines") or [body]
    shipments = [shipment_of(account, row["id"], one) for one in given]
    document = fulfil(account, row["id"], shipments, body.get("status", "C"), body.get("fulfilment_external_id"))
    return {"transaction": str(row["id"]), "fulfilment": str(document)}


def _advance(account: Account, body: dict[str, Any]) -> dict[str, Any]:
    advance(account, int(body["fulfilment"]), body["status"])
    return {"fulfilment": str(body["fulfilment"])}


_ACTIONS: dict[str, _Action] = {
    "approve": _approve,
    "unapprove": _unapprove,
    "close_line": _close_line,
    "edit_field": _edit_field,
    "delete": _delete,
    "fulfil": _fulfil,
    "advance_fulfilment": _advance,
    **WAREHOUSE,
    **ADMINISTRATOR,
}
