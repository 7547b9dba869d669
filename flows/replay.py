"""Replay: a past run recomputed from its snapshot, offline."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from contract.errors import FatalError
from contract.loading import LoadedContract, parse_contract
from domain.compute import compute_inventory
from store.snapshots import STATE_PREFIX, load_snapshot


@dataclass(frozen=True)
class Evidence:
    """What a past run read and knew before it, the contract it ran under, and what it decided."""

    run_id: str
    raw: dict[str, pd.DataFrame]
    state: dict[str, pd.DataFrame]
    loaded: LoadedContract
    decided: dict[str, pd.DataFrame]


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
    evidence = load_evidence(folder)
    result = compute_inventory(evidence.raw, evidence.state, evidence.loaded.contract, evidence.loaded.fingerprint)
    stored = evidence.decided
    different = [name for name, frame in result.frames.items() if name in stored and not frame.equals(stored[name])]
    return Replay(evidence.run_id, result.frames, different)


def load_evidence(folder: Path) -> Evidence:
    """Return what a run's snapshot holds.

    Args:
        folder: the snapshot's folder.

    Raises:
        FatalError: the folder holds no inventory run, or a file of it is damaged.
    """
    frames, manifest, extras = load_snapshot(folder)
    if "raw_shopify__levels" not in frames:
        raise FatalError(f"Truecount snapshot {folder}: holds no inventory run; give a run of publish-inventory")
    raw = {name: frame for name, frame in frames.items() if name.startswith("raw_")}
    state = {name.removeprefix(STATE_PREFIX): frame for name, frame in frames.items() if name.startswith(STATE_PREFIX)}
    decided = {name: frame for name, frame in frames.items() if name.startswith(("core_", "out_"))}
    return Evidence(str(manifest["run_id"]), raw, state, contract_of(extras, folder), decided)


def contract_of(extras: dict[str, Any], folder: Path) -> LoadedContract:
    """Return the contract that a snapshot was made under."""
    text = extras["contract.yaml"]
    return parse_contract(text.decode() if isinstance(text, bytes) else text, folder / "contract.yaml")
