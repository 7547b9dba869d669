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
SHAPE = {"result_format": "SUMMARY"}
"""How much of a result is kept: counts, and the first twenty rows that fail."""
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
    """Laws about one frame; a column `key` names the rows that break one.

    Where `is_told_elsewhere`, what breaks one has a finding of its own already: the Data Docs show it, and nothing more is told.
    """

    name: str
    frame: pd.DataFrame
    laws: tuple[Law, ...]
    severity: Severity = "warn"
    is_told_elsewhere: bool = False

    @property
    def labelled(self) -> pd.DataFrame:
        """The frame with the keys as its row labels, by which Great Expectations names rows.

        Named by a column instead (`unexpected_index_column_names`), 100,000 rows that fail cost four seconds a law.
        """
        return self.frame.set_axis(self.frame["key"].to_numpy(), axis="index")


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
        batch = asset.add_batch_definition_whole_dataframe("whole").get_batch({"dataframe": suite.labelled})
        wanted = [(law, expectation(gx, law)(**law.given)) for law in suite.laws]
        return [as_result(law, suite.severity, batch.validate(made, result_format=SHAPE)) for law, made in wanted]


def expectation(gx: Any, law: Law) -> Any:
    """Return the class of a law's expectation: one of ours, or Great Expectations'."""
    from expectations import laws

    return getattr(laws, law.kind, None) or getattr(gx.expectations, law.kind)


def silence(context: Any) -> None:
    """Let a context draw no progress bars."""
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)


def as_result(law: Law, severity: Severity, outcome: Any) -> CheckResult:
    """Return Great Expectations' result of one law as ours."""
    found = outcome.result or {}
    keys = tuple(str(key) for key in (found.get("partial_unexpected_index_list") or [])[:MOST_SAMPLES])
    count = int(found.get("unexpected_count") or 0)
    failed = _failure(outcome.exception_info) if not outcome.success and not count and "observed_value" not in found else ""
    seen = f"found {found['observed_value']}" if "observed_value" in found and not outcome.success else ""
    told = failed or seen or f"{count} of {found.get('element_count', 0)} rows"
    return CheckResult(law.name, law.told, severity, bool(outcome.success), count, keys, told[:500])


def _failure(told: Any) -> str:
    """Return why an expectation could not be held against the data at all."""
    each = [told, *told.values()] if isinstance(told, dict) else []
    said = [str(one["exception_message"]) for one in each if isinstance(one, dict) and one.get("exception_message")]
    return f"could not be checked: {'; '.join(dict.fromkeys(said)) or told}"


def joined(frame: pd.DataFrame, names: Sequence[str]) -> pd.Series[str]:
    """Return the columns of a key as one text a row; by column, for row by row costs seconds."""
    first, *others = (frame[name].astype("str") for name in names)
    return reduce(lambda text, column: text + "/" + column, others, first)
