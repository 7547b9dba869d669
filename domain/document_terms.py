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
    has_lines = pairs["is_written"] & ~pairs["record_type"].isin(_TENDERS)
    return sorted(pairs.loc[has_lines & pairs["external_id"].isin(differing.tolist()), "transaction_id_netsuite"])


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
    chosen = pairs.loc[pairs["transaction_id_netsuite"].isin(documents_to_read(out_order_differences, pairs))]
    if chosen.empty:
        return out_order_differences
    lines, taxes = (_by_document(raw[f"raw_netsuite__document_{name}"], chosen) for name in ("lines", "taxes"))
    goods = raw["raw_shopify__order_lines"]
    names = dict(zip(goods["order_line_id_shopify"], goods["sku"].fillna(goods["title"]), strict=True))
    decided = _decided(out_netsuite_documents, chosen["external_id"])
    told: dict[str, str] = {}
    for row in rows_of(chosen):
        name, number = row["external_id"], row["transaction_id_netsuite"]
        there = _there(row, lines.get(number, []), taxes.get(number, []), contract)
        differing = _differing(_wanted(name, decided, contract), there)
        titles = list(json.loads(row["taxes"] or "{}"))
        told[name] = "; ".join(f"{_name(term, titles, names, contract)} {amounts}" for term, amounts in differing)
    rows = out_order_differences[["external_id", "cause_code", "evidence"]].itertuples(index=False, name=None)
    evidence = [f"{seen}: {told[name]}" if cause == "total_differs" and name in told else seen for name, cause, seen in rows]
    return out_order_differences.assign(evidence=pd.Series(evidence, index=out_order_differences.index, dtype="str"))


def _decided(out_netsuite_documents: pd.DataFrame, external_ids: pd.Series) -> dict[str, Row]:
    """Return some documents and what they are made of, by external id."""
    mine = out_netsuite_documents.loc[out_netsuite_documents["external_id"].isin(external_ids)]
    sources = out_netsuite_documents.loc[out_netsuite_documents["external_id"].isin(mine["source_external_id"].dropna())]
    return {row["external_id"]: row for part in (mine, sources) for row in rows_of(part)}


def _wanted(external_id: str, decided: Mapping[str, Row], contract: Contract) -> Terms:
    """Return the terms of a document as it is sent; a credit of a return takes the return's lines without naming them."""
    row = decided[external_id]
    found = _sent(json.loads(row["payload"]), contract)
    if row["source_record_type"] == "returnAuthorization":
        source = json.loads(decided[row["source_external_id"]]["payload"])
        found = _added(found, _sent({"item": source["item"]}, contract))
    return found


def _sent(body: Mapping[str, Any], contract: Contract) -> Terms:
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


def _differing(wanted: Terms, there: Terms) -> Iterator[tuple[Term, str]]:
    """Yield the terms that differ, the one that differs most first, with both amounts."""
    both = {term: (wanted.get(term, ZERO), there.get(term, ZERO)) for term in dict.fromkeys([*wanted, *there])}
    for term, (ours, theirs) in sorted(both.items(), key=lambda row: -abs(row[1][0] - row[1][1])):
        if ours != theirs:
            yield term, f"{_spelled(ours)}, in NetSuite {_spelled(theirs)}"


def _spelled(amount: Decimal) -> str:
    """Return an amount with two decimals, or more where it has more.

    >>> _spelled(Decimal("1.5")), _spelled(Decimal("10.825"))
    ('1.50', '10.825')
    """
    return f"{amount:.2f}" if amount == round(amount, 2) else f"{amount:f}"


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


def _by_document(frame: pd.DataFrame, chosen: pd.DataFrame) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows_of(frame.loc[frame["transaction_id_netsuite"].isin(chosen["transaction_id_netsuite"])]):
        found.setdefault(row["transaction_id_netsuite"], []).append(row)
    return found
