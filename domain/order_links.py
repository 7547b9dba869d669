"""Links: which NetSuite document is which Shopify order, and which of its lines which order line.

The contract's `order_links` is an ordered list of matchers: the first that finds a document for an order decides, so an
incumbent connector's orders are adopted without our ids. Lines are matched by our line column, else by item and the order
of lines. What is ambiguous is set aside, never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from contract.frames import empty
from contract.models import Contract, OrderLink
from domain.unresolved import gather, unresolved

_ORDER = ["shop_code", "order_id_shopify"]
_TRANSACTION = "transaction_id_netsuite"
_LINKED_TYPES = frozenset({"SalesOrd", "CashSale"})
_LINK_COLUMNS = [*_ORDER, _TRANSACTION, "matched_by", "external_id", "transaction_type"]


def link_orders(
    raw_shopify__orders: pd.DataFrame, netsuite_lines: pd.DataFrame, contract: Contract
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return which NetSuite sales order or cash sale is which Shopify order, and what is ambiguous.

    Grain: one row per shop, order and transaction; `matched_by` is the position of the contract's matcher.
    """
    documents = _documents(netsuite_lines)
    orders = _spelled(raw_shopify__orders)
    linked: list[pd.DataFrame] = []
    ambiguous: list[pd.DataFrame] = []
    for position, link in enumerate(contract.orders.order_links):
        spelled = [_fill(link.pattern, row) for row in orders.to_dict("records")]
        values = orders.assign(wanted=pd.Series(spelled, index=orders.index, dtype="str"))
        found = values.merge(
            documents.assign(wanted=documents[_column_of(link)]).dropna(subset=["wanted"]), on="wanted", validate="many_to_many"
        )
        is_twice = found.duplicated(_TRANSACTION, keep=False) | found.duplicated(_ORDER, keep=False)
        ambiguous.append(unresolved("raw_netsuite__order_lines", found.loc[is_twice], [_TRANSACTION], "ambiguous_link", "wanted"))
        sure = found.loc[~is_twice].assign(matched_by=position)
        linked.append(sure[_LINK_COLUMNS])
        taken = set(found[_TRANSACTION])
        documents = documents.loc[~documents[_TRANSACTION].isin(taken)]
        orders = orders.loc[~orders["order_id_shopify"].isin(found["order_id_shopify"])]
    filled = [part for part in linked if not part.empty]
    links = pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=_LINK_COLUMNS, dtype="str")
    return links, gather(ambiguous) if ambiguous else empty("core_unresolved")


def references(orders: pd.DataFrame, contract: Contract) -> dict[str, list[str]]:
    """Return what a document of these orders would be recognised by: per column of NetSuite's transaction, the references."""
    found: dict[str, list[str]] = {}
    spelled = _spelled(orders).to_dict("records")
    for link in contract.orders.order_links:
        column = {"external_id": "externalid", "other_reference": "otherrefnum"}.get(link.by, link.field or "")
        found.setdefault(column, []).extend(_fill(link.pattern, row) for row in spelled)
    return found


def link_lines(
    links: pd.DataFrame, raw_shopify__order_lines: pd.DataFrame, netsuite_lines: pd.DataFrame, items: pd.DataFrame
) -> pd.DataFrame:
    """Return which NetSuite line is which order line; fulfilments and kit members too.

    Grain: one row per NetSuite transaction line that belongs to a linked document.

    Args:
        links: `link_orders`.
        raw_shopify__order_lines: the order lines.
        netsuite_lines: lines of sales orders, cash sales and item fulfilments.
        items: item_id_netsuite and sku, of stock items and kits.
    """
    lines = _with_order(links, netsuite_lines).merge(items, on="item_id_netsuite", how="left", validate="many_to_one")
    ours = raw_shopify__order_lines[[*_ORDER, "order_line_id_shopify", "sku", "position"]]
    known = ours.assign(line_number=_last_part(ours["order_line_id_shopify"]))
    by_number = known[[*_ORDER, "line_number", "order_line_id_shopify"]]
    stamped = lines.assign(line_number=_last_part(lines["order_line_id_shopify"])).drop(columns="order_line_id_shopify")
    named = stamped.merge(by_number, on=[*_ORDER, "line_number"], how="left", validate="many_to_one")
    is_named = named["order_line_id_shopify"].notna()
    # A kit's member is never matched by its own item: the same item may be sold by itself in the same order.
    loose = named.loc[~is_named & named["kit_member_of"].isna()].drop(columns="order_line_id_shopify")
    ranked = _match_by_item(loose, known)
    columns = [_TRANSACTION, "line_id_netsuite", "shop_code", "order_line_id_shopify"]
    filled = [part[columns] for part in (named.loc[is_named], ranked) if not part.empty]
    linked = pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=columns, dtype="str")
    return _with_members(linked, lines)


