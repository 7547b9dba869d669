"""Fills an account from a seed (README.md says what one holds)."""

import json
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from sandbox.netsuite import custom_fields
from sandbox.netsuite.account import Account, Settings, start_account
from sandbox.netsuite.fulfilments import seeded
from sandbox.netsuite.problems import NetSuiteError
from sandbox.netsuite.record_body import read_body
from sandbox.netsuite.transactions import create
from sandbox.netsuite.warehouse import receive
from sandbox.world import World

_CURRENCY = {"id": 1, "name": "USD", "symbol": "USD", "exchangerate": 1, "isbasecurrency": "T"}
_EMPLOYEES = [{"id": 3, "entityid": "Integration"}, {"id": 7, "entityid": "Account Administrator"}]


def load(world: World, seed: dict[str, Any]) -> None:
    """Empty the account and fill it from a seed; one that does not fit leaves it empty.

    Raises:
        ValueError: a part of the seed does not fit; the message names it.
    """
    given = {field.name: seed[field.name] for field in fields(Settings) if field.name in seed}
    with world.lock:
        account = start_account(world, Settings(**given | {"has_subsidiaries": bool(seed.get("subsidiaries"))}))
        with account.change():
            _load_callers(account, seed)
            _load_lists(account, seed)
            for row in seed.get("receipts", []):
                _load_receipt(account, row)
            for index, row in enumerate(seed.get("transactions", [])):
                try:
                    _load_transaction(account, row)
                except NetSuiteError as problem:
                    raise ValueError(f"seeded transaction {index}: {problem.detail} {problem.pointer}") from problem
                finally:
                    account.backdated = None


def _load_callers(account: Account, seed: dict[str, Any]) -> None:
    for row in seed.get("m2m_clients", []):
        account.insert("ns_m2m_client", row)
    for row in seed.get("tba_tokens", []):
        account.insert("ns_tba_token", row)


def _load_lists(account: Account, seed: dict[str, Any]) -> None:
    stamp = account.stamp()
    for row in seed.get("custom_lists", []):
        custom_fields.define_list(account, row)
    for number, row in enumerate(seed.get("custom_fields", []), start=1):
        custom_fields.define(account, row, number)
    for row in seed.get("employees", _EMPLOYEES):
        _insert(account, "ns_employee", {"isinactive": "F"} | row)
    dates = {"createddate": stamp, "lastmodifieddate": stamp}
    active = {"isinactive": "F"}
    place = active | {"makeinventoryavailable": "T", "usebins": "F", "lastmodifieddate": stamp}
    goods = active | dates | {"isserialitem": "F", "islotitem": "F"}
    person = active | {"isperson": "F", "currency": 1, "datecreated": stamp, "lastmodifieddate": stamp}
    lists: tuple[tuple[str, str, dict[str, Any], str], ...] = (
        ("currencies", "ns_currency", active, ""),
        ("subsidiaries", "ns_subsidiary", active | {"currency": 1}, "name"),
        ("locations", "ns_location", place, "name"),
        ("items", "ns_item", goods, "itemid"),
        ("stock", "ns_stock", {"lastquantityavailablechange": stamp}, ""),
        ("status_stock", "ns_statusstock", {}, ""),
        ("customers", "ns_customer", person, ""),
        ("kit_members", "ns_kititemmember", {}, ""),
        ("assembly_members", "ns_assemblyitemmember", {}, ""),
    )
    for name, table, defaults, full_name in lists:
        for row in seed.get(name, [_CURRENCY] if name == "currencies" else []):
            _insert(account, table, defaults | ({"fullname": row.get(full_name)} if full_name else {}) | row)
    for row in seed.get("inventory_numbers", []):
        _load_number(account, row)


def _load_number(account: Account, row: dict[str, Any]) -> None:
    own = {name: value for name, value in row.items() if name != "locations"}
    _insert(account, "ns_inventorynumber", {"isinactive": "F"} | own)
    for place in row.get("locations", []):
        on_hand = place.get("quantityonhand", 0)
        defaults = {"quantityavailable": on_hand, "quantityintransit": 0, "quantityonorder": 0}
        _insert(account, "ns_inventorynumberlocation", {"inventorynumber": row["id"]} | defaults | place)


def _load_receipt(account: Account, row: dict[str, Any]) -> None:
    """Receive goods as the action `receive` does, at an instant of their own (`created_at`)."""
    instant = row.get("created_at")
    account.backdated = datetime.fromisoformat(instant) if instant else None
    try:
        receive(account, row)
    except NetSuiteError as problem:
        raise ValueError(f"seeded receipt {row}: {problem.detail}") from problem
    finally:
        account.backdated = None


def _load_transaction(account: Account, row: dict[str, Any]) -> None:
    instant = row.get("created_at")
    if instant:
        read = datetime.fromisoformat(instant)
        account.backdated = read if read.tzinfo else read.replace(tzinfo=UTC)
    body = read_body(account, row["type"], row["body"], "Error")
    moves = row.get("applies_to_stock", True)
    identifier = create(account, row["type"], body, moves_stock=moves, checks_external_id=False)
    for fulfilment in row.get("fulfil", []):
        seeded(account, identifier, fulfilment)


def _insert(account: Account, table: str, row: dict[str, Any]) -> None:
    """Insert a seeded row; flags may be booleans, custom fields of items and customers lie among the columns."""
    custom = {name.lower(): value for name, value in row.items() if name.lower().startswith(("custitem_", "custentity_"))}
    plain = {name: value for name, value in row.items() if name.lower() not in custom}
    plain = {name: {True: "T", False: "F"}[v] if isinstance(v, bool) else v for name, v in plain.items()}
    if table in ("ns_item", "ns_customer"):
        plain["custom"] = json.dumps(custom)
    try:
        account.insert(table, plain)
    except account.db.Error as error:
        raise ValueError(f"seeded row of {table.removeprefix('ns_')} {row}: {error}") from error
