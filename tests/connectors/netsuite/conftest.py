"""An account for unit tests: TBA credentials, so that no token request is needed, and no real waiting."""

from pathlib import Path

import pytest
import responses

from connectors.netsuite.client import NetsuiteClient
from contract.settings import NetsuiteSettings

HOST = "https://1234567-sb1.suitetalk.api.netsuite.com"
TBA = NetsuiteSettings(consumer_key="ck", consumer_secret="cs", token_id="ti", token_secret="ts")


@pytest.fixture
def mocked():
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def client(tmp_path: Path) -> NetsuiteClient:
    return NetsuiteClient("1234567_SB1", TBA, state_folder=tmp_path, sleep=lambda seconds: None)
