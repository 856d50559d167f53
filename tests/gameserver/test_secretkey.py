"""The key that signs sessions and tickets: made once, the same for all, and nobody else's."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from gameserver.secretkey import secret_key


def test_key_is_made_once_and_kept(tmp_path: Path):
    first = secret_key(tmp_path / "var" / "secret_key")
    assert secret_key(tmp_path / "var" / "secret_key") == first
    assert len(first) >= 50


def test_two_installations_have_different_keys(tmp_path: Path):
    assert secret_key(tmp_path / "a") != secret_key(tmp_path / "b")


def test_only_the_owner_may_read_the_file(tmp_path: Path):
    secret_key(tmp_path / "secret_key")
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600


def test_nothing_else_is_left_in_the_folder(tmp_path: Path):
    secret_key(tmp_path / "secret_key")
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_workers_that_start_together_get_the_same_key(tmp_path: Path):
    together = Barrier(16)

    def start(folder: Path) -> str:
        together.wait()
        return secret_key(folder / "secret_key")

    with ThreadPoolExecutor(16) as pool:
        for number in range(20):
            folder = tmp_path / str(number)
            assert len(set(pool.map(start, [folder] * 16))) == 1


def test_key_of_the_operator_is_used_as_it_is(tmp_path: Path):
    (tmp_path / "secret_key").write_text("chosen by hand\n")
    assert secret_key(tmp_path / "secret_key") == "chosen by hand"