def _with_members(linked: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """Return the links with those of kit members: NetSuite commits and ships a kit on them, and they are the kit's line."""
    members = lines.loc[lines["kit_member_of"].notna(), [_TRANSACTION, "line_id_netsuite", "kit_member_of"]]
    members = members.loc[~_keys(members).isin(_keys(linked))]
    parents = linked.rename(columns={"line_id_netsuite": "kit_member_of"})
    inherited = members.merge(parents, on=[_TRANSACTION, "kit_member_of"], how="inner", validate="many_to_one")
    return pd.concat([linked, inherited[list(linked.columns)]], ignore_index=True)


def _keys(rows: pd.DataFrame) -> pd.Index[Any]:
    return pd.MultiIndex.from_frame(rows[[_TRANSACTION, "line_id_netsuite"]])


def _match_by_item(rows: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Match lines without our column by item, and among lines of one item by their order."""
    key = [*_ORDER, "sku", "rank"]
    order = rows["line_id_netsuite"].astype("int64") if len(rows) else pd.Series(dtype="int64")
    sorted_rows = rows.assign(line_order=order).sort_values([_TRANSACTION, "line_order"], kind="stable")
    ranked = sorted_rows.assign(rank=sorted_rows.groupby([_TRANSACTION, "sku"]).cumcount())
    position = known["position"].astype("int64") if len(known) else pd.Series(dtype="int64")
    sorted_known = known.assign(position=position).sort_values([*_ORDER, "position"], kind="stable")
    counted = sorted_known.assign(rank=sorted_known.groupby([*_ORDER, "sku"]).cumcount()).dropna(subset=["sku"])
    return ranked.merge(counted[[*key, "order_line_id_shopify"]], on=key, how="inner", validate="many_to_one")


def _with_order(links: pd.DataFrame, netsuite_lines: pd.DataFrame) -> pd.DataFrame:
    """Return the lines of linked documents, and of fulfilments made from them, with their order."""
    order_of = links[[*_ORDER, _TRANSACTION]].drop_duplicates(_TRANSACTION)
    is_fulfilment = netsuite_lines["transaction_type"].eq("ItemShip")
    owner = netsuite_lines[_TRANSACTION].where(~is_fulfilment, netsuite_lines["created_from_id_netsuite"])
    owned = netsuite_lines.assign(owner=owner)
    return owned.merge(order_of.rename(columns={_TRANSACTION: "owner"}), on="owner", how="inner", validate="many_to_one")


def _documents(netsuite_lines: pd.DataFrame) -> pd.DataFrame:
    kinds = netsuite_lines.loc[netsuite_lines["transaction_type"].isin(_LINKED_TYPES)]
    custom = [column for column in netsuite_lines.columns if column.startswith("custom_")]
    columns = [_TRANSACTION, "external_id", "other_ref_num", "transaction_type", *custom]
    return kinds[columns].drop_duplicates(_TRANSACTION)


def _spelled(orders: pd.DataFrame) -> pd.DataFrame:
    """Return the orders with the values that a pattern may name."""
    return pd.DataFrame(
        {
            "shop_code": orders["shop_code"],
            "order_id_shopify": orders["order_id_shopify"],
            "order_id": _last_part(orders["order_id_shopify"]),
            "order_name": orders["name"],
            "order_number": orders["name"].str.replace(r"\D", "", regex=True),
        }
    )


def _last_part(ids: pd.Series) -> pd.Series:
    """Return the numbers in Shopify's ids; a column without any id stays text, which a split into lists would not."""
    return ids.str.replace(r"^.*/", "", regex=True)


def _fill(pattern: str, row: Mapping[Any, Any]) -> str:
    for name in ("shop_code", "order_id", "order_name", "order_number"):
        pattern = pattern.replace("{" + name + "}", str(row[name]))
    return pattern


def _column_of(link: OrderLink) -> str:
    if link.by == "custom_field":
        return f"custom_{link.field}"
    return "external_id" if link.by == "external_id" else "other_ref_num"
