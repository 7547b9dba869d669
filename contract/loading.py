"""Loading: the contract file into its models, every problem at once with its line.

A contract is versioned by its fingerprint: the SHA-256 of its meaning (not of its comments or its order of keys).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from contract.consistency import find_inconsistencies
from contract.errors import ContractError, Problem
from contract.models import Contract


@dataclass(frozen=True)
class LoadedContract:
    """A contract with where it came from, its text, and its fingerprint."""

    contract: Contract
    path: Path
    text: str
    fingerprint: str

    def resolve(self, location: str) -> str:
        """Return a path of the contract as an absolute one; URLs stay as they are.

        Args:
            location: a path, relative to the contract's own folder, or an fsspec URL.

        Returns:
            The absolute path or the URL.
        """
        return location if "://" in location else str((self.path.parent / location).resolve())

    @property
    def state_folder(self) -> Path:
        """Where snapshots, budgets and the default database live."""
        return Path(self.resolve(self.contract.state_folder))


def load_contract(path: Path) -> LoadedContract:
    """Return the contract of a file.

    Args:
        path: the YAML file.

    Returns:
        The contract, checked as a whole.

    Raises:
        ContractError: the file cannot be read or anything in it is wrong; lists every problem.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        problem = Problem(0, "file", f"cannot be read ({error}); set TRUECOUNT_CONTRACT to the contract's path")
        raise ContractError(str(path), [problem]) from error
    return parse_contract(text, path)


def parse_contract(text: str, path: Path) -> LoadedContract:
    """Return the contract of a text (see `load_contract`)."""
    document = _parse_yaml(text, path)
    try:
        contract = Contract.model_validate(_plain(document))
    except ValidationError as error:
        problems = [_problem(document, tuple(item["loc"]), item) for item in error.errors(include_url=False)]
        raise ContractError(str(path), sorted(problems, key=lambda problem: problem.line)) from None
    found = find_inconsistencies(contract)
    if found:
        problems = [Problem(_line_of(document, place), _dotted(place), message) for place, message in found]
        raise ContractError(str(path), sorted(problems, key=lambda problem: problem.line))
    return LoadedContract(contract, path.resolve(), text, fingerprint(contract))


def fingerprint(contract: Contract) -> str:
    """Return the contract's version: 12 hex digits of the SHA-256 of its canonical JSON."""
    canonical = json.dumps(contract.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]


def _parse_yaml(text: str, path: Path) -> Any:
    try:
        document = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise ContractError(str(path), [Problem(line, "file", f"is not valid YAML: {error.problem}")]) from error
    except YAMLError as error:
        raise ContractError(str(path), [Problem(0, "file", f"is not valid YAML: {error}")]) from error
    if not isinstance(document, CommentedMap):
        raise ContractError(str(path), [Problem(1, "file", "must be a mapping with the keys of docs/generated/contract.md")])
    return document


def _plain(node: Any) -> Any:
    if isinstance(node, CommentedMap):
        return {str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, CommentedSeq):
        return [_plain(value) for value in node]
    # ruamel's scalar types carry style and anchors; pydantic wants the plain values.
    for plain in (bool, int, str):
        if isinstance(node, plain):
            return plain(node)
    return str(node) if isinstance(node, float) else node


def _problem(document: Any, place: tuple[Any, ...], item: Any) -> Problem:
    value = item["input"]
    shown = f" (got {value!r})" if item["type"] != "missing" and isinstance(value, str | int | float) else ""
    message = "is not a key of the contract; remove it or mend its spelling" if item["type"] == "extra_forbidden" else item["msg"]
    return Problem(_line_of(document, place), _dotted(place), message + shown)


def _line_of(document: Any, place: tuple[Any, ...]) -> int:
    node, line = document, 1
    for step in place:
        if not (isinstance(node, CommentedMap | CommentedSeq) and (step in node if isinstance(node, CommentedMap) else True)):
            break
        position = node.lc.key(step) if isinstance(node, CommentedMap) else node.lc.item(step)
        line, node = position[0] + 1, node[step]
    return line


def _dotted(place: tuple[Any, ...]) -> str:
    return ".".join(str(step) for step in place) or "file"
