"""A page that opens the Data Docs: the assets beside them, and nothing else."""

import pytest

from tests.browsing import quiet_page


@pytest.fixture
def page(browser):
    with quiet_page(browser, allowed=("data:", "blob:", "file:")) as made:
        yield made
