"""The record API: create, read, change, upsert by external id, delete (facts/netsuite.md 4)."""

from dataclasses import dataclass
from typing import Any

from sandbox.netsuite import customers, transactions, transforms
from sandbox.netsuite.account import Account
from sandbox.netsuite.fulfilments import delete_fulfilment
from sandbox.netsuite.goods_documents import KINDS, delete_goods
from sandbox.netsuite.problems import NetSuiteError, nonexistent_id, not_modelled
from sandbox.netsuite.record_body import Body, read_body
from sandbox.netsuite.record_view import customer_view, transaction_view
from sandbox.netsuite.transfers import is_shipment

_WRITABLE = ("salesOrder", "cashSale", "customer")
_STANDALONE = ("customerDeposit", "customerRefund", "creditMemo", "cashRefund")
_DERIVED = (*_STANDALONE, "itemFulfillment", "invoice", "returnAuthorization", "itemReceipt", "customerPayment")
_Answer = tuple[int, dict[str, Any] | None, dict[str, str]]


@dataclass(frozen=True)
class Call:
    """One request to the record API; `key` is what follows the record's name: an id or eid:<external id>."""

    method: str
    kind: str
    key: str | None
    parameters: dict[str, str]
    headers: dict[str, str]
    path: str
    base: str
    target: str | None = None  # of a transform


def serve_record(account: Account, call: Call, body: Any) -> _Answer:
    """Return status, JSON (None: no body) and headers for a call.

    Raises:
        NetSuiteError: 400, 404 as NetSuite has them; 501 for what the sandbox does not model.
    """
    kind = next((name for name in (*_WRITABLE, *_DERIVED) if name.lower() == call.kind.lower()), None)
    if kind is None:
        raise not_modelled(f"record {call.kind}")
    if "respond-async" in call.headers.get("prefer", ""):
        raise not_modelled("Prefer: respond-async")
    if call.target is not None:
        return _transform(account, kind, call, body)
    if call.key is None:
        if call.method != "POST":
            raise not_modelled(f"{call.method} on the collection {kind}: query it by SuiteQL")
        return _create(account, kind, call, body)
    if call.method == "POST":
        raise NetSuiteError(405, "INVALID_REQUEST", "The method is not allowed for this resource.")
    return _serve_instance(account, kind, call, body, _identifier(account, kind, call.key))


def _serve_instance(account: Account, kind: str, call: Call, body: Any, identifier: int | None) -> _Answer:
    if call.method == "PUT" and kind in _WRITABLE:
        return _upsert(account, kind, call, body, identifier)
    if identifier is None:
        raise nonexistent_id(call.path)
    if kind in _DERIVED and call.method not in ("GET", "DELETE"):
        raise not_modelled(f"{call.method} of {kind}")
    if call.method == "GET":
        return 200, _view(account, kind, identifier, call), {}
    if call.method == "DELETE":
        _delete(account, kind, identifier)
        return 204, None, {}
    return _change(account, kind, identifier, call, body)


def _transform(account: Account, kind: str, call: Call, body: Any) -> _Answer:
    if call.method != "POST":
        raise NetSuiteError(405, "INVALID_REQUEST", "The method is not allowed for this resource.")
    target = next((name for name in (*_WRITABLE, *_DERIVED) if name.lower() == str(call.target).lower()), str(call.target))
    identifier = _identifier(account, kind, str(call.key))
    if identifier is None:
        raise nonexistent_id(call.path)
    if target not in _DERIVED:
        raise not_modelled(f"transform {kind} to {target}")
    read = _read(account, target, call, body or {})
    return 204, None, _headers(target, transforms.transform(account, kind, identifier, target, read), call, read)


def _create(account: Account, kind: str, call: Call, body: Any) -> _Answer:
    read = _read(account, kind, call, body)
    if kind in _DERIVED:
        if kind not in _STANDALONE:
            raise not_modelled(f"a {kind} that is made of nothing")
        return 204, None, _headers(kind, transforms.create(account, kind, read), call, read)
    identifier = customers.create(account, read) if kind == "customer" else transactions.create(account, kind, read)
    return 204, None, _headers(kind, identifier, call, read)


def _change(account: Account, kind: str, identifier: int, call: Call, body: Any) -> _Answer:
    read = _read(account, kind, call, body)
    if "replaceSelectedFields" in call.parameters:
        raise not_modelled("replaceSelectedFields")
    if kind == "customer":
        customers.update(account, identifier, read)
    else:
        replaced = call.parameters.get("replace", "").split(",")
        transactions.update(account, identifier, read, replaces_lines="item" in replaced)
    return 204, None, _headers(kind, identifier, call, read)


def _upsert(account: Account, kind: str, call: Call, body: Any, identifier: int | None) -> _Answer:
    external_id = (call.key or "").removeprefix("eid:")
    if external_id == call.key:
        # PUT works only with an external id (Oracle's rule, our sentence).
        raise NetSuiteError(400, "INVALID_REQUEST", "PUT requires an external ID.", url=call.path)
    transactions.check_external_id(external_id)
    if identifier is not None:
        return _change(account, kind, identifier, call, body)
    return _create(account, kind, call, {**body, "externalId": external_id} if isinstance(body, dict) else body)


def _read(account: Account, kind: str, call: Call, body: Any) -> Body:
    return read_body(account, kind, body, call.headers.get("x-netsuite-propertynamevalidation", "Warning"))


def _identifier(account: Account, kind: str, key: str) -> int | None:
    """Return the id that a key means, or None where the account has no such record."""
    if key.startswith("eid:"):
        external_id = key.removeprefix("eid:")
        if kind == "customer":
            return customers.find_by_external_id(account, external_id)
        return transactions.find_by_external_id(account, kind, external_id)
    if not key.isdigit():
        return None
    if kind == "customer":
        row = account.one("SELECT id FROM ns_customer WHERE id = ?", int(key))
    else:
        row = account.one("SELECT id FROM ns_transaction WHERE id = ? AND type = ?", int(key), transactions.TYPES[kind][0])
    return int(row["id"]) if row else None


def _view(account: Account, kind: str, identifier: int, call: Call) -> dict[str, Any] | None:
    if kind == "customer":
        return customer_view(account, identifier, call.base)
    expands = call.parameters.get("expandSubResources", "false").lower() == "true"
    return transaction_view(account, kind, identifier, call.base, expands=expands)


def _delete(account: Account, kind: str, identifier: int) -> None:
    if kind == "customer":
        customers.delete(account, identifier)
    elif kind in ("itemFulfillment", "itemReceipt"):
        delete_any(account, identifier)
    elif kind in _DERIVED:
        raise not_modelled(f"DELETE of {kind}")
    else:
        transactions.delete(account, identifier)


def delete_any(account: Account, identifier: int) -> None:
    """Delete a transaction of any kind by its id.

    Raises:
        ValueError: there is none.
    """
    row = account.one("SELECT id, type FROM ns_transaction WHERE id = ?", identifier)
    if row is None:
        raise ValueError(f"there is no transaction {identifier}")
    if row["type"] in KINDS or is_shipment(account, identifier):
        delete_goods(account, row)
    elif row["type"] == "ItemShip":
        delete_fulfilment(account, identifier)
    else:
        transactions.delete(account, identifier)


def _headers(kind: str, identifier: int, call: Call, read: Body) -> dict[str, str]:
    """Return Location, and a warning per unknown property; that header's name is not known [?]."""
    headers = {"Location": f"{call.base}/services/rest/record/v1/{kind}/{identifier}"}
    if read.warnings:
        headers["Warning"] = ", ".join(f'199 - "{text!a}"' for text in read.warnings)
    return headers
