"""Runs and their steps: what ran, when, with which parameters, and how many rows went in, out and aside."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine, select, update

from contract.errors import FatalError
from store.engine import reading, writing
from store.schema import runs, steps
from store.upsert import upsert
from store.values import utc_now

RUNNING, ABANDONED = "running", "abandoned"


@dataclass(frozen=True)
class Run:
    """One run of a flow; `finished_at_utc` is None while it runs, and for ever if it was killed (`abandoned`)."""

    run_id: str
    flow_name: str
    started_at_utc: datetime
    finished_at_utc: datetime | None
    status: str
    contract_fingerprint: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    summary: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """One step of a run: rows in = rows out + rows set aside, unless the step makes its rows itself (an extract)."""

    step_name: str
    rows_in: int = 0
    rows_out: int = 0
    rows_set_aside: int = 0
    milliseconds: int = 0
    status: str = "done"
    message: str = ""


def new_run_id(at_utc: datetime | None = None) -> str:
    """Return a new run id: text that sorts by start, fit for a folder's name."""
    return f"{at_utc or utc_now():%Y%m%dT%H%M%S}-{uuid4().hex[:8]}"


def start_run(  # noqa: PLR0913 - keyword-only, the columns of a run
    engine: Engine,
    *,
    flow_name: str,
    parameters: Mapping[str, Any],
    contract_fingerprint: str,
    at_utc: datetime | None = None,
    run_id: str = "",
) -> str:
    """Record that a run starts.

    Args:
        engine: from `open_engine`.
        flow_name: the flow.
        parameters: what it was started with; never a secret.
        contract_fingerprint: the version of the contract.
        at_utc: the instant; now where left out.
        run_id: from `new_run_id`; a new one where left out.

    Returns:
        The run's id.
    """
    started = at_utc or utc_now()
    run_id = run_id or new_run_id(started)
    row = {
        "run_id": run_id,
        "flow_name": flow_name,
        "started_at_utc": started,
        "status": RUNNING,
        "contract_fingerprint": contract_fingerprint,
        "parameters": dict(parameters),
        "summary": {},
    }
    with writing(engine) as connection:
        connection.execute(runs.insert(), row)
    return run_id


def finish_run(
    engine: Engine,
    run_id: str,
    *,
    status: str,
    summary: Mapping[str, Any] | None = None,
    at_utc: datetime | None = None,
) -> None:
    """Record how a run ended.

    Args:
        engine: from `open_engine`.
        run_id: from `start_run`.
        status: `done` or `failed`. A run taken for dead that ends after all is no longer abandoned.
        summary: the figures worth keeping.
        at_utc: the instant; now where left out.

    Raises:
        FatalError: there is no such run.
    """
    values = {"status": status, "summary": dict(summary or {}), "finished_at_utc": at_utc or utc_now()}
    with writing(engine) as connection:
        found = connection.execute(update(runs).where(runs.c.run_id == run_id).values(values)).rowcount
    if not found:
        raise FatalError(f"store: run {run_id} is unknown, it cannot be finished; start it first")


def running_runs(engine: Engine) -> list[Run]:
    """Return the runs that have not said how they ended, oldest first: under way, or killed."""
    query = select(runs).where(runs.c.status == RUNNING).order_by(runs.c.started_at_utc, runs.c.run_id)
    with reading(engine) as connection:
        return [Run(**row) for row in connection.execute(query).mappings()]


def abandon_run(engine: Engine, run_id: str, reason: str) -> bool:
    """Record that a run ended without a word; when, nobody knows. Return whether it was still `running`.

    Args:
        engine: from `open_engine`.
        run_id: the run.
        reason: how that is known, in words.
    """
    is_open = (runs.c.run_id == run_id) & (runs.c.status == RUNNING)
    values = {"status": ABANDONED, "summary": {"error": reason}}
    with writing(engine) as connection:
        return bool(connection.execute(update(runs).where(is_open).values(values)).rowcount)


def record_step(engine: Engine, run_id: str, step: Step) -> None:
    """Record one step of a run; the same step recorded again replaces the first.

    Args:
        engine: from `open_engine`.
        run_id: from `start_run`.
        step: its counts (rows) and time (milliseconds).
    """
    with writing(engine) as connection:
        upsert(connection, steps, [{"run_id": run_id, **asdict(step)}])


def steps_of(engine: Engine, run_id: str) -> list[Step]:
    """Return the steps recorded of a run, by name."""
    query = select(*(c for c in steps.columns if c.name != "run_id")).where(steps.c.run_id == run_id)
    with reading(engine) as connection:
        return [Step(**row) for row in connection.execute(query.order_by(steps.c.step_name)).mappings()]


def get_run(engine: Engine, run_id: str) -> Run | None:
    """Return one run, None where there is none of that id."""
    with reading(engine) as connection:
        row = connection.execute(select(runs).where(runs.c.run_id == run_id)).mappings().first()
    return Run(**row) if row else None


def newest_runs(engine: Engine, flow_names: Collection[str], *, limit: int = 100) -> list[Run]:
    """Return the runs of some flows that started last, the newest first, however they ended."""
    query = select(runs).where(runs.c.flow_name.in_(list(flow_names)))
    newest_first = query.order_by(runs.c.started_at_utc.desc(), runs.c.run_id.desc()).limit(limit)
    with reading(engine) as connection:
        return [Run(**row) for row in connection.execute(newest_first).mappings()]


def latest_run(engine: Engine, flow_name: str, *, status: str | None = None) -> Run | None:
    """Return the run of a flow that started last.

    Args:
        engine: from `open_engine`.
        flow_name: the flow.
        status: only runs that ended so; any where left out.

    Returns:
        The run; None where there is none.
    """
    query = select(runs).where(runs.c.flow_name == flow_name)
    if status is not None:
        query = query.where(runs.c.status == status)
    newest_first = query.order_by(runs.c.started_at_utc.desc(), runs.c.run_id.desc()).limit(1)
    with reading(engine) as connection:
        row = connection.execute(newest_first).mappings().first()
    return Run(**row) if row else None
