"""Reads what numbers were made of and what they went into, document by document, until nothing new is reached."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd
from sqlalchemy import Engine

from contract.frames import empty
from domain.serial_events import alive_of
from domain.serial_genealogy import MADE, TAKEN, Number, link_numbers
from store import serials


def links_of(engine: Engine, numbers: Collection[Number], *, is_forward: bool) -> pd.DataFrame:
    """Return `out_serial_genealogy` of everything that is reached from these numbers in one direction.

    Args:
        engine: from `open_engine`.
        numbers: SKU and number each.
        is_forward: to what they went into; else to what they were made of.
    """
    here, there = ("parent", "child") if is_forward else ("child", "parent")
    waiting, seen, parts = set(numbers), set[Number](), []
    while waiting:
        events = alive_of(serials.events_of_numbers(engine, waiting))
        documents = sorted(set(events.loc[events["stage_code"].isin(TAKEN if is_forward else MADE), "document_key"]))
        links = link_numbers(serials.events_of_documents(engine, documents))
        parts.append(links.loc[[key in waiting for key in _numbers(links, here)]])
        seen |= waiting
        waiting = set(_numbers(parts[-1], there)) - seen
    filled = [part for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else empty("out_serial_genealogy")


def _numbers(links: pd.DataFrame, side: str) -> list[Number]:
    return list(zip(links[f"{side}_sku"], links[f"{side}_number"], strict=True))
