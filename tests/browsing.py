"""The browser of the tests: Debian's Chromium, which `make test` installs where it is missing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, Request, sync_playwright


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium that lives as long as the session."""
    with sync_playwright() as playwright:
        # Containers run as root, where Chromium's sandbox does not start.
        opened = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield opened
        opened.close()


@contextmanager
def quiet_page(browser: Browser, *, allowed: tuple[str, ...] = ("data:", "blob:")) -> Iterator[Page]:
    """Yield a page 1280 wide; what it loads beside the allowed, says on the console, or fails at is refused at the end."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    made = context.new_page()
    said: list[str] = []

    def asked(request: Request) -> None:
        if not request.is_navigation_request() and not request.url.startswith(allowed):
            said.append(f"loads: {request.url}")

    made.on("console", lambda message: said.append(f"console: {message.text}"))
    made.on("pageerror", lambda error: said.append(f"error: {error}"))
    made.on("request", asked)
    yield made
    context.close()
    assert said == []
