"""A small world over real HTTP, and the environment that points a run at it."""

import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from flows import command_line
from flows.wiring import open_context
from sandbox.server import Sandbox
from sandbox.worlds import accounts
from sandbox.worlds.small import small_world
from tasks.compute import compute_numbers
from tasks.record_run import begin_run, keep_snapshot, load_state
from tests.e2e.steps import read

CONTRACT = Path(__file__).parent.parent / "worlds" / "small_contract.yaml"


@pytest.fixture
def world(tmp_path, monkeypatch):
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "key.pem").write_bytes(pem)
    (tmp_path / "contract").mkdir()
    shutil.copy(CONTRACT, tmp_path / "contract" / "contract.yaml")
    seed = small_world(datetime.now(UTC), public.decode()) | {"clock": None}
    with Sandbox.start(tmp_path / "sandbox", seed) as running:
        names = accounts.environment(list(running.urls["shopify"])) | {
            "TRUECOUNT_CONTRACT": str(tmp_path / "contract" / "contract.yaml"),
            "TRUECOUNT_NETSUITE_BASE_URL": running.urls["netsuite"],
            "TRUECOUNT_NETSUITE_PRIVATE_KEY_FILE": str(tmp_path / "key.pem"),
        }
        names |= {f"TRUECOUNT_SHOPIFY_{code}_BASE_URL": url for code, url in running.urls["shopify"].items()}
        for name, value in names.items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("TRUECOUNT_DATABASE_URL", raising=False)
        running.seed = seed
        yield running


@pytest.fixture
def run(monkeypatch, capsys):
    def once(*arguments):
        monkeypatch.setattr(sys, "argv", ["truecount", *arguments])
        with pytest.raises(SystemExit) as ended:
            command_line.main()
        told = capsys.readouterr()
        return ended.value.code or 0, told.out, told.err

    return once


@pytest.fixture
def finished_run(world):
    with open_context() as context:
        run_id = begin_run(context, "publish-inventory", {})
        numbers = compute_numbers.fn(context, run_id, read(context, run_id), load_state(context))
        keep_snapshot.fn(context, run_id, numbers)
        return run_id
