"""Workers for the tests of this floor; one of each server serves many tests."""

from collections.abc import Iterator

import pytest

from tests import services, titles
from tests.services import Worker

ENV = {"EVERTICK_TITLES": titles.ALL}


@pytest.fixture(scope="session", params=["daphne", "uvicorn"])
def worker(request: pytest.FixtureRequest) -> Iterator[Worker]:
    """One worker alone, on either server."""
    with services.running_server(request.param, ENV) as running:
        yield running
