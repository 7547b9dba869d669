"""The field catalogue: one entry per column name, used in every frame that carries it.

Kinds: `text` any text; `id` a vendor's identifier, as text; `code` one of ours; `qty` whole units, signed; `count` rows, or minutes;
`amount` money as `Decimal`; `instant` UTC; `flag` true or false. A raw frame holds every column as text, as the vendor
sent it; the kind says what conforming makes of it.
"""

from __future__ import annotations

from typing import Literal

Kind = Literal["text", "id", "code", "qty", "count", "amount", "instant", "flag"]

_SUFFIXES: tuple[tuple[str, Kind], ...] = (
    ("_qty", "qty"),
    ("_count", "count"),
    ("_minutes", "count"),
    ("_amount", "amount"),
    ("_at_utc", "instant"),
    ("_code", "code"),
    ("_id_netsuite", "id"),
    ("_id_shopify", "id"),
)


def kind_of(column: str) -> Kind:
    """Return the kind of a column, which its name alone decides.

    Args:
        column: the column's name.

    Returns:
        The kind; `text` where no suffix or prefix says more.

    >>> kind_of("on_hand_qty"), kind_of("is_closed"), kind_of("order_line_id_shopify"), kind_of("sku")
    ('qty', 'flag', 'id', 'text')
    """
    if column.startswith(("is_", "has_")):
        return "flag"
    return next((kind for suffix, kind in _SUFFIXES if column.endswith(suffix)), "text")
