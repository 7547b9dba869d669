"""A small world served over real HTTP, and the environment that points a run at it."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sandbox.server import Sandbox
from sandbox.worlds import accounts
from sandbox.worlds.small import small_world

World = Callable[[datetime, str], dict[str, Any]]
CONTRACT = Path(__file__).parent / "small_contract.yaml"


@contextmanager
def small_world_in(folder: Path, world: World = small_world) -> Iterator[tuple[Sandbox, dict[str, str]]]:
    """Serve the small world (or one made of it), its contract in `folder/contract`; yield it with the environment of a run."""
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (folder / "key.pem").write_bytes(pem)
    (folder / "contract").mkdir()
    shutil.copy(CONTRACT, folder / "contract" / "contract.yaml")
    seed = world(datetime.now(UTC), public.decode()) | {"clock": None}
    with Sandbox.start(folder / "sandbox", seed) as running:
        environment = accounts.environment(list(running.urls["shopify"])) | {
            "TRUECOUNT_CONTRACT": str(folder / "contract" / "contract.yaml"),
            "TRUECOUNT_NETSUITE_BASE_URL": running.urls["netsuite"],
            "TRUECOUNT_NETSUITE_PRIVATE_KEY_FILE": str(folder / "key.pem"),
        }
        environment |= {f"TRUECOUNT_SHOPIFY_{code}_BASE_URL": url for code, url in running.urls["shopify"].items()}
        running.seed = seed
        yield running, environment
