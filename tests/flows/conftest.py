"""A Prefect server and a process worker of the tests' own, with the project's deployments, against a small world.

One of each for a worker of pytest-xdist: `make test` gives a file to one worker as a whole.
"""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from contract.settings import child_environment
from sandbox.server import Sandbox
from tests.worlds.running import small_world_in

ROOT = Path(__file__).parents[2]
_ENDED = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


@dataclass
class Prefect:
    """A running Prefect server with the project's deployments, and the sandbox that their runs work on."""

    api: str
    world: Sandbox
    folder: Path
    environment: Mapping[str, str]
    cron_runs: Sequence[Mapping[str, Any]] = ()

    def ask(self, path: str, **body: Any) -> Any:
        """POST to the server's API; busy with its database it says 503, which Prefect's own client repeats too."""

        def answered() -> requests.Response | None:
            answer = requests.post(f"{self.api}{path}", json=body, timeout=60)
            return answer if answer.status_code != 503 else None

        answer = until(answered, f"an answer to {path}")
        assert answer.ok, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    def deployments(self) -> dict[str, dict[str, Any]]:
        """Return the deployments by name."""
        return {row["name"]: row for row in self.ask("/deployments/filter")}

    def start(self, deployment: str, **parameters: Any) -> str:
        """Start a run as a person does, with nothing but what is said here; return its id."""
        given = {"parameters": {"parameters": parameters}} if parameters else {}
        found = self.deployments()[deployment]
        return str(self.ask(f"/deployments/{found['id']}/create_flow_run", state={"type": "SCHEDULED"}, **given)["id"])

    def ended(self, run_id: str) -> dict[str, Any]:
        """Return a run when it has ended."""

        def ask() -> dict[str, Any] | None:
            row: dict[str, Any] = requests.get(f"{self.api}/flow_runs/{run_id}", timeout=60).json()
            return row if row["state"]["type"] in _ENDED else None

        return until(ask, f"the end of run {run_id}; {self.tail('worker')}")

    def artifacts(self, run_id: str) -> dict[str, dict[str, Any]]:
        """Return a run's artifacts by key."""
        rows = self.ask("/artifacts/filter", artifacts={"flow_run_id": {"any_": [run_id]}}, limit=200)
        return {row["key"]: row for row in rows}

    def tail(self, log: str) -> str:
        """Return the end of a log."""
        return (self.folder / f"{log}.log").read_text()[-3000:]


def until(ask: Callable[[], Any], what: str, seconds: float = 150) -> Any:
    """Return the first answer that is one."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = ask()
        if found:
            return found
        time.sleep(0.5)
    pytest.fail(f"waited {seconds:.0f} s in vain for {what}")


@pytest.fixture(scope="session")
def prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prefect]:
    """The project deployed as the README says, to a server that knows nothing else; the schedules are active, no worker is."""
    folder = tmp_path_factory.mktemp("prefect")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    api = f"http://127.0.0.1:{port}/api"
    with ExitStack() as stack:
        world, points_at_it = stack.enter_context(small_world_in(folder))
        others = {name: value for name, value in child_environment({}).items() if not name.startswith(("PREFECT_", "TRUECOUNT_"))}
        environment = (
            others
            | points_at_it
            | {
                "PREFECT_HOME": str(folder / "home"),
                "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
                "PREFECT_WORKER_QUERY_SECONDS": "1",
                "DO_NOT_TRACK": "1",
                "TRUECOUNT_HOME": str(ROOT),
                "PYTHONPATH": str(ROOT),
            }
        )
        server = ["server", "start", "--host", "127.0.0.1", "--port", str(port)]
        stack.enter_context(_running(server, environment, folder / "server.log"))
        environment["PREFECT_API_URL"] = api
        until(lambda: _is_healthy(api), "the Prefect server")
        for command in (["work-pool", "create", "truecount", "--type", "process"], ["--no-prompt", "deploy", "--all"]):
            done = subprocess.run(_command(command), env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
        found = Prefect(api, world, folder, environment)
        found.cron_runs = until(lambda: _cron_runs(found), "runs scheduled by cron, of every deployment that has a schedule")
        yield found


@pytest.fixture(scope="session")
def worker(prefect: Prefect) -> Iterator[Prefect]:
    """The same with a process worker; the schedules are paused, so that no run comes between those that a test starts."""
    for row in prefect.deployments().values():
        assert requests.post(f"{prefect.api}/deployments/{row['id']}/pause_deployment", timeout=60).ok
    with _running(["worker", "start", "--pool", "truecount"], prefect.environment, prefect.folder / "worker.log"):
        yield prefect


def _cron_runs(prefect: Prefect) -> list[dict[str, Any]]:
    rows = [row for row in prefect.ask("/flow_runs/filter", sort="EXPECTED_START_TIME_ASC") if row["auto_scheduled"]]
    wanted = {row["id"] for row in prefect.deployments().values() if row["schedules"]}
    return rows if wanted and {row["deployment_id"] for row in rows} == wanted else []


def _command(arguments: list[str]) -> list[str]:
    return [sys.executable, "-m", "prefect", *arguments]


@contextmanager
def _running(arguments: list[str], environment: Mapping[str, str], log: Path) -> Iterator[None]:
    with (
        log.open("w") as told,
        subprocess.Popen(_command(arguments), env=environment, cwd=ROOT, stdout=told, stderr=told) as process,
    ):
        try:
            yield
        finally:
            for _ in range(10):
                # A worker takes the first signal for a wish to finish what it runs, and the second for an order.
                process.terminate()
                try:
                    process.wait(timeout=3)
                    break
                except subprocess.TimeoutExpired:
                    continue
            else:
                process.kill()


def _is_healthy(api: str) -> bool:
    try:
        return requests.get(f"{api}/health", timeout=2).ok
    except requests.RequestException:
        return False
