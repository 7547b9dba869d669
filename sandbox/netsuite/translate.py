"""SuiteQL to SQLite: records and columns to tables, Oracle's functions to the registered ones."""

from dataclasses import dataclass

from sqlglot import exp

from sandbox.netsuite import rownum
from sandbox.netsuite.account import Account
from sandbox.netsuite.catalog import DISPLAY, Column, find_record
from sandbox.netsuite.dialect import DATE_CALLS, SQL_NAMES, read
from sandbox.netsuite.problems import not_modelled, record_not_found, unsupported_search
from sandbox.netsuite.scopes import Scope, Source, own_nodes

_NOW = exp.CurrentTimestamp | exp.CurrentDate | exp.CurrentDatetime
_NUMERIC = exp.Neg | exp.Add | exp.Sub | exp.Mul | exp.Div | exp.Sum | exp.Count | exp.Abs
_COMPARISONS = exp.EQ | exp.NEQ | exp.GT | exp.GTE | exp.LT | exp.LTE


@dataclass(frozen=True)
class Translated:
    """A query for SQLite, the output columns in order, and how many parameters it binds (:p1, :p2, …)."""

    sql: str
    columns: list[Column]
    parameters: int


def translate(account: Account, query: str) -> Translated:
    """Return the SQLite form of a SuiteQL query; rows that ORDER BY leaves open come in no order to rely on.

    Raises:
        NetSuiteError: 400, in the words NetSuite uses, where it would refuse the query.
    """
    parsed, count = read(query)
    tree: exp.Expr = parsed
    columns = _Translation(account).query(tree, None)
    tree = tree.unnest() if isinstance(tree, exp.Subquery) else tree
    if isinstance(tree, exp.SetOperation):
        tree = exp.select("*").from_(tree.subquery("united")) if not tree.args.get("order") else tree
    if isinstance(tree, exp.Select) and not rownum.keeps_order(tree):
        tree.order_by(exp.Anonymous(this="ns_noise"), copy=False)
    return Translated(tree.sql("sqlite", identify=True), columns, count)


class _Translation:
    """One translation; it rewrites the tree in place."""

    def __init__(self, account: Account) -> None:
        self.account = account

    def query(self, node: exp.Expr, outer: Scope | None) -> list[Column]:
        """Rewrite a query and return its output columns."""
        if isinstance(node, exp.Subquery):
            return self.query(node.this, outer)
        if isinstance(node, exp.SetOperation):
            columns = self.query(node.left, outer)
            self.query(node.right, outer)
            return columns
        if not isinstance(node, exp.Select):
            raise unsupported_search()
        return self._select(node, outer)

    def _select(self, select: exp.Select, outer: Scope | None) -> list[Column]:
        scope = Scope(outer)
        from_ = select.args.get("from_")
        tables = ([from_.this] if from_ else []) + [join.this for join in select.args.get("joins") or []]
        for table in tables:
            self._add_source(scope, table)
        _expand_stars(select, scope)
        _name_outputs(select)
        nodes, nested = own_nodes(select)
        for inner in nested:
            if not any(inner is table for table in tables):
                self.query(inner, scope)
        self._rewrite(select, nodes, scope)
        columns = [Column(item.alias, is_date=_is_date(item.this)) for item in select.expressions]
        rownum.apply(select)
        return columns

    def _add_source(self, scope: Scope, table: exp.Expr) -> None:
        if isinstance(table, exp.Subquery):
            alias = table.alias or f"derived{len(scope.sources)}"
            table.set("alias", exp.TableAlias(this=exp.to_identifier(alias)))
            columns = self.query(table.this, scope.outer)
            scope.sources[alias] = Source(alias, {column.name: column for column in columns})
            return
        if not isinstance(table, exp.Table) or isinstance(table.this, exp.Func):
            raise unsupported_search()
        record = find_record(self.account, table.name)
        if record is None:
            raise record_not_found(table.name)
        alias = table.alias or table.name
        scope.sources[alias] = Source(record.name, record.columns)
        table.set("this", exp.to_identifier(record.table))
        table.set("alias", exp.TableAlias(this=exp.to_identifier(alias)))

    def _rewrite(self, select: exp.Select, nodes: list[exp.Expr], scope: Scope) -> None:
        displayed = {id(inner) for node in nodes if isinstance(node, exp.Dot) for inner in node.walk()}
        for node in nodes:
            if isinstance(node, exp.Dot):
                node.replace(_built_in(node, scope))
            elif id(node) in displayed:
                continue
            elif isinstance(node, exp.Column) and not isinstance(node.this, exp.Star):
                if node.name.lower() != "rownum" and not _names_output(node, select):
                    node.replace(_physical(*_found(scope, node)))
            elif isinstance(node, _NOW):
                node.replace(_dated(exp.Literal.string(self.account.stamp())))
        # Innermost first, so that what a call holds is typed before the call is.
        for node in reversed([node for node in own_nodes(select)[0] if not node.meta.get("is_done")]):
            _rewrite_call(node)


