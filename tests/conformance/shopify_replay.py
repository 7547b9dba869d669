"""Replays the recorded Shopify requests against the sandbox: refusals in the vendor's words, reads and writes by value."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graphql import GraphQLError, OperationDefinitionNode, parse, print_ast

from sandbox.clock import Clock
from sandbox.shopify.app import schema
from sandbox.shopify.mutations import mutation_root
from sandbox.shopify.queries import query_root
from sandbox.shopify.shop import Shop
from tests.conformance.adaptations import adapted
from tests.conformance.compare import Difference, Family, compare
from tests.conformance.documents import Answer, operation_of, path_of, projected, roots, without
from tests.conformance.implied_state import Found, shop_seed
from tests.conformance.recordings import Pair, pairs
from tests.conformance.running import ShopClient

_MOST_PRUNINGS = 60
MODELLED_ROOTS = frozenset({*query_root(Shop("", shop_seed([]), Clock())), *mutation_root(Shop("", shop_seed([]), Clock()))})
_UNKNOWN = {"INVALID_INVENTORY_ITEM": "inventoryItemId", "INVALID_LOCATION": "locationId"}


@dataclass
class Replay:
    """What replaying gives: families, fields left out as not modelled, adaptations used."""

    refusals: Family
    answers: Family
    left_out_fields: Counter[str]
    unmodelled_operations: Counter[str]
    adaptations: Counter[str]


def replay_shopify(archive: Path, shop: ShopClient) -> Replay:
    """Replay every pair of the archive."""
    replay = Replay(Family("Shopify refusals"), Family("Shopify answers"), Counter(), Counter(), Counter())
    for pair in pairs(archive):
        if "data" in pair.answer:
            _replay_answer(pair, shop, replay)
        else:
            _replay_refusal(pair, shop, replay.refusals)
    return replay


def _replay_refusal(pair: Pair, shop: ShopClient, family: Family) -> None:
    family.found += 1
    if not pair.document:
        family.left_out["the recording keeps no document"] += 1
        return
    family.covered += 1
    count, found = compare(pair.name, pair.answer, shop.ask(pair.document, pair.variables))
    family.values += count
    family.differences += found


def _replay_answer(pair: Pair, shop: ShopClient, replay: Replay) -> None:
    family = replay.answers
    family.found += 1
    document = pair.document or _composed(pair)
    if not document:
        family.left_out["the recording keeps no document"] += 1
        return
    has_cost = "cost" in pair.answer.get("extensions", {})
    if not has_cost and "upstreamCalls" in pair.name:
        family.left_out["written by the recorder, not by Shopify (no extensions.cost)"] += 1
        return
    text, variables = adapted(document, pair.variables, replay.adaptations)
    is_as_recorded = text == pair.document
    try:
        asked = operation_of(parse(text))
    except GraphQLError:
        family.left_out["the document cannot be parsed"] += 1
        return
    unknown = {root for root in roots(asked) if root not in MODELLED_ROOTS}
    if unknown == roots(asked):
        about_itself = unknown <= {"__schema", "__type"}
        family.left_out["asks the schema about itself" if about_itself else "operation not modelled"] += 1
        replay.unmodelled_operations[", ".join(sorted(unknown))] += 1
        return
    shop.begin(_seed(pair, asked))
    answered, operation, pruned = _asked_of(shop, asked, variables, is_as_recorded)
    if operation is None:
        family.left_out[_why(pruned)] += 1
        return
    replay.left_out_fields.update(dict.fromkeys(pruned, 1))
    keeps_cost = (is_as_recorded and not pruned) if has_cost else None
    recorded = _said(pair.answer, operation, keeps_cost=keeps_cost)
    family.covered += 1
    count, found = compare(pair.name, recorded, _said(answered, operation, keeps_cost=keeps_cost))
    family.values += count
    family.differences += found


def _asked_of(
    shop: ShopClient, asked: OperationDefinitionNode, variables: dict[str, Any], is_as_recorded: bool
) -> tuple[dict[str, Any], OperationDefinitionNode | None, list[str]]:
    """Ask, and ask again without what the sandbox says it does not model, until it answers; tell what was left out."""
    pruned: list[str] = []
    operation: OperationDefinitionNode | None = asked
    answered: dict[str, Any] = {}
    for _ in range(_MOST_PRUNINGS):
        if operation is None:
            return answered, None, pruned
        used = {node.variable.name.value for node in operation.variable_definitions}
        answered = shop.ask(print_ast(operation), {key: value for key, value in variables.items() if is_as_recorded or key in used})
        missing = [error for error in answered.get("errors", []) if error.get("extensions", {}).get("code") == "NOT_MODELLED"]
        if not missing:
            return answered, operation, pruned
        pruned += [error["message"] for error in missing]
        operation = without(operation, {path_of(error["path"]) for error in missing})
    raise AssertionError(f"{_MOST_PRUNINGS} times something more is not modelled: {pruned[-3:]}")


def _why(pruned: list[str]) -> str:
    modelled_root = [told for told in pruned if not re.match(r"(QueryRoot|Mutation)\.", told)]
    return re.sub(r" by the sandbox$", "", modelled_root[-1]) if modelled_root else "operation not modelled"


def _said(answer: dict[str, Any], operation: OperationDefinitionNode, *, keeps_cost: bool | None) -> dict[str, Any]:
    """Return of an answer what is compared: the fields still asked for, the errors about them, the cost."""
    said = {"data": projected(answer.get("data"), operation.selection_set)}
    left = set(said["data"] or {})
    errors = [error for error in answer.get("errors", []) if not error.get("path") or error["path"][0] in left]
    cost = dict(answer.get("extensions", {}).get("cost", {}))
    # The rule of what was used in the end is not known; and another document than the recorded one has another price.
    loose = ("actualQueryCost",) if keeps_cost else ("requestedQueryCost", "actualQueryCost")
    cost |= {name: "a number" for name in loose if isinstance(cost.get(name), int)}
    return said | ({"errors": errors} if errors else {}) | ({"extensions": {"cost": cost}} if keeps_cost is not None else {})


def _seed(pair: Pair, asked: OperationDefinitionNode) -> dict[str, Any]:
    found: list[Found] = []
    root = schema().mutation_type if asked.operation.value == "mutation" else schema().query_type

    def note(kind: str, row: dict[str, Any]) -> None:
        found.append((kind, row))

    Answer(schema(), pair.variables, note).named(pair.answer["data"], asked.selection_set, root)
    # A write's answer shows what came of it; what it found is worked out.
    found = ([] if "inventoryActivate" in (pair.answer["data"] or {}) else found) + _before(pair)
    return shop_seed(found)


def _before(pair: Pair) -> list[Found]:
    """Return what a write found: levels as it wrote them less what it says it changed, the place it stocked an item at."""
    stocked = (pair.answer.get("data") or {}).get("inventoryActivate")
    if isinstance(stocked, dict):
        return _before_activation(pair.variables, stocked)
    if isinstance(pair.variables.get("metafields"), list):
        return _owners(pair)
    given = pair.variables.get("input")
    told = (pair.answer.get("data") or {}).get("inventorySetQuantities")
    if not isinstance(given, dict) or not isinstance(told, dict) or "quantities" not in given:
        return []
    changes = (told.get("inventoryAdjustmentGroup") or {}).get("changes") or []
    unknown = {
        (int(error["field"][2]), error.get("code")) for error in told.get("userErrors", []) if len(error.get("field") or []) > 3
    }
    found: list[Found] = []
    deltas = [change["delta"] for change in changes if change["name"] == given["name"]]
    for index, row in enumerate(given["quantities"]):
        item = {"id": row["inventoryItemId"]}
        places = {change["location"]["id"]: change["location"] for change in changes if change.get("location", {}).get("id")}
        place = places.get(row["locationId"], {"id": row["locationId"]})
        found += [("InventoryItem", item)] if (index, "INVALID_INVENTORY_ITEM") not in unknown else []
        found += [("Location", place)] if (index, "INVALID_LOCATION") not in unknown else []
        if not any(number == index and code in _UNKNOWN for number, code in unknown):
            before = row["quantity"] - deltas[index] if index < len(deltas) else row.get("changeFromQuantity") or 0
            level = {"item": item, "location": place, "quantities": [{"name": "available", "quantity": before}]}
            found.append(("InventoryLevel", level))
    return found


def _owners(pair: Pair) -> list[Found]:
    """Return the products whose metafields are written, but those that the answer says are not there."""
    told = (pair.answer.get("data") or {}).get("metafieldsSet") or {}
    gone = {int(error["field"][1]) for error in told.get("userErrors") or [] if error["message"] == "Owner does not exist."}
    rows = pair.variables["metafields"]
    owners = {row.get("ownerId") for index, row in enumerate(rows) if index not in gone}
    return [("MetafieldOwner", {"id": owner}) for owner in owners if owner and "/Product/" in owner]


def _before_activation(variables: dict[str, Any], told: dict[str, Any]) -> list[Found]:
    """Return the item and place of an activation, as its sentences speak of them, and the level where there was one."""
    said = " ".join(error["message"] for error in told.get("userErrors", []))
    item, place = {"id": variables.get("inventoryItemId")}, {"id": variables.get("locationId")}
    named = re.search(r"stocked at (.+?) because", said)
    found: list[Found] = []
    if "location wasn't found" not in said:
        found.append(("Location", place | ({"name": named[1]} if named else {})))
    if "was deleted" not in said:
        found.append(("InventoryItem", item))
    if "already active" in said:
        units = (told.get("inventoryLevel") or {}).get("quantities") or []
        found.append(("InventoryLevel", {"item": item, "location": place, "quantities": units}))
    return found


def _composed(pair: Pair) -> str:
    """Return a document for a write whose own was not kept: it asks for the fields that the answer holds."""
    told = pair.answer.get("data") or {}
    if list(told) != ["inventorySetQuantities"] or "input" not in pair.variables:
        return ""
    is_marked = not any("@idempotent" in error["message"] for error in pair.answer.get("errors", []))
    key = str(pair.variables.get("idempotencyKey") or "composed")
    asked = _selection(told["inventorySetQuantities"] or {"userErrors": [{"message": ""}]})
    mark = f' @idempotent(key: "{key}")' if is_marked else " @skip(if: false)"
    return f"mutation Composed($input: InventorySetQuantitiesInput!) {{ inventorySetQuantities(input: $input){mark} {asked} }}"


def _selection(value: Any) -> str:
    if isinstance(value, list):
        return _selection(value[0]) if value else "{ message }"
    if isinstance(value, dict):
        return "{ " + " ".join(f"{key} {_selection(inner)}" for key, inner in value.items() if inner is not None) + " }"
    return ""


def refused_differences(found: list[Difference]) -> Counter[str]:
    """Count differences by path without places in lists, to see what is wrong most often."""
    return Counter(re.sub(r"\.\d+", "", difference.path) for difference in found)
