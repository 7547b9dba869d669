"""Our own expectations: laws that Great Expectations has no class for, each with its sentence in the Data Docs.

Imported where the library is (`engine.great_expectations`), for that costs seconds.
"""

from __future__ import annotations

from typing import Any, Literal

import pandas as pd
from great_expectations.core import ExpectationValidationResult
from great_expectations.execution_engine.execution_engine import ExecutionEngine
from great_expectations.execution_engine.pandas_execution_engine import PandasExecutionEngine
from great_expectations.expectations.core.expect_column_pair_values_to_be_equal import ExpectColumnPairValuesToBeEqual
from great_expectations.expectations.expectation import (
    BatchExpectation,
    ColumnMapExpectation,
    MulticolumnMapExpectation,
    render_suite_parameter_string,
)
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from great_expectations.expectations.metrics.map_metric_provider.column_condition_partial import column_condition_partial
from great_expectations.expectations.metrics.map_metric_provider.column_map_metric_provider import ColumnMapMetricProvider
from great_expectations.expectations.metrics.map_metric_provider.multicolumn_condition_partial import multicolumn_condition_partial
from great_expectations.expectations.metrics.map_metric_provider.multicolumn_map_metric_provider import MulticolumnMapMetricProvider
from great_expectations.render.components import LegacyRendererType, RenderedStringTemplateContent
from great_expectations.render.renderer.renderer import renderer

_MULTI = ("batch_id", "table", "column_list", "row_condition", "condition_parser", "ignore_row_if")


class Told:
    """Renders an expectation in the Data Docs as one sentence about its arguments."""

    @classmethod
    def sentence(cls, given: dict[str, Any]) -> str:
        """Return the sentence."""
        raise NotImplementedError

    @classmethod
    @renderer(renderer_type=LegacyRendererType.PRESCRIPTIVE)
    @render_suite_parameter_string
    def _prescriptive_renderer(
        cls,
        configuration: ExpectationConfiguration | None = None,
        result: ExpectationValidationResult | None = None,  # noqa: ARG003 - Great Expectations' signature
        runtime_configuration: dict[str, Any] | None = None,
        **_: Any,
    ) -> list[RenderedStringTemplateContent]:
        styling = (runtime_configuration or {}).get("styling")
        template: dict[str, Any] = {
            "template": cls.sentence(configuration.kwargs if configuration else {}),
            "params": {},
            "styling": styling,
        }
        return [RenderedStringTemplateContent(content_block_type="string_template", string_template=template)]


class ColumnsFilled(MulticolumnMapMetricProvider):
    """Whether none of a row's columns is missing."""

    condition_metric_name = "multicolumn_values.filled"
    condition_domain_keys = _MULTI
    condition_value_keys = ()

    @multicolumn_condition_partial(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(cls, column_list: pd.DataFrame, **_: Any) -> pd.Series:  # noqa: N805 - the decorator makes it a class method
        return column_list.notna().all(axis=1)


class ExpectColumnsToBeFilled(Told, MulticolumnMapExpectation):
    """No value of these columns is missing."""

    map_metric = "multicolumn_values.filled"
    args_keys = ("column_list",)
    ignore_row_if: Literal["all_values_are_missing", "any_value_is_missing", "never"] = "never"

    @classmethod
    def sentence(cls, given: dict[str, Any]) -> str:
        """Return the sentence."""
        return f"No value is missing of: {', '.join(given['column_list'])}."


class TermsAddUp(MulticolumnMapMetricProvider):
    """Whether the signed terms of a row come to its total: the first column is the total, the others the terms."""

    condition_metric_name = "multicolumn_values.add_up"
    condition_domain_keys = _MULTI
    condition_value_keys = ("signs",)

    @multicolumn_condition_partial(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(cls, column_list: pd.DataFrame, signs: list[int], **_: Any) -> pd.Series:  # noqa: N805
        return column_list.iloc[:, 1:].mul(signs, axis=1).sum(axis=1).eq(column_list.iloc[:, 0])


class ExpectTermsToAddUp(Told, MulticolumnMapExpectation):
    """The quantity identity: the first column is the sum of the others, each with its sign."""

    signs: list[int]
    ignore_row_if: Literal["all_values_are_missing", "any_value_is_missing", "never"] = "never"
    map_metric = "multicolumn_values.add_up"
    success_keys = ("mostly", "signs")
    args_keys = ("column_list", "signs")

    @classmethod
    def sentence(cls, given: dict[str, Any]) -> str:
        """Return the sentence."""
        total, *terms = given["column_list"]
        signed = zip(given["signs"], terms, strict=True)
        equation = " ".join(f"{'-' if sign < 0 else '+'} {term}" for sign, term in signed).removeprefix("+ ")
        return f"In every row, {total} = {equation}."


class ExpectDocumentsToEqualOrders(Told, ExpectColumnPairValuesToBeEqual):
    """Document equality: what NetSuite has booked (`column_A`) is what the shop's event comes to (`column_B`), to the cent."""

    @classmethod
    def sentence(cls, given: dict[str, Any]) -> str:
        """Return the sentence."""
        booked, ordered = (given[name] for name in ("column_A", "column_B"))
        return f"Every document comes to what its order does: {booked} = {ordered}, to the cent."


class KeepsLaw(ColumnMapMetricProvider):
    """Whether a law is not among those that a number breaks (a text of codes, with spaces)."""

    condition_metric_name = "column_values.keeps_law"
    condition_value_keys = ("law_code",)

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column: pd.Series, law_code: str, **_: Any) -> pd.Series:  # noqa: N805
        return ~(" " + column + " ").str.contains(f" {law_code} ", regex=False)


class ExpectNumbersToKeepLaw(Told, ColumnMapExpectation):
    """No serial or lot breaks a law: `column` has the codes of the laws that each breaks."""

    law_code: str
    breach: str
    map_metric = "column_values.keeps_law"
    success_keys = ("mostly", "law_code")
    args_keys = ("column", "law_code", "breach")

    @classmethod
    def sentence(cls, given: dict[str, Any]) -> str:
        """Return the sentence."""
        return f"Of no serial or lot it is true: {given['breach']} ({given['law_code']})"


class ExpectColumnTypes(Told, BatchExpectation):
    """Every column has its type: `column_types` names each as pandas does."""

    column_types: dict[str, str]
    metric_dependencies = ("table.column_types",)
    success_keys = ("column_types",)
    args_keys = ("column_types",)

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,  # noqa: ARG002 - Great Expectations' signature
        execution_engine: ExecutionEngine[Any] | None = None,  # noqa: ARG002
    ) -> dict[str, Any]:
        there = {row["name"]: str(row["type"]) for row in metrics["table.column_types"]}
        wanted = self.column_types.items()
        wrong = [f"{name} is {there[name]}, not {kind}" for name, kind in wanted if name in there and there[name] != kind]
        return {"success": not wrong, "result": {"observed_value": "; ".join(wrong) or "as in the catalogue"}}

    @classmethod
    def sentence(cls, given: dict[str, Any]) -> str:
        """Return the sentence."""
        typed = ", ".join(f"{name} {kind}" for name, kind in given["column_types"].items())
        return f"Every column has its type: {typed}."