def _found(scope: Scope, column: exp.Column) -> tuple[str, Column]:
    alias, _, found = scope.find(column)
    return alias, found


def _physical(alias: str, column: Column) -> exp.Expr:
    """Return the column as it lies in SQLite; custom fields lie in one JSON column."""
    if column.custom_type is None:
        plain = exp.column(exp.to_identifier(column.name), table=exp.to_identifier(alias))
        return _dated(plain) if column.is_date else plain
    holder = exp.column("custom", table=exp.to_identifier(alias))
    value = exp.Anonymous(this="json_extract", expressions=[holder, exp.Literal.string(f"$.{column.name}")])
    value.meta["is_done"] = True
    is_number = any(word in column.custom_type for word in ("int", "decimal", "float", "number", "currency", "percent"))
    cast = exp.cast(value, "REAL" if is_number else "TEXT", dialect="sqlite")
    return _dated(cast) if column.is_date else cast


def _built_in(dot: exp.Dot, scope: Scope) -> exp.Expr:
    """Return BUILTIN.DF(column) as a look-up of the name, BUILTIN.CF(column) as the column."""
    call = dot.expression
    if dot.name.upper() not in ("DF", "CF") or not isinstance(call, exp.Anonymous) or len(call.expressions) != 1:
        raise not_modelled(f"SuiteQL function {dot.sql('oracle')}")
    inner = call.expressions[0]
    if not isinstance(inner, exp.Column):
        raise unsupported_search()
    alias, source, column = scope.find(inner)
    value = _physical(alias, column)
    shown_by = DISPLAY.get(f"{source.label.lower()}.{column.name}") or DISPLAY.get(column.name)
    if dot.name.upper() == "CF" or (shown_by is None and column.name != "status" and not column.custom_type):
        return value
    if column.name == "status" and "type" in source.columns:
        arguments = [exp.column("type", table=exp.to_identifier(alias)), value]
        return _done(exp.Anonymous(this="ns_status_name", expressions=arguments))
    if column.custom_type:
        lookup = exp.select(exp.Literal.string("x")).from_("ns_customfield")
        path = exp.DPipe(this=exp.Literal.string("$."), expression=value)
        held = exp.Anonymous(this="json_extract", expressions=[exp.column("listvalues", table="f"), path])
        lookup = exp.select(exp.Coalesce(this=held, expressions=[value.copy()])).from_("ns_customfield AS f")
        return lookup.where(exp.Lower(this=exp.column("scriptid", table="f")).eq(column.name)).subquery()
    if shown_by is None:
        return value
    table, shown = shown_by
    return exp.select(exp.column(shown, table="d")).from_(f"{table} AS d").where(exp.column("id", table="d").eq(value)).subquery()


