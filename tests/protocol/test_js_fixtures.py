"""What the browser SDK is tested with is what the server says today."""

from pathlib import Path

import pytest

from tests.js import make_fixtures

KEPT = Path(make_fixtures.__file__).parent / "fixtures"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All of them, made anew."""
    folder = tmp_path_factory.mktemp("fixtures")
    make_fixtures.main(folder)
    return folder


@pytest.mark.parametrize("name", sorted(path.name for path in KEPT.iterdir()))
def test_the_fixtures_are_as_the_server_makes_them(name: str, made: Path) -> None:
    assert (KEPT / name).read_text("utf-8") == (made / name).read_text("utf-8"), (
        "run `python -m tests.js.make_fixtures`, and `node --test` after it"
    )
