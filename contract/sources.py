"""What a field mapping may name as its source, checked when the contract is loaded."""

from __future__ import annotations

_ORDER = "name created_at processed_at order_id shop_code currency_code total financial_status tags note email po_number"
_ORIGIN = "source_name source_identifier channel_name app_name retail_location staff_name discount_codes gateways tax_titles"
BODY_SOURCES = frozenset(f"{_ORDER} {_ORIGIN}".split())
LINE_SOURCES = frozenset(("id", "sku", "title", "properties", "position"))
KEYED_SOURCES = ("attribute", "metafield", "property")
UTM_SOURCES = tuple(f"utm.{name}" for name in ("source", "medium", "campaign", "content", "term"))
CUSTOMER_SOURCES = frozenset(("email", "id"))


def source_problem(level: str, source: str) -> str | None:
    """Return what is wrong with a mapping's source path, or None.

    Args:
        level: body, line or customer.
        source: e.g. `order.name`, `order.attribute.utm_source`, `order.metafield.custom.gift`, `line.id`.

    Returns:
        A sentence that lists what is allowed.

    >>> source_problem("body", "order.name") is None
    True
    >>> source_problem("line", "line.property.serial") is None
    True
    """
    head, _, rest = source.partition(".")
    first, _, key = rest.partition(".")
    if head == "order" and (first in BODY_SOURCES or (first in KEYED_SOURCES[:2] and key)):
        return None
    if (head == "order" and rest in UTM_SOURCES) or (head == "customer" and level == "customer" and rest in CUSTOMER_SOURCES):
        return None
    if head == "line" and level == "line" and (first in LINE_SOURCES or (first == "property" and key)):
        return None
    allowed = [f"order.{name}" for name in sorted(BODY_SOURCES)]
    allowed.extend(("order.attribute.KEY", "order.metafield.NAMESPACE.KEY", *(f"order.{name}" for name in UTM_SOURCES)))
    if level == "customer":
        allowed.extend(f"customer.{name}" for name in sorted(CUSTOMER_SOURCES))
    if level == "line":
        allowed.extend(f"line.{name}" for name in sorted(LINE_SOURCES))
        allowed.append("line.property.KEY")
    return f"{source!r} is no source of a {level} field; use one of {', '.join(allowed)}"
