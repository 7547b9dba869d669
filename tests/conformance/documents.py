"""What a document asks for: its fields inlined, pruned, and the answers read by it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    NameNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableDefinitionNode,
    VariableNode,
    get_named_type,
    value_from_ast_untyped,
    visit,
)
from graphql.language import Visitor

Path = tuple[str, ...]


def operation_of(document: DocumentNode, name: str | None = None) -> OperationDefinitionNode:
    """Return the document's operation, with its fragments put in place."""
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    chosen = next((node for node in operations if name is None or (node.name and node.name.value == name)), operations[0])
    return _with(chosen, _inlined(chosen.selection_set, fragments))


def roots(operation: OperationDefinitionNode) -> set[str]:
    """Return the names of the root fields asked for."""
    return {node.name.value for node in operation.selection_set.selections if isinstance(node, FieldNode)}


def without(operation: OperationDefinitionNode, unwanted: set[Path]) -> OperationDefinitionNode | None:
    """Return the operation without the fields at some paths (of answer names); None where nothing is left.

    Variables nobody uses any more go too, since an unused one is refused.
    """
    kept = _pruned(operation.selection_set, unwanted, ())
    if kept is None:
        return None
    pruned = _with(operation, kept)
    used: set[str] = set()

    class _Uses(Visitor):
        def enter_variable(self, node: VariableNode, _key: Any, parent: Any, *_: Any) -> None:
            if not isinstance(parent, VariableDefinitionNode):
                used.add(node.name.value)

    visit(pruned, _Uses())
    definitions = tuple(node for node in pruned.variable_definitions if node.variable.name.value in used)
    return OperationDefinitionNode(
        operation=pruned.operation,
        name=pruned.name,
        variable_definitions=definitions,
        directives=pruned.directives,
        selection_set=pruned.selection_set,
    )


def projected(data: Any, selections: SelectionSetNode | None) -> Any:
    """Return of an answer what the selections ask for."""
    if isinstance(data, list):
        return [projected(row, selections) for row in data]
    if not isinstance(data, dict) or selections is None:
        return data
    wanted: dict[str, SelectionSetNode | None] = {}
    for node in _fields(selections):
        inner = node.selection_set
        known = wanted.get(_alias(node))
        wanted[_alias(node)] = _joined(known, inner) if known and inner else inner
    return {key: projected(value, wanted[key]) for key, value in data.items() if key in wanted}


class Answer:
    """Reads answers under the schema's field names instead of their aliases.

    Args:
        schema: the schema.
        variables: the request's, for objects asked for by id whose answer does not repeat it.
        found: told the type and the fields of every object, children before parents.
    """

    def __init__(self, schema: GraphQLSchema, variables: dict[str, Any], found: Callable[[str, dict[str, Any]], None]) -> None:
        self._schema, self._variables, self._found = schema, variables, found

    def named(self, data: Any, selections: SelectionSetNode | None, kind: Any, known: dict[str, Any] | None = None) -> Any:
        """Return a part of an answer by field names; `known` is what its arguments say of the object."""
        if isinstance(data, list):
            return [self.named(row, selections, kind) for row in data]
        if not isinstance(data, dict) or selections is None:
            return data
        result: dict[str, Any] = {}
        for node, on in _typed_fields(selections, kind, self._schema):
            if _alias(node) not in data or not _applies(on, kind, data, self._schema):
                continue
            field = getattr(on, "fields", {}).get(node.name.value)
            inner = get_named_type(field.type) if field else None
            value = self.named(data[_alias(node)], node.selection_set, inner, self._by_arguments(node))
            before = result.get(node.name.value)
            result[node.name.value] = before | value if isinstance(before, dict) and isinstance(value, dict) else value
        for name, value in (known or {}).items():
            result.setdefault(name, value)
        self._found(_concrete(data, kind), result)
        return result

    def _by_arguments(self, node: FieldNode) -> dict[str, Any]:
        values = {argument.name.value: value_from_ast_untyped(argument.value, self._variables) for argument in node.arguments or ()}
        place = values.get("locationId")
        return ({"id": values["id"]} if values.get("id") else {}) | ({"location": {"id": place}} if place else {})


