"""ROWNUM, which Oracle counts before it sorts."""

from sqlglot import exp

from sandbox.netsuite.problems import not_modelled


def apply(select: exp.Select) -> None:
    """Rewrite ROWNUM in a SELECT, in place: a bound in WHERE becomes a limit taken before ORDER BY.

    Raises:
        NetSuiteError: 501, for a use of ROWNUM that the sandbox has no form for.
    """
    bound = _take_bound(select)
    for column in [node for node in select.find_all(exp.Column) if _is_rownum(node)]:
        if column.parent_select is select:
            if not column.find_ancestor(exp.Alias):
                raise not_modelled("ROWNUM in this place")
            column.replace(exp.Window(this=exp.RowNumber(), over="OVER"))
    if bound is None:
        return
    if select.args.get("group") or select.args.get("distinct") or _has_aggregate(select):
        raise not_modelled("ROWNUM with aggregates or DISTINCT")
    _limit_before_order(select, bound)


def keeps_order(select: exp.Select) -> bool:
    """Return whether rows come in the order of the one sorted query they are taken from, as they do in practice."""
    from_ = select.args.get("from_")
    if from_ is None or select.args.get("joins") or select.args.get("order") or not isinstance(from_.this, exp.Subquery):
        return False
    inner = from_.this.this
    return inner.args.get("order") is not None or (isinstance(inner, exp.Select) and keeps_order(inner))


def _is_rownum(node: exp.Expr) -> bool:
    return isinstance(node, exp.Column) and node.name.lower() == "rownum" and not node.table


def _take_bound(select: exp.Select) -> exp.Expr | None:
    """Remove `ROWNUM <= n` or `ROWNUM < n` from WHERE and return n as a count of rows."""
    where = select.args.get("where")
    if where is None:
        return None
    parts = list(where.this.flatten()) if isinstance(where.this, exp.And) else [where.this]
    bounds = [part for part in parts if isinstance(part, exp.LTE | exp.LT) and _is_rownum(part.this)]
    if not bounds:
        return None
    rest = [part for part in parts if part not in bounds]
    select.set("where", exp.Where(this=exp.and_(*rest)) if rest else None)
    value = bounds[0].expression
    return exp.Sub(this=value, expression=exp.Literal.number(1)) if isinstance(bounds[0], exp.LT) else value


def _has_aggregate(select: exp.Select) -> bool:
    return any(item.find(exp.AggFunc) is not None for item in select.expressions)


def _limit_before_order(select: exp.Select, bound: exp.Expr) -> None:
    """Move everything but ORDER BY into an inner query that takes the first rows, which are any unless sorted."""
    order = select.args.get("order")
    inner = select.copy()
    inner.set("order", None)
    if not keeps_order(inner):
        inner.order_by(exp.Anonymous(this="ns_noise"), copy=False)
    names = [item.alias for item in select.expressions]
    for number, term in enumerate(order.expressions if order else []):
        if isinstance(term.this, exp.Column) and not term.this.table and term.this.name in names:
            continue
        inner.select(exp.alias_(term.this.copy(), f"order{number}", quoted=True), copy=False)
        term.set("this", exp.column(f"order{number}"))
    inner.limit(bound, copy=False)
    for key in ("joins", "where"):
        select.set(key, None)
    select.set("expressions", [exp.alias_(exp.column(name, quoted=True), name, quoted=True) for name in names])
    select.set("from_", exp.From(this=inner.subquery("first_rows")))