def _rewrite_call(node: exp.Expr) -> None:
    """Replace one node by what SQLite knows, in place."""
    if isinstance(node, exp.Anonymous):
        name = node.name.upper()
        if name not in SQL_NAMES and not node.meta.get("is_done"):
            raise not_modelled(f"SuiteQL function {name}")
        if name in DATE_CALLS or (name == "TRUNC" and _is_date(node.expressions[0])):
            _dated(node)
        node.set("this", SQL_NAMES.get(name, node.name))
        _done(node)
    elif isinstance(node, exp.Escape):
        raise unsupported_search()
    elif isinstance(node, exp.Like):
        called = _done(exp.Anonymous(this="ns_like", expressions=[node.this, node.expression]))
        node.replace(exp.Not(this=called) if node.args.get("negate") else called)
    elif isinstance(node, exp.Add | exp.Sub):
        _rewrite_sum(node)
    elif isinstance(node, _COMPARISONS):
        _compare_as_numbers(node)


def _rewrite_sum(node: exp.Add | exp.Sub) -> None:
    left, right = node.this, node.expression
    if _is_date(left) and _is_date(right):
        node.replace(_done(exp.Anonymous(this="ns_days_between", expressions=[left, right])))
    elif _is_date(left):
        days = exp.Neg(this=exp.paren(right)) if isinstance(node, exp.Sub) else right
        node.replace(_dated(_done(exp.Anonymous(this="ns_add_days", expressions=[left, days]))))


def _compare_as_numbers(node: exp.Binary) -> None:
    """Make a text beside a calculated number a number: SQLite gives only bare columns a type to compare by."""
    for value, other in ((node.this, node.expression), (node.expression, node.this)):
        is_text = isinstance(value, exp.Placeholder) or (isinstance(value, exp.Literal) and value.is_string)
        if is_text and isinstance(other.unnest(), _NUMERIC) and not _is_date(other):
            value.replace(_done(exp.Anonymous(this="ns_number", expressions=[value.copy()])))


def _is_date(node: exp.Expr) -> bool:
    """Return whether an expression gives a date, as far as its parts tell."""
    if node.meta.get("is_date"):
        return True
    if isinstance(node, exp.Max | exp.Min | exp.Paren | exp.Coalesce):
        return _is_date(node.this)
    if isinstance(node, exp.Subquery) and isinstance(node.this, exp.Select) and len(node.this.expressions) == 1:
        return _is_date(node.this.expressions[0].unalias())
    if isinstance(node, exp.Case):
        return any(_is_date(branch.args["true"]) for branch in node.args["ifs"])
    return False


def _dated(node: exp.Expr) -> exp.Expr:
    node.meta["is_date"] = True
    return node


def _done(node: exp.Expr) -> exp.Expr:
    node.meta["is_done"] = True
    return node


def _names_output(column: exp.Column, select: exp.Select) -> bool:
    """Return whether a name in ORDER BY is an output's name, which Oracle prefers to a column's."""
    order = column.find_ancestor(exp.Order, exp.Select)
    if column.table or not isinstance(order, exp.Order) or order.parent is not select:
        return False
    names = {item.alias for item in select.expressions if not isinstance(item.unalias(), exp.Column)}
    if column.name.lower() not in names:
        return False
    column.set("this", exp.to_identifier(column.name.lower()))
    return True


def _expand_stars(select: exp.Select, scope: Scope) -> None:
    """Replace * and alias.* by the columns they stand for."""
    items: list[exp.Expr] = []
    for item in select.expressions:
        if not item.is_star or isinstance(item, exp.Count | exp.Alias):
            items.append(item)
            continue
        wanted = item.table.lower() if isinstance(item, exp.Column) else ""
        for alias, source in scope.sources.items():
            if wanted in ("", alias.lower()):
                items += [exp.column(name, table=exp.to_identifier(alias)) for name in source.columns]
    select.set("expressions", items)


def _name_outputs(select: exp.Select) -> None:
    """Give every output a lower-case name; one without a name is called expr1, expr2 as in NetSuite's answers [?]."""
    items: list[exp.Expr] = []
    for number, item in enumerate(select.expressions, start=1):
        inner = item.unalias()
        name = item.alias or (inner.name if isinstance(inner, exp.Column) else "") or f"expr{number}"
        items.append(exp.alias_(inner.copy(), name.lower(), quoted=True))
    select.set("expressions", items)
