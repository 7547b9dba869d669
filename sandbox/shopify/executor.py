"""Executes a document over plain objects: graphql-core's executor with a straight path for what the sandbox serves.

An object is a mapping from field name to a value, or to a function of the field's arguments. A field or an argument that
the real schema has and the sandbox does not model is refused by name, and one that the token's scopes do not cover is
refused in Shopify's words; its place holds null.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLField,
    GraphQLObjectType,
    GraphQLResolveInfo,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)
from graphql.execution import get_argument_values
from graphql.execution.executor import Executor
from graphql.pyutils import Path, Undefined
from graphql.utilities.coerce_input_value import coerce_default_value

from sandbox.shopify.access import denial, type_denial
from sandbox.shopify.arguments import is_modelled

_MISSING = object()
_PLAIN = {"String": str, "ID": str, "Int": int, "Boolean": bool}


def not_modelled(what: str) -> GraphQLError:
    """Return the error of something that the real schema has and the sandbox has not."""
    return GraphQLError(f"{what} is not modelled by the sandbox", extensions={"code": "NOT_MODELLED"})


@dataclass
class Context:
    """What holds for one request: the scopes of its token, None for all, and the path of the field being served."""

    scopes: frozenset[str] | None
    path: Path | None = None


@dataclass(slots=True)
class _Plan:
    """How one field of a selection is served, the same for every object of a type."""

    response_name: str
    name: str
    definition: GraphQLField
    details: Any
    arguments: dict[str, Any]
    refusal: GraphQLError | None
    is_required: bool
    kind: Any
    items: Any  # of a list of objects: their type
    plain: type | None  # of a scalar that needs no change: its Python type
    is_introspection: bool


class StraightExecutor(Executor[Any]):
    """graphql-core's executor; objects, lists of objects and plain scalars take fewer steps. Its context is a `Context`."""

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: Any,
        position_context: Any,
    ) -> dict[str, Any]:
        """Return an object's fields by their response names."""
        results: dict[str, Any] = {}
        for plan in self._plans(parent_type, grouped_field_set):
            here = Path(path, plan.response_name, parent_type.name)
            if plan.is_introspection:
                results[plan.response_name] = self.execute_field(parent_type, source_value, plan.details, here, position_context)
                continue
            try:
                results[plan.response_name] = self._serve(plan, parent_type, source_value, here, position_context)
            except Exception as error:  # noqa: BLE001 - handled as the specification says, whatever it is
                self.handle_field_error(error, plan.definition.type, plan.details, here)
                results[plan.response_name] = None
        return results

    def complete_object_value(  # noqa: PLR0913, PLR0917 - graphql-core's
        self, return_type: GraphQLObjectType, field_details_list: Any, info: Any, path: Path, result: Any, position_context: Any
    ) -> Any:
        """Return an object found behind an interface or a union; its type's scopes are known only here."""
        refusal = type_denial(self.context_value.scopes, return_type.name, info.field_name)
        if refusal is not None:
            raise refusal
        return super().complete_object_value(return_type, field_details_list, info, path, result, position_context)

    def _serve(self, plan: _Plan, parent: GraphQLObjectType, source: Mapping[str, Any], path: Path, position: Any) -> Any:
        value = self._value(plan, parent, source, path)
        if value is None:
            return None
        if plan.plain is not None and type(value) is plan.plain:
            return value
        if plan.items is not None:
            return [
                None if row is None else self._object(plan.items, plan, path.add_key(index, None), row)
                for index, row in enumerate(value)
            ]
        if is_object_type(plan.kind):
            return self._object(plan.kind, plan, path, value)
        nodes = [detail.node for detail in plan.details]
        info = self.build_resolve_info(plan.definition, nodes, parent, path)
        return self.complete_value(plan.definition.type, plan.details, info, path, value, position)

    def _value(self, plan: _Plan, parent: GraphQLObjectType, source: Mapping[str, Any], path: Path) -> Any:
        """Return what the object holds in a field."""
        if plan.refusal is not None:
            raise plan.refusal
        value = source.get(plan.name, _MISSING)
        if callable(value):
            self.context_value.path = path
            value = value(**plan.arguments)
        if value is _MISSING:
            raise not_modelled(f"{parent.name}.{plan.name}")
        if value is None and plan.is_required:
            raise TypeError(f"Cannot return null for non-nullable field {parent.name}.{plan.name}.")
        return value

    def _object(self, kind: GraphQLObjectType, plan: _Plan, path: Path, value: Any) -> dict[str, Any]:
        return self.execute_fields(kind, value, path, self.collect_subfields(kind, plan.details)[0], None)

    def _plans(self, parent: GraphQLObjectType, grouped: Any) -> list[_Plan]:
        known: dict[tuple[str, int], Any] = self.__dict__.setdefault("_plans_made", {})
        found = known.get((parent.name, id(grouped)))
        if found is None:
            plans = [self._plan(parent, name, details) for name, details in grouped.items()]
            # The grouped fields are kept too, so that their id is not given to others.
            found = known[parent.name, id(grouped)] = ([plan for plan in plans if plan is not None], grouped)
        result: list[_Plan] = found[0]
        return result

    def _plan(self, parent: GraphQLObjectType, response_name: str, details: Any) -> _Plan | None:
        node = details[0].node
        definition = self.schema.get_field(parent, node.name.value)
        if definition is None:
            return None
        given = get_argument_values(definition, node, self.variable_values) if definition.args else {}
        arguments, refusal = modelled_arguments(parent.name, node.name.value, definition, given)
        inner = definition.type.of_type if is_non_null_type(definition.type) else definition.type
        item = inner.of_type if is_list_type(inner) else None
        item = item.of_type if item is not None and is_non_null_type(item) else item
        return _Plan(
            response_name=response_name,
            name=node.name.value,
            definition=definition,
            details=details,
            arguments=arguments,
            refusal=denial(self.context_value.scopes, parent, definition, node.name.value) or refusal,
            is_required=is_non_null_type(definition.type),
            kind=inner,
            items=item if item is not None and is_object_type(item) else None,
            plain=_PLAIN.get(inner.name) if is_leaf_type(inner) else None,
            is_introspection=definition.resolve is not None and node.name.value != "__typename",
        )


def modelled_arguments(
    parent: str, field: str, definition: GraphQLField, given: Mapping[str, Any]
) -> tuple[dict[str, Any], GraphQLError | None]:
    """Return the arguments that say something (not null, not the schema's default), and what refuses them."""
    said = {name: value for name, value in given.items() if value is not None and value != _default(definition, name)}
    for name in said:
        if not is_modelled(parent, field, name):
            return said, not_modelled(f"{parent}.{field}({name}:)")
    return said, None


def resolve(source: Mapping[str, Any], info: GraphQLResolveInfo[Any], **given: Any) -> Any:
    """Resolve a field that does not take the straight path: those of the mutation root, which need its directives."""
    parent, name = info.parent_type, info.field_name
    definition = parent.fields[name]
    refusal = denial(info.context.scopes, parent, definition, name)
    if refusal is not None:
        raise refusal
    if name not in source:
        raise not_modelled(f"{parent.name}.{name}")
    said, refusal = modelled_arguments(parent.name, name, definition, given)
    if refusal is not None:
        raise refusal
    return source[name](info=info, **said)


def _default(definition: GraphQLField, name: str) -> Any:
    argument = definition.args[name]
    return coerce_default_value(argument) if argument.default is not None else Undefined
