"""What the browser SDK is tested with is what the server says today."""

from pathlib import Path

import pytest

from tests.js import make_fixtures

KEPT = Path(make_fixtures.__file__).parent / "fixtures"


@pytest.mark.parametrize("name", sorted(path.name for path in KEPT.iterdir()))
def test_the_fixtures_are_as_the_codec_and_diff_make_them(name: str, tmp_path: Path) -> None:
    make_fixtures.main(tmp_path)
    assert (KEPT / name).read_text("utf-8") == (tmp_path / name).read_text("utf-8"), (
        "run `python -m tests.js.make_fixtures`, and `node --test` after it"
    )
