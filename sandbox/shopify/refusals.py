"""How Shopify refuses a request before running it: the words and codes recorded from it (2025-01 and 2026-04).

The rules are the specification's, checked by graphql-core; the sentences, codes and paths are graphql-ruby's, which
Shopify runs. A kind of mistake that no recording shows keeps graphql-core's sentence and the code `NOT_RECORDED`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLSchema,
    InlineFragmentNode,
    Lexer,
    Node,
    OperationDefinitionNode,
    SelectionSetNode,
    Source,
    StringValueNode,
    TokenKind,
    VariableNode,
    get_named_type,
    print_ast,
    type_from_ast,
)
from graphql.language import ListValueNode, ObjectValueNode, ValueNode, get_location

LARGEST_INPUT = 250
_NULL = "Expected value to not be null"
Told = dict[str, Any]
Path = list[Any]


def parse_refusal(text: str, error: GraphQLError) -> Told:
    """Return the refusal of a text that is no document."""
    last = end = None
    try:
        lexer = Lexer(Source(text))
        while end is None:
            token = lexer.advance()
            last, end = (token, None) if token.kind is not TokenKind.EOF else (last, token)
    except GraphQLError:
        last = None
    if last is None or "<EOF>" not in error.message:
        places = [{"line": place.line, "column": place.column} for place in error.locations or []]
        return {"message": error.message, "locations": places, "extensions": {"code": "PARSE_ERROR"}}
    told = f"syntax error, unexpected end of file at [{last.line}, {last.column}]"
    return {"message": told, "locations": [{"line": last.line, "column": last.column}], "extensions": {"code": "PARSE_ERROR"}}


def document_refusals(schema: GraphQLSchema, document: DocumentNode, problems: list[GraphQLError]) -> list[Told]:
    """Return what Shopify says of a document that breaks the schema's rules."""
    places = _Places(schema, document)
    told: list[Told] = []
    missing: dict[int, Told] = {}
    for problem in problems:
        node = problem.nodes[0] if problem.nodes else None
        entry = _document_refusal(places, problem.message, node)
        if entry["extensions"]["code"] == "missingRequiredArguments":
            known = missing.setdefault(id(node), entry)
            if known is not entry:
                # One sentence names all the arguments of a field.
                name = entry["extensions"]["arguments"]
                known["message"] += f", {name}"
                known["extensions"]["arguments"] += f", {name}"
                continue
        told.append(entry)
    return told + list(places.bad_ids)


