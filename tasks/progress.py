"""Progress of a long read, as a Prefect artifact: which read, how many rows so far, and how far that is at most."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.runtime import flow_run

if TYPE_CHECKING:
    from uuid import UUID

_SECONDS_BETWEEN = 2.0
Told = Callable[[str, int], None]


@contextmanager
def progress_of(what: str, most_rows: int) -> Iterator[Told]:
    """Yield what a read calls with its part's name and the rows of that part so far; any thread may.

    Outside a flow run nothing is shown. An artifact is written every two seconds at most: each costs a call.

    Args:
        what: the read, in a word or two; its artifact's key and description.
        most_rows: rows if every place held every item, and often more than there are; 0 where nobody knows, then the
            bar stays at 0 and the text counts.
    """
    if not flow_run.id:
        yield lambda _part, _rows: None
        return
    key = f"progress-{what.lower().replace(' ', '-')}"
    artifact = cast("UUID", create_progress_artifact(0.0, key=key, description=f"Reading {what}."))
    rows_of: dict[str, int] = {}
    lock = threading.Lock()
    last = time.monotonic()

    def tell(part: str, rows: int) -> None:
        nonlocal last
        with lock:
            rows_of[part] = rows
            if time.monotonic() - last < _SECONDS_BETWEEN:
                return
            last = time.monotonic()
            total = sum(rows_of.values())
        share = min(99.0, 100.0 * total / most_rows) if most_rows else 0.0
        update_progress_artifact(artifact, share, description=f"Reading {what}: {total:,} rows so far.")

    yield tell
    update_progress_artifact(artifact, 100.0, description=f"Read {what}: {sum(rows_of.values()):,} rows.")
