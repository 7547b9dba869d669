"""Channel feeds: a whole file at once, with a manifest, by a path or an fsspec URL."""

from __future__ import annotations

import hashlib
import json
import uuid
from datetime import UTC, datetime
from typing import Literal

import fsspec
import pandas as pd

from contract.errors import FatalError, RetriableError


def write_feed(url: str, rows: pd.DataFrame, *, run_id: str, format: Literal["csv", "json"]) -> dict[str, object]:  # noqa: A002
    """Write a feed, whole or not at all, and its manifest after it.

    The file is written under another name and then moved; on a file system without a move (object stores) the write
    itself is atomic. The manifest is `<url>.manifest.json`: a reader that compares its sha256 never takes half a pair.

    Args:
        url: a path, or an fsspec URL.
        rows: sku and publish_qty.
        run_id: the run, for the manifest.
        format: csv or json.

    Returns:
        The manifest: rows, sha256, run_id, written_at_utc, url.

    Raises:
        RetriableError: the place cannot be written now.
        FatalError: nothing here can write to such a URL.
    """
    text = rows.to_csv(index=False) if format == "csv" else rows.to_json(orient="records")
    body = text.encode()
    manifest: dict[str, object] = {
        "url": url,
        "rows": len(rows),
        "sha256": hashlib.sha256(body).hexdigest(),
        "run_id": run_id,
        "written_at_utc": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    try:
        _put(url, body)
        _put(f"{url}.manifest.json", json.dumps(manifest, indent=1).encode())
    except OSError as error:
        raise RetriableError(f"feed {url}: cannot be written ({error}); check the channel's url in the contract") from error
    return manifest


def _put(url: str, body: bytes) -> None:
    try:
        system, path = fsspec.core.url_to_fs(url)
    except (ValueError, ImportError) as error:
        raise FatalError(f"feed {url}: no way to write there ({error}); check the channel's url in the contract") from error
    system.makedirs(system._parent(path), exist_ok=True)
    if "file" not in system.protocol:
        system.pipe_file(path, body)
        return
    draft = f"{path}.{uuid.uuid4().hex[:8]}.part"
    try:
        system.pipe_file(draft, body)
        system.mv(draft, path)
    finally:
        if system.exists(draft):
            system.rm_file(draft)