def variable_refusals(schema: GraphQLSchema, operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> list[Told]:
    """Return what Shopify says of variables that do not fit their types, one error a variable."""
    told = []
    for definition in operation.variable_definitions or ():
        name = definition.variable.name.value
        if name not in variables and definition.default_value is not None:
            continue
        problems = list(_problems(type_from_ast(schema, definition.type), variables.get(name), []))
        if not problems:
            continue
        listed = ", ".join(f"{'.'.join(map(str, row['path']))} ({row['explanation']})" for row in problems if row["path"])
        message = f"Variable ${name} of type {print_ast(definition.type)} was provided invalid value"
        extensions = {"code": "INVALID_VARIABLE", "value": variables.get(name), "problems": problems}
        told.append(_told(message + (f" for {listed}" if listed else ""), definition, None, extensions))
    return told


def size_refusals(operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> list[Told]:
    """Return what Shopify says of lists longer than it takes, in a mutation's arguments."""
    told = []
    fields = [node for node in operation.selection_set.selections if isinstance(node, FieldNode)]
    for field in fields if operation.operation.value == "mutation" else ():
        for argument in field.arguments or ():
            if isinstance(argument.value, VariableNode):
                for path, size in _long_lists(variables.get(argument.value.name.value), [field.name.value, argument.name.value]):
                    message = f"The input array size of {size} is greater than the maximum allowed of {LARGEST_INPUT}."
                    told.append(_told(message, field, path, {"code": "MAX_INPUT_SIZE_EXCEEDED"}))
    return told


def places_of(node: Node | None) -> list[dict[str, int]]:
    """Return where a node stands, as the errors say it."""
    if node is None or node.loc is None:
        return []
    place = get_location(node.loc.source, node.loc.start)
    return [{"line": place.line, "column": place.column}]


def _long_lists(value: Any, path: Path) -> Iterator[tuple[Path, int]]:
    if isinstance(value, list) and len(value) > LARGEST_INPUT:
        yield path, len(value)
    rows = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in rows:
        yield from _long_lists(inner, [*path, key])


def _problems(kind: Any, value: Any, path: Path) -> Iterator[Told]:
    if isinstance(kind, GraphQLNonNull):
        if value is None:
            yield {"path": path, "explanation": _NULL}
        else:
            yield from _problems(kind.of_type, value, path)
    elif value is not None:
        yield from _given_problems(kind, value, path)


def _given_problems(kind: Any, value: Any, path: Path) -> Iterator[Told]:
    if isinstance(kind, GraphQLList):
        for index, row in enumerate(value if isinstance(value, list) else [value]):
            yield from _problems(kind.of_type, row, [*path, index] if isinstance(value, list) else path)
    elif isinstance(kind, GraphQLInputObjectType):
        yield from _object_problems(kind, value if isinstance(value, dict) else {}, path)
    elif isinstance(kind, GraphQLEnumType) and value not in kind.values:
        yield {"path": path, "explanation": f'Expected "{value}" to be one of: {", ".join(kind.values)}'}
    elif isinstance(kind, GraphQLScalarType):
        yield from _scalar_problems(kind, value, path)


def _object_problems(kind: GraphQLInputObjectType, given: Mapping[str, Any], path: Path) -> Iterator[Told]:
    for name in given:
        if name not in kind.fields:
            yield {"path": [*path, name], "explanation": f"Field is not defined on {kind.name}"}
    for name, field in kind.fields.items():
        if name in given or not _has_default(field):
            yield from _problems(field.type, given.get(name), [*path, name])


def _has_default(field: Any) -> bool:
    return bool(field.ast_node is not None and field.ast_node.default_value is not None)


def _scalar_problems(kind: GraphQLScalarType, value: Any, path: Path) -> Iterator[Told]:
    if kind.name == "ID" and not _is_gid(value):
        told = f"Invalid global id '{value}'"
        yield {"path": path, "explanation": told, "message": told}
        return
    try:
        kind.parse_value(value)
    except GraphQLError:
        # Not recorded: graphql-ruby's own sentence.
        yield {"path": path, "explanation": f'Could not coerce value "{value}" to {kind.name}'}


def _is_gid(value: Any) -> bool:
    return isinstance(value, int) or (isinstance(value, str) and value.startswith("gid://"))


class _Places:
    """Where every node of a document stands: the path Shopify names it by, and the argument a value belongs to."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self.paths: dict[int, Path] = {}
        # By value node: what owns the argument, its name, its type, and where Shopify says it stands.
        self.owners: dict[int, tuple[str, str, str, Any, Node]] = {}
        self.types: dict[int, Any] = {}
        self.bad_ids: list[Told] = []
        self._schema = schema
        for node in document.definitions:
            if isinstance(node, OperationDefinitionNode):
                root = schema.get_root_type(node.operation)
                name = f"{node.operation.value} {node.name.value}" if node.name else node.operation.value
                self._selections(node.selection_set, root, [name])
            elif isinstance(node, FragmentDefinitionNode):
                kind = schema.type_map.get(node.type_condition.name.value)
                self._selections(node.selection_set, kind, [f"fragment {node.name.value}"])

    def field_type(self, kind: str, name: str) -> Any:
        """Return the type of an input object's field."""
        return self._schema.type_map[kind].fields[name].type  # type: ignore[attr-defined]

    def _selections(self, selections: SelectionSetNode | None, kind: Any, path: Path) -> None:
        for node in selections.selections if selections else ():
            for directive in node.directives or ():
                self.paths[id(directive)] = [*path, node.name.value] if isinstance(node, FieldNode) else path
            if isinstance(node, FieldNode):
                self._field(node, kind, [*path, node.alias.value if node.alias else node.name.value])
            elif isinstance(node, InlineFragmentNode):
                name = node.type_condition.name.value if node.type_condition else ""
                inner = self._schema.type_map.get(name, kind)
                self._selections(node.selection_set, inner, [*path, f"... on {name}" if name else "..."])

    def _field(self, node: FieldNode, kind: Any, path: Path) -> None:
        field = getattr(kind, "fields", {}).get(node.name.value)
        self.paths[id(node)] = path
        self.types[id(node)] = kind
        for argument in node.arguments or ():
            name = argument.name.value
            self.paths[id(argument)] = [*path, name]
            self.owners[id(argument)] = ("Field", node.name.value, name, None, node)
            definition = field.args.get(name) if field else None
            if definition:
                self._value(argument.value, definition.type, [*path, name], ("Field", node.name.value, name, definition.type, node))
        self._selections(node.selection_set, get_named_type(field.type) if field else None, path)

    def _value(self, node: ValueNode, kind: Any, path: Path, owner: tuple[str, str, str, Any, Node]) -> None:
        self.paths[id(node)], self.owners[id(node)] = path, owner
        named = get_named_type(kind)
        if isinstance(node, ListValueNode):
            for index, inner in enumerate(node.values):
                self._value(inner, getattr(kind, "of_type", kind), [*path, index], owner)
        elif isinstance(node, ObjectValueNode) and isinstance(named, GraphQLInputObjectType):
            for part in node.fields:
                name = part.name.value
                inner = named.fields.get(name)
                self.paths[id(part)] = [*path, name]
                if inner:
                    self._value(part.value, inner.type, [*path, name], ("InputObject", named.name, name, inner.type, node))
        elif isinstance(node, StringValueNode) and getattr(named, "name", "") == "ID" and not _is_gid(node.value):
            extensions = {"code": "argumentLiteralsIncompatible", "typeName": "CoercionError"}
            self.bad_ids.append(_told(f"Invalid global id '{node.value}'", node, path, extensions))


def _document_refusal(places: _Places, message: str, node: Node | None) -> Told:
    path = places.paths.get(id(node))
    if found := re.match(r"Cannot query field '(\w+)' on type '(\w+)'", message):
        name, kind = found.groups()
        extensions = {"code": "undefinedField", "typeName": kind, "fieldName": name}
        return _told(f"Field '{name}' doesn't exist on type '{kind}'", node, path, extensions)
    if found := re.match(r"Argument '\w+\.(\w+)\((\w+):\)' of type '.+' is required", message):
        name, argument = found.groups()
        extensions = {"code": "missingRequiredArguments", "className": "Field", "name": name, "arguments": argument}
        return _told(f"Field '{name}' is missing required arguments: {argument}", node, path, extensions)
    if found := re.match(r"Field '(\w+)' of type '([^']+)' must have a selection", message):
        name, kind = found[1], found[2].strip("[]!")
        told = f"Field must have selections (field '{name}' returns {kind} but has no selections. Did you mean '{name} {{ ... }}'?)"
        return _told(told, node, path, {"code": "selectionMismatch", "nodeName": f"field '{name}'", "typeName": kind})
    if found := re.match(r"Unknown argument '(\w+)' on field '\w+\.(\w+)'", message):
        argument, name = found.groups()
        extensions = {"code": "argumentNotAccepted", "name": name, "typeName": "Field", "argumentName": argument}
        return _told(f"Field '{name}' doesn't accept argument '{argument}'", node, path, extensions)
    if found := re.match(r"Unknown directive '@(\w+)'", message):
        extensions = {"code": "undefinedDirective", "directiveName": found[1]}
        return _told(f"Directive @{found[1]} is not defined", node, path, extensions)
    return _value_refusal(places, message, node, path)


def _value_refusal(places: _Places, message: str, node: Node | None, path: Path | None) -> Told:
    if found := re.match(r"Expected value of type '(\w+)!?' to include required field '(\w+)'", message):
        kind, name = found.groups()
        wanted = str(places.field_type(kind, name))
        extensions = {"code": "missingRequiredInputObjectAttribute", "argumentName": name, "argumentType": wanted}
        told = f"Argument '{name}' on InputObject '{kind}' is required. Expected type {wanted}"
        return _told(told, node, [*(path or []), name], extensions | {"inputObjectType": kind})
    owner = places.owners.get(id(node))
    if owner is not None and owner[3] is not None and isinstance(node, ValueNode):
        kind, owning, name, wanted, standing = owner
        told = f"Argument '{name}' on {kind} '{owning}' has an invalid value ({print_ast(node)}). Expected type '{wanted}'."
        extensions = {"code": "argumentLiteralsIncompatible", "typeName": kind, "argumentName": name}
        return _told(told, standing, path, extensions)
    return _told(message, node, path, {"code": "NOT_RECORDED"})


def _told(message: str, node: Node | None, path: Path | None, extensions: Told) -> Told:
    told: Told = {"message": message, "locations": places_of(node)}
    return told | ({"path": path} if path else {}) | {"extensions": extensions}
