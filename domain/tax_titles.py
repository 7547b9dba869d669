"""Tax titles: Shopify names every tax by its title; the contract says what books each in NetSuite: an item, or a SuiteTax code."""

from __future__ import annotations

from collections.abc import Iterable

from contract.models import Contract

_MOST_TITLES = 5


def tax_key(title: str, contract: Contract) -> str:
    """Return the id of what books a title: its tax item, or its SuiteTax code; empty where no code is mapped to it."""
    orders = contract.orders
    if orders.tax == "item_line":
        return orders.tax_items.get(title, orders.items.tax_item_id)
    return orders.tax_codes[title].tax_code_id if title in orders.tax_codes else ""


def told_titles(seen: Iterable[str], key: str, contract: Contract) -> str:
    """Return the titles that one item or code books, joined; empty for no item or code.

    Args:
        seen: titles of the documents at hand; where there is none, those that the contract has for it.
        key: the id of the item or code.
        contract: what books each title.
    """
    if not key:
        return ""
    orders = contract.orders
    named = orders.tax_items if orders.tax == "item_line" else orders.tax_codes
    titles = sorted({*seen} or {title for title in named if tax_key(title, contract) == key})
    told = [title or "untitled" for title in titles[:_MOST_TITLES]]
    more = [f"{len(titles) - _MOST_TITLES} more"] if len(titles) > _MOST_TITLES else []
    return " + ".join([*told, *more]) or f"{'item' if orders.tax == 'item_line' else 'code'} {key}"


def tax_items(contract: Contract) -> list[str]:
    """Return the ids of the items that book tax as lines."""
    return sorted({contract.orders.items.tax_item_id, *contract.orders.tax_items.values()})
