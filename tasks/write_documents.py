"""Documents are written: orders side by side, each order's documents one after another, each once.

Before a call its intent is stored, after it its receipt. A document that may have been written is looked up by its
external id, never repeated blindly; what follows one that failed waits for the next run.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pandas as pd

from connectors.netsuite.documents import (
    change,
    find_customer_by_email,
    find_documents,
    get_expanded,
    read_member_lines,
    transform_or_adopt,
)
from connectors.netsuite.records import WriteOutcome, create_or_adopt
from contract.errors import RejectedError, RetriableError
from domain.read_back import find_differences, lines_to_change, member_lines_of, open_lines, order_line_of, total_difference
from domain.tax_titles import tax_items
from domain.written_fields import fields_of
from store import documents
from tasks.context import Context

log = logging.getLogger(__name__)
WRITES = ("create", "transform", "revise")
_READ_BACK = ("salesOrder", "cashSale")
_TOTALLED = ("invoice", "creditMemo", "cashRefund", "returnAuthorization")
_CHANGES = 3
_REFERENCE = re.compile(r'"\$ref":\s*"([^"]+)"')
Row = dict[str, Any]


def write_orders(context: Context, run_id: str, decisions: pd.DataFrame) -> list[Row]:
    """Return every document to write with what became of it: written, adopted, unchanged, failed, or waiting for one before it.

    Grain: one row per document. Twice as many orders are under way as the account takes calls at once: while one is in the
    store, another one calls. Orders of a customer who is made in this run follow one another.
    """
    chains: dict[tuple[str, str], list[Row]] = {}
    for row in sorted(_records(decisions.loc[decisions["action_code"].isin(WRITES)]), key=lambda one: one["step_count"]):
        chains.setdefault((row["shop_code"], row["order_id_shopify"]), []).append(row)
    ids = find_documents(context.netsuite, sorted({name for rows in chains.values() for row in rows for name in _named(row)}))
    with ThreadPoolExecutor(max_workers=2 * context.contract.account.concurrency) as pool:
        groups = pool.map(lambda group: _write_group(context, run_id, ids, group), _by_customer(list(chains.values())))
        return [row for rows in groups for row in rows]


def _by_customer(chains: Sequence[list[Row]]) -> list[list[list[Row]]]:
    """Return the orders in groups: those of a customer who is made in this run together, the one that makes the customer first."""
    made = {row["external_id"] for chain in chains for row in chain if row["record_type"] == "customer"}
    groups: dict[str, list[list[Row]]] = {}
    for place, chain in enumerate(chains):
        names = (name for row in chain for name in (row["external_id"], *_named(row)))
        groups.setdefault(next((name for name in names if name in made), f"order {place}"), []).append(chain)
    return [sorted(group, key=lambda chain: chain[0]["record_type"] != "customer") for group in groups.values()]


def _write_group(context: Context, run_id: str, ids: Mapping[str, str], group: Sequence[list[Row]]) -> list[Row]:
    known, done = dict(ids), list[Row]()
    for rows in group:
        chain = _Chain(context, run_id, known)
        done += chain.write(rows)
        known |= chain.ids
    return done


def _named(row: Row) -> set[str]:
    """Return the external ids of the documents that must be there before this one: all are looked up in one query."""
    before = {row["source_external_id"]} if row["action_code"] == "transform" else set()
    before |= {row["external_id"]} if row["action_code"] == "revise" else set()
    return before | set(_REFERENCE.findall(row["payload"]))


class _Chain:
    """The documents of one order, written one after another."""

    def __init__(self, context: Context, run_id: str, ids: Mapping[str, str]) -> None:
        self.context, self.run_id = context, run_id
        self.ids = dict(ids)
        self.seen: dict[str, Row] = {}
        self.members: dict[str, list[dict[str, str]]] = {}

    def write(self, rows: list[Row]) -> list[Row]:
        """Return the rows with their outcomes; after a failure the rest waits."""
        done: list[Row] = []
        for row in rows:
            if done and done[-1]["outcome"] in ("failed", "waiting"):
                done.append({**row, "outcome": "waiting", "netsuite_id": None, "message": f"waits for {done[-1]['external_id']}"})
            else:
                done.append(self._write(row))
        return done

    def _write(self, row: Row) -> Row:
        known = {name: row[name] for name in ("external_id", "shop_code", "order_id_shopify", "record_type", "payload_hash")}
        if row["record_type"] in _READ_BACK and row["action_code"] == "create":
            body, lines = fields_of(json.loads(row["payload"]), self.context.contract.account.line_id_field)
            known |= {"body_fields": body, "line_fields": lines}
        documents.intend(self.context.engine, self.run_id, [known], at_utc=self.context.now())
        try:
            status, netsuite_id = self._make(row, json.loads(row["payload"]))
        except RejectedError as error:
            self._record(known, "failed", None, str(error))
            return {**row, "outcome": "failed", "netsuite_id": None, "message": str(error), "reason_code": error.code}
        except RetriableError as error:
            # The intent stays open: the next run looks the document up before it writes it.
            return {**row, "outcome": "failed", "netsuite_id": None, "message": str(error), "reason_code": "netsuite_unavailable"}
        self.ids[row["external_id"]] = netsuite_id
        self._record(known, "written" if status == "unchanged" else status, netsuite_id, "")
        return {**row, "outcome": status, "netsuite_id": netsuite_id, "message": ""}

    def _make(self, row: Row, body: Row) -> tuple[str, str]:
        if row["action_code"] == "revise":
            return self._revise(row, body)
        body = self._referred(body)
        if row["action_code"] == "transform":
            outcome = self._transform(row, body)
        elif row["record_type"] == "customer":
            outcome = self._customer(body)
        else:
            outcome = create_or_adopt(self.context.netsuite, row["record_type"], body)
        if not outcome.was_adopted:
            self._read_back(row, body, outcome.id)
        return ("adopted" if outcome.was_adopted else "written"), outcome.id

    def _customer(self, body: Row) -> WriteOutcome:
        if body.get("email"):
            found = find_customer_by_email(self.context.netsuite, body["email"])
            if found is not None:
                return WriteOutcome(found, was_adopted=True)
        return create_or_adopt(self.context.netsuite, "customer", body)

    def _transform(self, row: Row, body: Row) -> WriteOutcome:
        source_type, source = row["source_record_type"], row["source_external_id"]
        source_id = self._id_of(source)
        if "item" in body:
            body = {**body, "item": {"items": self._taken(row, body["item"]["items"], source_type, source)}}
        return transform_or_adopt(self.context.netsuite, (source_type, source_id), row["record_type"], body)

    def _taken(self, row: Row, lines: list[Row], source_type: str, source: str) -> list[Row]:
        """Return a transform's lines by the source's own numbers, and every other open line left out by name."""
        view = self._view(source_type, source)
        field = self.context.contract.account.line_id_field
        listed: list[Row] = []
        for line in lines:
            if "$line" not in line:
                listed.append(line)
                continue
            number = order_line_of(line["$line"], view, field)
            if number is None:
                told = (
                    f"NetSuite: {row['record_type']} {row['external_id']}: {source_type} {source} has no open line {line['$line']}"
                )
                raise RejectedError(
                    f"{told}; someone closed or removed it: add it again, or book this by hand", code="line_missing"
                )
            number = self._member(number, line["$member"], source) if "$member" in line else number
            listed.append({"orderLine": number} | {name: value for name, value in line.items() if not name.startswith("$")})
        taken = {line.get("orderLine") for line in listed}
        if not taken - {None}:
            return listed
        # A line that is not listed would be taken whole.
        left = {"itemReceive": False} if row["record_type"] in ("itemFulfillment", "itemReceipt") else {"quantity": 0}
        return [*listed, *({"orderLine": number, **left} for number in open_lines(view) if number not in taken)]

    def _member(self, kit_line: int, item: str, source: str) -> int:
        """Return the number of the source's line that is the member of a kit's line.

        Raises:
            RejectedError: `line_missing`: it has none, or several.
        """
        if source not in self.members:
            self.members[source] = read_member_lines(self.context.netsuite, self._id_of(source))
        found = member_lines_of(kit_line, item, self.members[source])
        if len(found) != 1:
            told = (
                f"NetSuite: salesOrder {source}: the kit on line {kit_line} has {len(found)} member lines of item {item}, not one"
            )
            raise RejectedError(f"{told}; its numbers fit no line: book this by hand", code="line_missing")
        return found[0]

    def _revise(self, row: Row, body: Row) -> tuple[str, str]:
        """Bring the sales order to the wanted lines; after a lost answer it is read again before anything is sent."""
        record_id = self._id_of(row["external_id"])
        field, taxes = self.context.contract.account.line_id_field, tax_items(self.context.contract)
        was_changed = False
        for attempt in range(_CHANGES):
            view = self._view("salesOrder", row["external_id"], afresh=attempt > 0)
            changes = lines_to_change(body["item"]["items"], view, field, taxes)
            if not changes:
                return ("written" if was_changed else "unchanged"), record_id
            patch: Row = {"item": {"items": changes}}
            patch |= {name: body[name] for name in ("taxDetails", "taxDetailsOverride") if name in body}
            was_changed = True
            try:
                change(self.context.netsuite, "salesOrder", record_id, patch)
            except RetriableError as error:
                if not error.is_write_uncertain:
                    raise
        raise RejectedError(
            f"NetSuite: salesOrder {row['external_id']}: its lines do not come to what was sent ({changes}); look for a script or "
            "workflow that changes them",
            code="read_back_differs",
        )

    def _read_back(self, row: Row, body: Row, record_id: str) -> None:
        """Compare what was written with what is there.

        Raises:
            RejectedError: `read_back_differs`, with every field that differs.
        """
        if row["record_type"] in _READ_BACK:
            self.seen[row["external_id"]] = view = get_expanded(self.context.netsuite, row["record_type"], record_id)
            told = find_differences(body, view)
        elif row["record_type"] in _TOTALLED:
            self.seen[row["external_id"]] = view = get_expanded(self.context.netsuite, row["record_type"], record_id)
            told = [difference] if (difference := total_difference(Decimal(str(row["total_amount"])), view)) else []
        else:
            return
        if told:
            where = f"NetSuite: {row['record_type']} {row['external_id']} (id {record_id})"
            raise RejectedError(f"{where}: {'; '.join(told)}; look for a script that changes it", code="read_back_differs")

    def _view(self, record_type: str, external_id: str, *, afresh: bool = False) -> Row:
        if afresh or external_id not in self.seen:
            self.seen[external_id] = get_expanded(self.context.netsuite, record_type, self._id_of(external_id))
        return self.seen[external_id]

    def _referred(self, body: Any) -> Any:
        """Return a body with the documents that it names replaced by their internal ids."""
        if isinstance(body, dict):
            return self._id_of(body["$ref"]) if "$ref" in body else {key: self._referred(value) for key, value in body.items()}
        return [self._referred(value) for value in body] if isinstance(body, list) else body

    def _id_of(self, external_id: str) -> str:
        if external_id not in self.ids:
            self.ids |= find_documents(self.context.netsuite, [external_id])
        if external_id not in self.ids:
            told = f"NetSuite: {external_id}: no document has this external id; it was deleted, or the role cannot see it"
            raise RejectedError(told, code="document_missing")
        return self.ids[external_id]

    def _record(self, known: Row, status: str, netsuite_id: str | None, message: str) -> None:
        row = {**known, "status": status, "netsuite_id": netsuite_id, "message": message}
        documents.record_written(self.context.engine, self.run_id, [row], at_utc=self.context.now())


def _records(frame: pd.DataFrame) -> Iterator[Row]:
    clean = frame.astype("object").where(frame.notna(), None)
    names = [str(name) for name in clean.columns]
    for values in clean.itertuples(index=False, name=None):
        yield dict(zip(names, values, strict=True))
