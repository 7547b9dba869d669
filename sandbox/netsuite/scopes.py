"""Which names a SELECT can see: the records in its FROM and those of the queries around it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlglot import exp

from sandbox.netsuite.catalog import Column
from sandbox.netsuite.problems import unknown_identifier


@dataclass(frozen=True)
class Source:
    """One entry of FROM: the record's own name and its columns by lower-case name."""

    label: str
    columns: dict[str, Column]


@dataclass
class Scope:
    """The sources of one SELECT by alias, and the scope of the query around it."""

    outer: "Scope | None" = None
    sources: dict[str, Source] = field(default_factory=dict)

    def find(self, column: exp.Column) -> tuple[str, Source, Column]:
        """Return alias, source and column that a name means.

        Raises:
            NetSuiteError: 400 Unknown identifier, in the recorded words.
        """
        name, wanted = column.name.lower(), column.table.lower()
        scope: Scope | None = self
        while scope:
            for alias, source in scope.sources.items():
                if wanted in ("", alias.lower()) and name in source.columns:
                    return alias, source, source.columns[name]
            scope = scope.outer
        listing = {alias: source.label for alias, source in self.sources.items()}
        known = not wanted or any(wanted == alias.lower() for alias in self._aliases())
        raise unknown_identifier(column.name if known else column.table, listing)

    def _aliases(self) -> Iterator[str]:
        scope: Scope | None = self
        while scope:
            yield from scope.sources
            scope = scope.outer


def own_nodes(select: exp.Expr) -> tuple[list[exp.Expr], list[exp.Query]]:
    """Return the nodes that belong to a SELECT itself, and the queries nested in it."""
    mine: list[exp.Expr] = []
    nested: list[exp.Query] = []
    stack = [select]
    while stack:
        node = stack.pop()
        for child in node.iter_expressions():
            if isinstance(child, exp.Query):
                nested.append(child)
            else:
                mine.append(child)
                stack.append(child)
    return mine, nested