def _concrete(data: dict[str, Any], kind: Any) -> str:
    """Return the type of an object: as told, else as its id says where the schema knows an interface only."""
    if data.get("__typename"):
        return str(data["__typename"])
    name = str(getattr(kind, "name", ""))
    identity = data.get("id")
    return identity.removeprefix("gid://shopify/").split("/")[0] if name == "Node" and isinstance(identity, str) else name


def _applies(on: Any, kind: Any, data: dict[str, Any], schema: GraphQLSchema) -> bool:
    return on is kind or getattr(on, "name", "") == _concrete(data, kind) or getattr(schema.type_map.get(on.name), "types", None)


def _typed_fields(selections: SelectionSetNode, kind: Any, schema: GraphQLSchema) -> list[tuple[FieldNode, Any]]:
    rows: list[tuple[FieldNode, Any]] = []
    for node in selections.selections:
        if isinstance(node, FieldNode):
            rows.append((node, kind))
        elif isinstance(node, InlineFragmentNode):
            inner = schema.type_map[node.type_condition.name.value] if node.type_condition else kind
            rows += _typed_fields(node.selection_set, inner, schema)
    return rows


def _fields(selections: SelectionSetNode) -> list[FieldNode]:
    rows: list[FieldNode] = []
    for node in selections.selections:
        rows += (
            [node] if isinstance(node, FieldNode) else _fields(node.selection_set) if isinstance(node, InlineFragmentNode) else []
        )
    return rows


def _joined(one: SelectionSetNode, other: SelectionSetNode) -> SelectionSetNode:
    return SelectionSetNode(selections=(*one.selections, *other.selections))


def _alias(node: FieldNode) -> str:
    return node.alias.value if node.alias else node.name.value


def _inlined(selections: SelectionSetNode, fragments: dict[str, FragmentDefinitionNode]) -> SelectionSetNode:
    rows: list[SelectionNode] = []
    for node in selections.selections:
        if isinstance(node, FragmentSpreadNode):
            fragment = fragments[node.name.value]
            inner = _inlined(fragment.selection_set, fragments)
            rows.append(InlineFragmentNode(type_condition=fragment.type_condition, directives=node.directives, selection_set=inner))
        elif isinstance(node, InlineFragmentNode):
            inner = _inlined(node.selection_set, fragments)
            rows.append(InlineFragmentNode(type_condition=node.type_condition, directives=node.directives, selection_set=inner))
        elif isinstance(node, FieldNode) and node.selection_set:
            rows.append(_field(node, _inlined(node.selection_set, fragments)))
        else:
            rows.append(node)
    return SelectionSetNode(selections=tuple(rows))


def _pruned(selections: SelectionSetNode, unwanted: set[Path], path: Path) -> SelectionSetNode | None:
    rows: list[SelectionNode] = []
    for node in selections.selections:
        if isinstance(node, FieldNode):
            here = (*path, _alias(node))
            if here in unwanted:
                continue
            inner = _pruned(node.selection_set, unwanted, here) if node.selection_set else None
            rows += [_field(node, inner)] if inner or not node.selection_set else []
        elif isinstance(node, InlineFragmentNode):
            inner = _pruned(node.selection_set, unwanted, path)
            rows += (
                [InlineFragmentNode(type_condition=node.type_condition, directives=node.directives, selection_set=inner)]
                if inner
                else []
            )
    return SelectionSetNode(selections=tuple(rows)) if rows else None


def _field(node: FieldNode, selections: SelectionSetNode | None) -> FieldNode:
    return FieldNode(
        alias=node.alias, name=node.name, arguments=node.arguments, directives=node.directives, selection_set=selections
    )


def _with(operation: OperationDefinitionNode, selections: SelectionSetNode) -> OperationDefinitionNode:
    return OperationDefinitionNode(
        operation=operation.operation,
        name=operation.name or NameNode(value="Recorded"),
        variable_definitions=operation.variable_definitions or (),
        directives=operation.directives,
        selection_set=selections,
    )


def path_of(answer_path: Sequence[str | int]) -> Path:
    """Return the path of an error without the places in lists."""
    return tuple(part for part in answer_path if isinstance(part, str))
