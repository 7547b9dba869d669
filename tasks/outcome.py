"""A run's outcome: recorded in the store whatever happens, and told in one summary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from contract.errors import TruecountError
from store import run_locks, runs
from tasks.context import Context
from tasks.record_run import begin_run, mark_dead_runs, run_locks_folder


@dataclass(frozen=True)
class RunSummary:
    """What a run did, in counts; the exit code follows from it."""

    run_id: str
    flow_name: str
    is_dry_run: bool
    counts: Mapping[str, int]
    set_aside: Mapping[str, int]
    snapshot: str = ""
    title: str = ""
    page: str = ""

    @property
    def exit_code(self) -> int:
        """0 done, 1 done with rows set aside."""
        return 1 if any(self.set_aside.values()) else 0

    def as_json(self) -> dict[str, Any]:
        """Return the summary as plain values."""
        return {
            "run_id": self.run_id,
            "flow_name": self.flow_name,
            "is_dry_run": self.is_dry_run,
            "counts": dict(self.counts),
            "set_aside": dict(self.set_aside),
            "snapshot": self.snapshot,
            **({"page": self.page} if self.page else {}),
        }


@dataclass
class Run:
    """A run under way: what its steps leave for the report."""

    run_id: str
    flow_name: str
    parameters: Mapping[str, Any]
    steps: dict[str, int] = field(default_factory=dict)
    checks: list[Any] = field(default_factory=list)
    manifests: list[dict[str, object]] = field(default_factory=list)
    summary: RunSummary | None = None


@contextmanager
def recorded_run(context: Context, flow_name: str, parameters: Mapping[str, Any]) -> Iterator[Run]:
    """Yield a run that is in the store from its first moment, and finished there however it ends.

    A run that is killed cannot say so: the next one of any flow says it (`mark_dead_runs`).
    """
    run = Run(runs.new_run_id(context.now()), flow_name, parameters)
    # The lock comes before the row and goes after it is finished: no run is ever seen running without it.
    with run_locks.hold(run_locks_folder(context), run.run_id):
        begin_run(context, flow_name, parameters, run.run_id)
        mark_dead_runs(context)
        try:
            yield run
        except BaseException as error:
            told = str(error) if isinstance(error, TruecountError) else type(error).__name__
            runs.finish_run(context.engine, run.run_id, status="failed", summary={"error": told}, at_utc=context.now())
            raise
        summary = run.summary.as_json() if run.summary else {}
        runs.finish_run(context.engine, run.run_id, status="done", summary=summary, at_utc=context.now())
