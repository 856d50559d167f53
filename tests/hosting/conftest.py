"""What all workers in the process of a test have in common."""

import pytest

from games.hosting import finder, worker


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers wait for each other longer than the busiest machine takes; a test in which something
    never comes says for how long."""
    monkeypatch.setattr(worker, "HAND_OVER_S", 30.0)
    monkeypatch.setattr(worker, "TAKEN_S", 30.0)
    monkeypatch.setattr(finder, "WHERE_WAIT_S", 30.0)
