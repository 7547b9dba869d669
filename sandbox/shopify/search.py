"""Shopify's search syntax: the terms that are modelled, warnings about terms that Shopify does not know.

Recorded: a term of an unknown field is ignored, the reply says so in `extensions.search` and nowhere else. An instant
must stand in quotes: without them the colon of its time ends the value, and the rest is a term of an unknown field
("updated_at:<2000-01-01T00:00:00Z" was read as updated_at up to 00 o'clock, and a field "00").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from sandbox.shopify.executor import Context, not_modelled

_TERM = re.compile(r"(?P<field>[\w.]+):(?P<sign><=|>=|<|>)?\s*(?:'(?P<single>[^']*)'|\"(?P<double>[^\"]*)\"|(?P<bare>[^\s:()]+))")
# Recorded: >= and <; the others by analogy.
_SIGNS = {">": "range_gt", ">=": "range_gte", "<": "range_lte", "<=": "range_lte"}
_PARTS = re.compile(r"\s+AND\s+|\s+")
# What Shopify's schema lists for each connection; those of `Filters` are modelled, the others refused by name.
KNOWN: dict[str, frozenset[str]] = {
    "orders": frozenset(
        [
            "cart_token",
            "channel",
            "channel_id",
            "chargeback_status",
            "checkout_token",
            "confirmation_number",
            "created_at",
            "credit_card_last4",
            "current_total_price",
            "customer_id",
            "delivery_method",
            "discount_code",
            "email",
            "financial_status",
            "fraud_protection_level",
            "fulfillment_location_id",
            "fulfillment_status",
            "gateway",
            "id",
            "location_id",
            "name",
            "payment_id",
            "payment_provider_id",
            "po_number",
            "processed_at",
            "reference_location_id",
            "return_status",
            "risk_level",
            "sales_channel",
            "sku",
            "source_identifier",
            "source_name",
            "status",
            "subtotal_line_items_quantity",
            "tag",
            "tag_not",
            "test",
            "total_weight",
            "updated_at",
        ]
    ),
    "draftOrders": frozenset(
        [
            "created_at",
            "customer_id",
            "id",
            "name",
            "source",
            "status",
            "tag",
            "updated_at",
        ]
    ),
    "productVariants": frozenset(
        [
            "barcode",
            "collection",
            "delivery_profile_id",
            "exclude_composite",
            "exclude_variants_with_components",
            "gift_card",
            "id",
            "inventory_quantity",
            "location_id",
            "managed",
            "managed_by",
            "name",
            "option1",
            "option2",
            "option3",
            "product_id",
            "product_ids",
            "product_publication_status",
            "product_status",
            "product_type",
            "publishable_status",
            "published_status",
            "requires_components",
            "sku",
            "tag",
            "tag_not",
            "taxable",
            "title",
            "updated_at",
            "vendor",
        ]
    ),
    "inventoryItems": frozenset(
        [
            "created_at",
            "id",
            "name",
            "sku",
            "updated_at",
        ]
    ),
    "inventoryLevels": frozenset(
        [
            "created_at",
            "id",
            "inventory_group_id",
            "inventory_item_id",
            "name",
            "updated_at",
        ]
    ),
}


@dataclass(frozen=True)
class Term:
    """One term of a query: `updated_at:>='2026-01-01T00:00:00Z'`."""

    field: str
    sign: str
    value: str
    is_quoted: bool

    @property
    def parsed(self) -> dict[str, str]:
        """How Shopify tells it in its warnings."""
        kind = _SIGNS[self.sign] if self.sign else "match_phrase" if self.is_quoted else "match_all"
        return {"field": self.field, kind: self.value}


Filters = Mapping[str, Callable[[Any, Term], bool]]


class Search:
    """The searches of one request, and what is to be said of them.

    Args:
        timezone: the shop's, for instants that name none.
        context: the request's, for the path of what is searched.
    """

    def __init__(self, timezone: tzinfo, context: Context) -> None:
        self.timezone, self._context = timezone, context
        self.told: list[dict[str, Any]] = []

    def matcher(self, name: str, query: str | None, filters: Filters) -> Callable[[Any], bool]:
        """Return the test of a row.

        Args:
            name: the connection, as in `KNOWN`.
            query: the search text.
            filters: the modelled fields, each with its test.

        Raises:
            GraphQLError: a term or connective that Shopify knows and the sandbox does not model.
        """
        terms = _terms(name, query or "")
        known = [term for term in terms if term.field in KNOWN[name] or term.field.startswith("metafields.")]
        for term in known:
            if term.field not in filters:
                raise not_modelled(f"search term {term.field} of {name}")
        unknown = [term for term in terms if term not in known]
        if unknown:
            self._warn(str(query), terms, unknown)
        tests = [(filters[term.field], term) for term in known]
        return lambda row: all(test(row, term) for test, term in tests)

    def instant(self, term: Term) -> datetime:
        """Return a term's instant; a date is its first moment in the shop's time zone."""
        try:
            given = datetime.fromisoformat(term.value)
        except ValueError as error:
            raise not_modelled(f"search instant {term.value!r}") from error
        return given if given.tzinfo else given.replace(tzinfo=self.timezone)

    def is_at(self, found: datetime, term: Term) -> bool:
        """Compare an instant, to the second, with a term's."""
        return _compares(found.replace(microsecond=0), term.sign, self.instant(term))

    def _warn(self, query: str, terms: list[Term], unknown: list[Term]) -> None:
        parsed: Any = terms[0].parsed if len(terms) == 1 else {"and": [term.parsed for term in terms]}
        warnings = [
            {"field": term.field, "message": "Invalid search field for this query.", "code": "invalid_field"} for term in unknown
        ]
        path = self._context.path.as_list() if self._context.path else []
        self.told.append({"path": path, "query": query, "parsed": parsed, "warnings": warnings})


def is_number(gid: str, term: Term) -> bool:
    """Compare a global id with a term's number (or global id)."""
    return _compares(int(gid.rsplit("/", 1)[1].split("?", maxsplit=1)[0]), term.sign, int(term.value.rsplit("/", 1)[-1]))


def is_text(found: str | None, term: Term) -> bool:
    """Compare a text with a term's, whatever the case."""
    return (found or "").casefold() == term.value.casefold()


def is_flag(found: bool, term: Term) -> bool:
    """Compare a flag with a term's true or false."""
    return str(found).lower() == term.value.lower()


def _terms(name: str, query: str) -> list[Term]:
    terms, place = [], 0
    while place < len(query):
        found = _TERM.match(query, place)
        if found is None:
            raise not_modelled(f"search text {query[place:]!r} of {name}")
        quoted = found["single"] if found["single"] is not None else found["double"]
        terms.append(Term(found["field"], found["sign"] or "", found["bare"] if quoted is None else quoted, quoted is not None))
        place = found.end()
        if rest := _colon_left(query, place):
            terms.append(Term(rest[1], "", rest[2], is_quoted=False))
            place = rest.end()
        if place < len(query):
            gap = _PARTS.match(query, place)
            if gap is None:
                raise not_modelled(f"search text {query[place:]!r} of {name}")
            place = gap.end()
    return terms


def _colon_left(query: str, place: int) -> re.Match[str] | None:
    """Return what follows an unquoted instant's first colon: recorded as field and value."""
    return re.compile(r":(\w+):?(\S*)").match(query, place)


def _compares(left: Any, sign: str, right: Any) -> bool:
    return bool({">": left > right, ">=": left >= right, "<": left < right, "<=": left <= right, "": left == right}[sign])
