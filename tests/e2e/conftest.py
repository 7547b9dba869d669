"""A small world over real HTTP, and the environment that points a run at it."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sandbox.server import Sandbox
from sandbox.worlds import accounts
from sandbox.worlds.small import small_world

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
