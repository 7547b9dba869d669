"""Plan: what a change of the contract would alter, from the evidence of a past run; nothing is called or written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from contract.loading import LoadedContract, load_contract
from domain.compute import compute_inventory
from domain.plan import compare_numbers
from flows.replay import Evidence, load_evidence


@dataclass(frozen=True)
class Plan:
    """The numbers that would change, on the evidence of one run, and what the run could not know.

    Args:
        run_id: the run whose evidence was used.
        changes: `out_plan`.
        findings: `core_unresolved` rows that only the planned contract brings.
        unread: places of the planned contract that the run did not read; their numbers need a run.
    """

    run_id: str
    changes: pd.DataFrame
    findings: pd.DataFrame
    unread: list[str]


def plan_change(folder: Path, contract_path: Path) -> Plan:
    """Return what the contract at a path would alter of a past run's numbers.

    Args:
        folder: the run's snapshot.
        contract_path: the planned contract.

    Raises:
        ContractError: the planned contract is refused.
        FatalError: the folder holds no inventory run, or a file of it is damaged.
    """
    planned = load_contract(contract_path)
    evidence = load_evidence(folder)
    before = _compute(evidence, evidence.loaded)
    after = _compute(evidence, planned)
    key = ["source_frame", "source_key", "reason_code", "field"]
    is_new = ~pd.MultiIndex.from_frame(after["core_unresolved"][key]).isin(pd.MultiIndex.from_frame(before["core_unresolved"][key]))
    changes = compare_numbers(before["out_channel_quantities"], after["out_channel_quantities"])
    return Plan(folder.name, changes, after["core_unresolved"].loc[is_new], _unread(evidence, planned))


def _compute(evidence: Evidence, loaded: LoadedContract) -> dict[str, pd.DataFrame]:
    return compute_inventory(evidence.raw, evidence.state, loaded.contract, loaded.fingerprint).frames


def _unread(evidence: Evidence, planned: LoadedContract) -> list[str]:
    levels = evidence.raw["raw_shopify__levels"]
    seen = set(zip(levels["shop_code"], levels["location_id_shopify"], strict=True))
    stock = set(evidence.raw["raw_netsuite__stock"]["location_id_netsuite"])
    found = []
    for location in planned.contract.locations:
        found += [
            f"{location.location_code}: NetSuite location {name}" for name in location.netsuite_locations if name not in stock
        ]
        found += [
            f"{location.location_code}: {gid} of {shop}"
            for shop, gid in location.shopify_locations.items()
            if (shop, gid) not in seen
        ]
    return found
