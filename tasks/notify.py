"""Telling people of new findings, once, through Prefect's notification blocks (webhook, e-mail, Slack)."""

from __future__ import annotations

import logging
from typing import Any

import pandas as pd
from prefect import task
from prefect.blocks.core import Block
from prefect.cache_policies import NO_CACHE

from domain.findings import CHECKS
from store import findings
from tasks.context import Context

log = logging.getLogger(__name__)
_MOST = 5


@task(name="notify", cache_policy=NO_CACHE)
def notify_new(context: Context, subject: str, link: str) -> int:
    """Tell every block of `drift.notify` what is new since it was told last, grouped by check; return how many findings that is.

    A block that cannot be loaded or does not answer is told in the log, and its findings stay untold: the next run says them.
    """
    still = findings.open_findings(context.engine)
    new = still.loc[still["told_at_utc"].isna()]
    if new.empty or not context.contract.drift.notify:
        return 0
    body, done = message(new, link), True
    for name in context.contract.drift.notify:
        try:
            # Said outright: Prefect would answer with a coroutine wherever it finds an event loop. Its types lack the word.
            load: Any = Block.load
            block: Any = load(name, _sync=True)
            block.notify(body, subject, _sync=True)
        except Exception as error:  # noqa: BLE001 - each kind of block has errors of its own; none may fail the run
            done = False
            log.warning("notification_failed", extra={"block": name, "error": f"{type(error).__name__}: {error}"})
    if done:
        findings.mark_told(context.engine, new, at_utc=context.now())
    return len(new) if done else 0


def message(new: pd.DataFrame, link: str) -> str:
    """Return what is new, a paragraph a check: how many, what to do, and some of them by name."""
    parts = []
    order = {"halt": 0, "quarantine": 1, "warn": 2}
    groups = sorted(new.groupby("check_code", sort=True), key=lambda group: order.get(str(group[1].iloc[0]["severity_code"]), 3))
    for code, rows in groups:
        check = CHECKS[str(code)]
        names = [f"{row['object_key']} {row['field']}".strip() for row in rows.head(_MOST).to_dict("records")]
        more = f" and {len(rows) - _MOST} more" if len(rows) > _MOST else ""
        severity = rows.iloc[0]["severity_code"]
        parts.append(f"{check.told} ({len(rows)} new, {severity})\n{', '.join(names)}{more}\n{check.action}")
    return "\n\n".join([*parts, link])
