"""Running suites with Great Expectations: imported only here, for it costs seconds and warns."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce
from typing import Any

import pandas as pd

from expectations.result import CheckResult, Severity

MOST_SAMPLES = 20
BETWEEN, IN_SET = "ExpectColumnValuesToBeBetween", "ExpectColumnValuesToBeInSet"


@dataclass(frozen=True)
class Law:
    """One expectation: a stable name, the law in words, Great Expectations' class, and its arguments."""

    name: str
    told: str
    kind: str
    given: dict[str, Any]


@dataclass(frozen=True)
class Suite:
    """Laws about one frame; a column `key` names the rows that break one."""

    name: str
    frame: pd.DataFrame
    laws: tuple[Law, ...]
    severity: Severity = "warn"


@contextmanager
def great_expectations() -> Iterator[Any]:
    """Yield the library, quietly."""
    with warnings.catch_warnings():
        # Great Expectations imports modules that the standard library has deprecated.
        warnings.simplefilter("ignore")
        import great_expectations as gx

        for name in ("great_expectations", "great_expectations.data_context.types.base"):
            logging.getLogger(name).setLevel(logging.WARNING)
        yield gx


def run_suite(suite: Suite) -> list[CheckResult]:
    """Return the result of every law of a suite; nothing is kept. Bad data never raises."""
    with great_expectations() as gx:
        context = gx.get_context(mode="ephemeral")
        silence(context)
        asset = context.data_sources.add_pandas("frames").add_dataframe_asset("frame")
        batch = asset.add_batch_definition_whole_dataframe("whole").get_batch({"dataframe": suite.frame})
        wanted = [(law, getattr(gx.expectations, law.kind)(**law.given)) for law in suite.laws]
        return [as_result(law, suite.severity, batch.validate(made, result_format=shape("COMPLETE"))) for law, made in wanted]


def silence(context: Any) -> None:
    """Let a context draw no progress bars."""
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)


def shape(detail: str) -> dict[str, Any]:
    """Return how much of a result is kept: COMPLETE names every row that fails, SUMMARY the first twenty."""
    return {"result_format": detail, "unexpected_index_column_names": ["key"]}


def as_result(law: Law, severity: Severity, outcome: Any) -> CheckResult:
    """Return Great Expectations' result of one law as ours."""
    found = outcome.result or {}
    rows = found.get("unexpected_index_list") or found.get("partial_unexpected_index_list") or []
    keys = tuple(str(row.get("key")) for row in rows[:MOST_SAMPLES])
    count = int(found.get("unexpected_count") or 0)
    failed = str(outcome.exception_info) if not outcome.success and not count and "observed_value" not in found else ""
    seen = f"found {found['observed_value']}" if "observed_value" in found and not outcome.success else ""
    told = failed or seen or f"{count} of {found.get('element_count', 0)} rows"
    return CheckResult(law.name, law.told, severity, bool(outcome.success), count, keys, told[:500])


def joined(frame: pd.DataFrame, names: Sequence[str]) -> pd.Series[str]:
    """Return the columns of a key as one text a row; by column, for row by row costs seconds."""
    first, *others = (frame[name].astype("str") for name in names)
    return reduce(lambda text, column: text + "/" + column, others, first)
