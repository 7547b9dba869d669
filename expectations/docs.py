"""Suites kept and run in a file context, and Data Docs that open without a network.

<folder>/great_expectations   the context: suites, validation definitions and results as JSON
<folder>/data_docs            the site; index.html lists every run that is kept
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from expectations.engine import SHAPE, Law, Suite, as_result, expectation, great_expectations, silence
from expectations.result import CheckResult

SITE = "local_site"
_ASSETS = "assets"
_REMOTE = re.compile(r"""<(script|link)\b[^>]*?(?:src|href)=["']https?://[^"']*?/([^/"'@]+?)["'][^>]*>(</script>)?""")
_OTHER = re.compile(r"""<(?:img|script|iframe)\b[^>]*src=["']https?://[^>]*>(?:</(?:script|iframe)>)?""")
_MODAL = re.compile(r"<script>\s*try \{\s*if \(localStorage.*?</script>", re.DOTALL)
_ADVERTS = re.compile(r"<footer\b.*?</footer>", re.DOTALL)
_ICON = re.compile(r'<link rel="shortcut icon"[^>]*>')  # its path is wrong in every page but the first


@dataclass(frozen=True)
class Validated:
    """What came of a run's suites: every result, with the suite's name, and the site's first page."""

    results: list[tuple[str, CheckResult]]
    page: Path


def validate(suites: Sequence[Suite], folder: Path, run_id: str, at: datetime, *, keep_days: int) -> Validated:
    """Run suites, keep their results, and build the Data Docs anew. Bad data never raises.

    Args:
        suites: the laws with their frames.
        folder: where context and site live.
        run_id: names the run in the site.
        at: the run's instant; results older than `keep_days` are removed.
        keep_days: how long results are kept.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with great_expectations() as gx:
        context = gx.get_context(mode="file", project_root_dir=folder / "great_expectations")
        silence(context)
        _configure(context, folder / "data_docs")
        _prune(folder, at - timedelta(days=keep_days))
        run = gx.RunIdentifier(run_name=run_id, run_time=at)
        results = [one for suite in suites for one in _run(gx, context, suite, run)]
        context.build_data_docs(resource_identifiers=_pages_of(context, run_id))
    _make_offline(folder / "data_docs")
    return Validated(results, folder / "data_docs" / "index.html")


def _configure(context: Any, site: Path) -> None:
    store = {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(site)}
    config = {"class_name": "SiteBuilder", "store_backend": store, "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"}}
    config["show_how_to_buttons"] = False  # type: ignore[assignment]
    if SITE in context.variables.data_docs_sites:
        context.update_data_docs_site(SITE, config)
    else:
        context.add_data_docs_site(SITE, config)


def _run(gx: Any, context: Any, suite: Suite, run: Any) -> list[tuple[str, CheckResult]]:
    names = {source.name for source in context.data_sources.all().values()}
    source = context.data_sources.get("frames") if "frames" in names else context.data_sources.add_pandas("frames")
    known = {asset.name for asset in source.assets}
    asset = source.get_asset(suite.name) if suite.name in known else source.add_dataframe_asset(suite.name)
    batches = {batch.name for batch in asset.batch_definitions}
    batch = asset.get_batch_definition("whole") if "whole" in batches else asset.add_batch_definition_whole_dataframe("whole")
    made = [expectation(gx, law)(**law.given, notes=law.told, meta={"law": law.name}) for law in suite.laws]
    kept = context.suites.add_or_update(gx.ExpectationSuite(name=suite.name, expectations=made))
    definition = gx.ValidationDefinition(name=suite.name, data=batch, suite=kept)
    definition = context.validation_definitions.add_or_update(definition)
    outcome = definition.run(batch_parameters={"dataframe": suite.labelled}, result_format=SHAPE, run_id=run)
    by_name: dict[str, Law] = {law.name: law for law in suite.laws}
    return [(suite.name, as_result(by_name[one.expectation_config.meta["law"]], suite.severity, one)) for one in outcome.results]


def _pages_of(context: Any, run_id: str) -> list[Any]:
    """Return what to build: this run's results and the suites. The pages of earlier runs stand, and the index lists all."""
    results = [key for key in context.validation_results_store.list_keys() if key.run_id.run_name == run_id]
    return [*results, *(key.expectation_suite_identifier for key in results)]


def _prune(folder: Path, oldest: datetime) -> None:
    """Remove the results and pages of runs before an instant; a run's id begins with its start."""
    limit = f"{oldest:%Y%m%dT%H%M%S}"
    for path in [*folder.glob("great_expectations/gx/uncommitted/validations/*/*"), *folder.glob("data_docs/validations/*/*")]:
        if path.is_dir() and re.match(r"\d{8}T\d{6}", path.name) and path.name < limit:
            shutil.rmtree(path)


def _make_offline(site: Path) -> None:
    """Point every page at the assets beside it, and take out whatever else would ask a network."""
    vendor = Path(__file__).parent / "vendor"
    for kind in ("css", "js", "webfonts"):
        shutil.copytree(vendor / kind, site / _ASSETS / kind, dirs_exist_ok=True)
    there = {path.name for path in vendor.glob("*/*")}
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        up = "../" * (len(page.relative_to(site).parts) - 1)
        page.write_text(offline(text, up, there), encoding="utf-8")


def offline(text: str, up: str, there: set[str]) -> str:
    """Return a page that asks no network.

    Args:
        text: the page as built.
        up: the way from its folder to the site's.
        there: names of the vendored files.

    >>> offline('<script src="https://x.y/jquery-3.7.1.min.js" integrity="z"></script>', "../", {"jquery.min.js"})
    '<script src="../assets/js/jquery.min.js"></script>'
    >>> offline('<script src="https://x.y/vega@5"></script>', "", set())
    ''
    """

    def local(found: re.Match[str]) -> str:
        name = re.sub(r"-\d+(\.\d+)+", "", found[2]).replace("filter-control.css", "filter-control.min.css")
        if name not in there:
            return ""
        if found[1] == "script":
            return f'<script src="{up}{_ASSETS}/js/{name}"></script>'
        return f'<link rel="stylesheet" href="{up}{_ASSETS}/css/{name}">'

    kept = _ICON.sub("", _ADVERTS.sub("", _MODAL.sub("", text)))
    kept = re.sub(r"""<script\b[^>]*src=["']https?://[^"']*/vega[^"']*["'][^>]*></script>""", "", kept)
    return _OTHER.sub("", _REMOTE.sub(local, kept))
