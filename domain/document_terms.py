"""Terms of documents: which line, charge or tax of a document makes its total differ from what it should be.

A term is known by the Shopify line that it is of, else by its item or SuiteTax code; what a document comes to beside its lines
and taxes is a term too. So the differences of the terms told always add up to the difference of the totals.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import pandas as pd

from contract.frames import Frames
from contract.models import Contract
from domain.document_pairs import Row, rows_of
from domain.money import ZERO
from domain.tax_titles import tax_items, tax_key, told_titles

Term = tuple[str, str]
"""What kind of key it is (line, item, code, rest), and the key."""
Terms = dict[Term, Decimal]
_CREDITS = ("creditMemo", "cashRefund")
_TENDERS = ("customerDeposit", "customerPayment", "customerRefund")
_REST: Term = ("rest", "")


def documents_to_read(out_order_differences: pd.DataFrame, pairs: pd.DataFrame) -> list[str]:
    """Return the internal ids of the documents whose lines tell why they come to another amount; payments have none."""
    differing = out_order_differences.loc[out_order_differences["cause_code"].eq("total_differs"), "external_id"]
    mine = pairs.loc[pairs["external_id"].isin(differing.tolist()) & ~pairs["record_type"].isin(_TENDERS)]
    return sorted(mine["transaction_id_netsuite"])


def name_terms(
    out_order_differences: pd.DataFrame, out_netsuite_documents: pd.DataFrame, pairs: pd.DataFrame, raw: Frames, contract: Contract
) -> pd.DataFrame:
    """Return the differences with the terms that differ in the evidence of each document that comes to another amount.

    Args:
        out_order_differences: as found.
        out_netsuite_documents: what there should be.
        pairs: `domain.document_pairs.pair_documents`.
        raw: `raw_netsuite__document_lines` of `documents_to_read`, `raw_netsuite__document_taxes`, `raw_shopify__order_lines`.
        contract: what books what.
    """
    ids = documents_to_read(out_order_differences, pairs)
    lines, taxes = raw["raw_netsuite__document_lines"], raw["raw_netsuite__document_taxes"]
    lines_of = _by_document(lines)
    taxes_of = _by_document(taxes.loc[taxes["transaction_id_netsuite"].isin(ids)])
    bodies = dict(zip(out_netsuite_documents["external_id"], out_netsuite_documents["payload"], strict=True)) if ids else {}
    sources = dict(zip(out_netsuite_documents["external_id"], out_netsuite_documents["source_external_id"], strict=True))
    goods = raw["raw_shopify__order_lines"]
    names = dict(zip(goods["order_line_id_shopify"], goods["sku"].fillna(goods["title"]), strict=True)) if ids else {}
    told: dict[str, str] = {}
    for row in rows_of(pairs.loc[pairs["transaction_id_netsuite"].isin(ids)]):
        number, name = row["transaction_id_netsuite"], row["external_id"]
        wanted = _wanted(json.loads(bodies[name]), contract)
        if row["record_type"] in _CREDITS and str(sources[name]).startswith("SHOPRMA-"):
            # A credit of a return takes the return's lines without naming them.
            wanted = _added(wanted, _wanted(json.loads(bodies[sources[name]]), contract))
        there = _there(row, lines_of.get(number, []), taxes_of.get(number, []), contract)
        titles = list(json.loads(row["taxes"] or "{}"))
        told[name] = "; ".join(_differing(wanted, there, lambda term, seen=titles: _name(term, seen, names, contract)))
    rows = out_order_differences[["external_id", "cause_code", "evidence"]].itertuples(index=False, name=None)
    evidence = [f"{seen}: {told[name]}" if cause == "total_differs" and name in told else seen for name, cause, seen in rows]
    return out_order_differences.assign(evidence=pd.Series(evidence, index=out_order_differences.index, dtype="str"))


def _wanted(body: Mapping[str, Any], contract: Contract) -> Terms:
    """Return the terms of a body as it is sent."""
    found: Terms = {}
    for row in body.get("item", {}).get("items", []):
        line, _, item = row.get("$line", (row.get(contract.account.line_id_field), None, (row.get("item") or {}).get("id")))
        term = ("line", str(line)) if line else ("item", str(item))
        found = _added(found, {term: Decimal(str(row["amount"]))})
    for row in body.get("taxDetails", {}).get("items", []):
        found = _added(found, {("code", str(row["taxCode"]["id"])): Decimal(str(row["taxAmount"]))})
    return found


def _there(row: Row, lines: list[Row], taxes: list[Row], contract: Contract) -> Terms:
    """Return the terms of a document that is there, above zero where they are of its own kind (a credit's too)."""
    sign = 1 if row["record_type"] in _CREDITS else -1
    found: Terms = {}
    for line in lines:
        name = line["order_line_id_shopify"]
        term = ("line", name) if name else ("item", str(line["item_id_netsuite"]))
        found = _added(found, {term: sign * Decimal(line["line_amount"] or 0)})
    if contract.orders.tax == "suitetax":
        for tax in taxes:
            found = _added(found, {("code", tax["tax_id_netsuite"]): sign * Decimal(tax["tax_amount"] or 0)})
    return _added(found, {_REST: abs(row["netsuite_amount"]) - sum(found.values(), ZERO)})


def _added(terms: Terms, more: Terms) -> Terms:
    return {term: terms.get(term, ZERO) + more.get(term, ZERO) for term in dict.fromkeys([*terms, *more])}


def _differing(wanted: Terms, there: Terms, name: Any) -> Iterator[str]:
    """Yield what differs, the largest first."""
    both = {term: (wanted.get(term, ZERO), there.get(term, ZERO)) for term in dict.fromkeys([*wanted, *there])}
    differing = sorted(
        (term for term, (ours, theirs) in both.items() if ours != theirs), key=lambda t: -abs(both[t][1] - both[t][0])
    )
    for term in differing:
        ours, theirs = both[term]
        yield f"{name(term)} {ours:.2f}, in NetSuite {theirs:.2f}"


def _name(term: Term, titles: list[str], names: Mapping[str, Any], contract: Contract) -> str:
    """Return a term in words."""
    kind, key = term
    if kind == "line":
        return f"goods {names.get(key, key)}"
    if kind == "rest":
        return "beside its lines"
    if kind == "code" or key in tax_items(contract):
        return "tax " + told_titles([title for title in titles if tax_key(title, contract) == key], key, contract)
    items = {value: name.removesuffix("_item_id").replace("_", " ") for name, value in contract.orders.items if value}
    return items.get(key, f"item {key}, which the contract does not have,")


def _by_document(frame: pd.DataFrame) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows_of(frame):
        found.setdefault(row["transaction_id_netsuite"], []).append(row)
    return found
