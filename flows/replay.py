"""Replay and explain: a past run from its snapshot, offline."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from contract.errors import FatalError
from contract.loading import LoadedContract, parse_contract
from contract.models import Contract
from domain.atp import TERMS
from domain.compute import compute_inventory
from flows import screen
from store.snapshots import load_snapshot
from tasks.compute import STATE_PREFIX

SOURCES = {
    "on_hand_qty": "NetSuite balance: on hand",
    "committed_qty": "NetSuite balance: committed",
    "backordered_qty": "NetSuite balance: backordered",
    "unreflected_qty": "ledger: Shopify order lines that NetSuite does not net yet",
    "unseen_qty": "expected level: left the shop's level, in no order list yet",
    "held_qty": "Shopify: reserved, damaged, quality control, safety stock",
}
"""Where each term of the equation comes from."""


@dataclass(frozen=True)
class Replay:
    """A replayed run: its recomputed frames, and the names of the out frames that differ from the stored ones."""

    run_id: str
    frames: dict[str, pd.DataFrame]
    different: list[str]


def replay_run(folder: Path) -> Replay:
    """Return a publish-inventory run recomputed from its snapshot, without any call.

    Args:
        folder: the snapshot's folder.

    Raises:
        FatalError: the folder holds no inventory run, or a file of it is damaged.
    """
    frames, manifest, extras = load_snapshot(folder)
    if "raw_shopify__levels" not in frames:
        raise FatalError(f"Truecount snapshot {folder}: holds no inventory run; give a run of publish-inventory")
    loaded = contract_of(extras, folder)
    raw = {name: frame for name, frame in frames.items() if name.startswith("raw_")}
    state = {name.removeprefix(STATE_PREFIX): frame for name, frame in frames.items() if name.startswith(STATE_PREFIX)}
    result = compute_inventory(raw, state, loaded.contract, loaded.fingerprint)
    different = [name for name, frame in result.frames.items() if name in frames and not frame.equals(frames[name])]
    return Replay(str(manifest["run_id"]), result.frames, different)


def explain_number(
    frames: dict[str, pd.DataFrame], contract: Contract, sku: str, channel_code: str | None = None
) -> list[dict[str, Any]]:
    """Return every term of a SKU's numbers, with its source and read time.

    Grain: one mapping per channel and location: its terms (value, source, read time, evidence), rule and numbers.
    """
    atp = frames["out_atp"].loc[frames["out_atp"]["sku"] == sku]
    shown = frames["out_channel_quantities"].loc[frames["out_channel_quantities"]["sku"] == sku]
    if channel_code:
        shown = shown.loc[shown["channel_code"] == channel_code]
    return [
        {
            "channel_code": row["channel_code"],
            "location_code": row["location_code"],
            "pool_qty": int(row["pool_qty"]),
            "buffer_qty": int(row["buffer_qty"]),
            "cap_qty": None if pd.isna(row["cap_qty"]) else int(row["cap_qty"]),
            "publish_qty": int(row["publish_qty"]),
            "rule_code": row["rule_code"],
            "contract_fingerprint": row["contract_fingerprint"],
            "pools": [
                _explain_pool(frames, pool) for pool in screen.rows_of(atp) if pool["location_code"] in _pool_of(contract, row)
            ],
        }
        for row in shown.to_dict("records")
    ]


def _pool_of(contract: Contract, row: dict[Any, Any]) -> tuple[str, ...]:
    """Return the locations that a number is made of: its own, or the whole pool of a channel that takes one number."""
    return contract.channel(row["channel_code"]).pool if row["location_code"] == "-" else (row["location_code"],)


def _explain_pool(frames: dict[str, pd.DataFrame], pool: dict[str, Any]) -> dict[str, Any]:
    sku, location_code = pool["sku"], pool["location_code"]
    read_at = {
        "on_hand_qty": _read_at(frames["core_stock"], sku, location_code),
        "held_qty": _read_at(frames["core_levels"], sku, location_code),
        "unseen_qty": _read_at(
            frames["core_expected_levels"].rename(columns={"level_read_at_utc": "read_at_utc"}), sku, location_code
        ),
    }
    read_at |= dict.fromkeys(("committed_qty", "backordered_qty", "unreflected_qty"), read_at["on_hand_qty"])
    terms = [
        {
            "term": term,
            "sign": "+" if term == TERMS[0] else "-",
            "value": int(pool[term]),
            "source": SOURCES[term],
            "read_at": read_at[term],
        }
        for term in TERMS
    ]
    ledger = _here(frames["core_ledger"], sku, location_code)
    gaps = ledger.loc[ledger["unreflected_qty"] > 0]
    columns = [
        "shop_code",
        "order_id_shopify",
        "order_line_id_shopify",
        "demand_qty",
        "reflected_qty",
        "unreflected_qty",
        "reason_code",
    ]
    evidence = gaps[columns].to_dict("records")
    return {
        "location_code": location_code,
        "atp_qty": int(pool["atp_qty"]),
        "available_qty": int(pool["available_qty"]),
        "terms": terms,
        "evidence": evidence,
    }


def _here(frame: pd.DataFrame, sku: str, location_code: str) -> pd.DataFrame:
    return frame.loc[(frame["sku"] == sku) & (frame["location_code"] == location_code)]


def _read_at(frame: pd.DataFrame, sku: str, location_code: str) -> str:
    rows = _here(frame, sku, location_code)
    return "" if rows.empty else rows["read_at_utc"].min().strftime("%Y-%m-%d %H:%M:%S UTC")


def contract_of(extras: dict[str, Any], folder: Path) -> LoadedContract:
    """Return the contract that a snapshot was made under."""
    text = extras["contract.yaml"]
    return parse_contract(text.decode() if isinstance(text, bytes) else text, folder / "contract.yaml")
