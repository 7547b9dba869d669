"""The sample report, and a browser that opens it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from reports.write import write_index, write_report
from tests.browsing import quiet_page
from tests.reports.sample import sample_report


@pytest.fixture(scope="session")
def sample_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample report's page, beside its files and below an index."""
    folder = tmp_path_factory.mktemp("reports")
    page = write_report(sample_report(), folder)
    write_index(folder)
    return page


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that may load nothing beside itself."""
    with quiet_page(browser) as made:
        yield made
