"""What a query must be to run in bulk. The rules are documented; the sentences of their refusals are not recorded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    parse,
    validate,
)

MOST_CONNECTIONS, MOST_DEPTH, MOST_BYTES = 5, 2, 65_535


def refusal(schema: GraphQLSchema, query: str) -> str:
    """Return why a query cannot be run in bulk; empty where it can."""
    try:
        document = parse(query)
    except GraphQLError as error:
        return f"Invalid bulk query: {error.message}"
    errors = validate(schema, document)
    if errors:
        return f"Invalid bulk query: {errors[0].message}"
    fields = operation_of(document).selection_set
    roots = {node.name.value for node in fields.selections if isinstance(node, FieldNode)}
    found = list(_connections(schema, schema.query_type, fields, 0))
    rules = (
        (len(query.encode()) > MOST_BYTES, f"Invalid bulk query: it has more than {MOST_BYTES} bytes."),
        (bool(roots & {"node", "nodes"}), "Bulk queries cannot contain a top level `node` or `nodes` field."),
        (not found, "Bulk queries must contain at least one connection."),
        (len(found) > MOST_CONNECTIONS, f"Bulk queries cannot contain more than {MOST_CONNECTIONS} connections."),
        (
            any(depth > MOST_DEPTH for depth, _, _ in found),
            f"Bulk queries cannot contain connections with a nesting depth greater than {MOST_DEPTH}.",
        ),
        (any(names != {"edges"} for _, names, _ in found), "Bulk queries must ask a connection for `edges { node }` only."),
        (
            any(parent and "id" not in _names(parent) for _, _, parent in found),
            "The parent 'node' field for a nested connection must select the 'id' field without an alias.",
        ),
    )
    return next((told for is_broken, told in rules if is_broken), "")


def operation_of(document: DocumentNode) -> OperationDefinitionNode:
    """Return the first operation of a document."""
    return next(node for node in document.definitions if isinstance(node, OperationDefinitionNode))


def name_of(node: FieldNode) -> str:
    """Return the name that a field has in the answer."""
    return node.alias.value if node.alias else node.name.value


def _connections(
    schema: GraphQLSchema, kind: Any, selections: SelectionSetNode | None, depth: int
) -> Iterator[tuple[int, set[str], SelectionSetNode | None]]:
    """Yield each connection: how deep it is, what it is asked for, and its node's fields where those hold another."""
    for node in selections.selections if selections else ():
        if isinstance(node, InlineFragmentNode):
            inner = schema.type_map[node.type_condition.name.value] if node.type_condition else kind
            yield from _connections(schema, inner, node.selection_set, depth)
        field = getattr(kind, "fields", {}).get(node.name.value) if isinstance(node, FieldNode) else None
        if field is None or not isinstance(node, FieldNode):
            continue
        named = get_named_type(field.type)
        if not named.name.endswith("Connection"):
            yield from _connections(schema, named, node.selection_set, depth)
            continue
        of_node = _inside(_inside(node.selection_set, "edges"), "node")
        node_kind = get_named_type(get_named_type(named.fields["edges"].type).fields["node"].type)
        below = list(_connections(schema, node_kind, of_node, depth + 1))
        yield depth + 1, _names(node.selection_set), of_node if below else None
        yield from below


def _inside(selections: SelectionSetNode | None, name: str) -> SelectionSetNode | None:
    for node in selections.selections if selections else ():
        if isinstance(node, FieldNode) and node.name.value == name:
            return node.selection_set
    return None


def _names(selections: SelectionSetNode | None) -> set[str]:
    return {name_of(node) for node in (selections.selections if selections else ()) if isinstance(node, FieldNode)}
