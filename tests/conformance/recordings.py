"""The recorded requests and answers, out of their archive.

A recording is a JSON file with any number of requests in it, kept in a dozen shapes; a pair is a document with its
variables and its answer, wherever in the file they stand.
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Pair:
    """One recorded request and its answer; `document` is empty where the recording kept none."""

    name: str
    document: str
    variables: dict[str, Any]
    answer: dict[str, Any]


def pairs(archive: Path) -> Iterator[Pair]:
    """Yield every pair of an archive once, though a file may hold it twice; answers whose document was not kept come last."""
    for file, content in documents(archive):
        seen: set[str] = set()
        found = [(where, _document(node), _variables(node), _answer(node)) for where, node in _nodes(content, "")]
        for where, document, variables, answer in sorted(found, key=lambda row: not row[1]):
            said = json.dumps(answer, sort_keys=True)
            key = json.dumps([document, variables, said], sort_keys=True) if document else said
            if answer is not None and key not in seen:
                seen.update((key, said))
                yield Pair(f"{file}:{where}".rstrip(":"), document, variables, answer)


def documents(archive: Path) -> Iterator[tuple[str, Any]]:
    """Yield every JSON file of an archive, sorted by name."""
    found = {}
    with tarfile.open(archive) as opened:
        for member in opened:
            stream = opened.extractfile(member) if member.name.endswith(".json") else None
            if stream:
                found[member.name.removesuffix(".json").removeprefix("./").replace(".myshopify.com", "")] = json.load(stream)
    yield from sorted(found.items())


def _nodes(node: Any, where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(node, dict):
        yield where, node
    rows = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in rows:
        yield from _nodes(value, f"{where}.{key}".lstrip("."))


def _document(node: dict[str, Any]) -> str:
    request = node.get("request")
    for holder in (node, request if isinstance(request, dict) else {}):
        for key in ("query", "document", "requestDocument"):
            text = holder.get(key)
            if isinstance(text, str) and "{" in text:
                return text
    return ""


def _variables(node: dict[str, Any]) -> dict[str, Any]:
    request = node.get("request")
    given = node.get("variables") or (request.get("variables") if isinstance(request, dict) else None) or {}
    return given if isinstance(given, dict) else {}


def _answer(node: dict[str, Any]) -> dict[str, Any] | None:
    mutation = node.get("mutation")
    beside = [node.get(key) for key in ("response", "result", "payload")]
    for held in [*beside, mutation.get("response") if isinstance(mutation, dict) else None]:
        for answer in (held, *(held.get(key) for key in ("payload", "body"))) if isinstance(held, dict) else ():
            if isinstance(answer, dict) and ("data" in answer or "errors" in answer):
                return answer
    return None
