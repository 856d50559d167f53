"""`manage.py newgame`: what it writes holds to the rules of this house, and it harms nothing."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from games.catalog import TITLES
from games.catalog.declared import is_title
from games.management.commands import newgame
from games.management.commands.newgame import inside, outside, registered
from tests.services import ROOT

CATALOG = """from typing import Any

from games.catalog.arena.rules import Arena
from games.catalog.declared import declared
from games.catalog.roshambo.rules import Roshambo
from games.sim import Game

TITLES: dict[str, type[Game[Any]]] = {
    game.title: declared(game) for game in (Arena, Roshambo)
}
"""

NAMES = ["zebra", "a", "nim10", "nim2", "nim", "nim_two", "roshambo2", "b_1", "the_northern_star"]


def run(*command: str, cwd: Path = ROOT, path: str = "", stdin: str | None = None) -> str:
    """What a Python program says; it must succeed. ``path`` is where it finds modules besides."""
    env = {**os.environ, "PYTHONPATH": path, "MYPYPATH": path}
    done = subprocess.run(
        [sys.executable, *command], cwd=cwd, env=env, input=stdin, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def check_style(folder: Path, *paths: str) -> None:
    """By this project's own settings."""
    config = ["--no-cache", "--config", str(ROOT / "pyproject.toml"), *paths]
    run("-m", "ruff", "check", *config, cwd=folder)
    run("-m", "ruff", "format", "--check", *config, cwd=folder)


# --- what it writes ------------------------------------------------------------------------------


def test_a_new_title_in_the_tree_passes_the_kit_and_every_check(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    for name in ("games", "gameserver", "lobby", "tests"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("manage.py", "pyproject.toml"):
        shutil.copy(ROOT / name, tree)
    told = run("manage.py", "newgame", "last_stone", cwd=tree)
    assert f"Added it to {tree}" in told
    own = "tests/sim/test_last_stone.py"
    check_style(tree, "games/catalog/last_stone", own, "games/catalog/__init__.py")
    kit = [own, "tests/catalog", "-k", "last_stone"]
    said = run("-m", "pytest", "-q", "-p", "no:cacheprovider", *kit, cwd=tree)
    passed = re.search(r"(\d+) passed", said)
    assert passed
    assert int(passed[1]) > 12, f"the kit was not asked: {said}"


def test_new_titles_elsewhere_pass_every_check_and_their_own_tests(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "new" / "place"
    titles = ["x", "last_stone", "game", "n" * 32]
    for title in titles:
        call_command("newgame", title, into=folder)
        assert f"PYTHONPATH={folder} EVERTICK_TITLES={title}.rules." in capsys.readouterr().out
    written = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
    each = ("__init__.py", "rules.py", "test_rules.py", "client/main.js", "client/icon.svg")
    assert written == {Path(title, name) for title in titles for name in each}
    assert not any("{{" in (folder / path).read_text("utf-8") for path in written)
    check_style(folder, *titles)
    strict = ["--strict", "--config-file=", "--cache-dir=/dev/null", "--follow-imports=silent"]
    run("-m", "mypy", *strict, *titles, cwd=folder, path=str(ROOT))
    quiet = ["-q", "-p", "no:cacheprovider"]
    assert "16 passed" in run("-m", "pytest", *quiet, *titles, cwd=folder, path=str(ROOT))


def test_within_a_package_the_setting_names_it_from_its_root(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONPATH", raising=False)
    package = tmp_path / "mygames" / "small"
    package.mkdir(parents=True)
    for folder in (package, package.parent):
        (folder / "__init__.py").touch()
    call_command("newgame", "last_stone", into=package)
    setting = "EVERTICK_TITLES=mygames.small.last_stone.rules.LastStone make run\n"
    assert f"Now: PYTHONPATH={tmp_path} {setting}" in capsys.readouterr().out
    monkeypatch.syspath_prepend(tmp_path)
    call_command("newgame", "first_stone", into=package)
    assert "Now: EVERTICK_TITLES=mygames." in capsys.readouterr().out


@pytest.mark.parametrize("title", ["game", "take", "state", "options", "none", "exception", "any"])
def test_a_class_takes_no_name_that_means_something_else(title: str) -> None:
    assert inside(title).game == f"{title.capitalize()}Game"


def test_the_change_that_the_guide_makes_can_be_made() -> None:
    """And the new game's own test hears of it."""
    guide = (ROOT / "docs" / "authors.md").read_text("utf-8")
    assert "manage.py newgame last_stone " in guide
    before, after = re.findall(r"^[-+]( {8}return .*)$", guide, re.MULTILINE)
    rules = (newgame.TEMPLATES / "rules.py.tmpl").read_text("utf-8")
    assert rules.count(before) == 1
    assert after not in rules


# --- what it refuses -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "title", ["", "Nim", "2nim", "nim-two", "../nim", "nim.two", "n" * 33, "ñim"]
)
def test_a_name_that_no_title_may_have_is_refused(title: str, tmp_path: Path) -> None:
    assert not is_title(title)
    with pytest.raises(CommandError, match="is no name for a title"):
        call_command("newgame", title, into=tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("title", "said"),
    [
        *[(title, "there is a title") for title in TITLES],
        ("class", "a word of Python's own"),
        ("random", "Python has a module"),
        ("taken", "is there already"),
    ],
)
def test_a_name_that_is_taken_is_refused(title: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(CommandError, match=said) as refused:
        call_command("newgame", title, into=tmp_path)
    assert "\n" not in str(refused.value)
    assert [path.name for path in tmp_path.rglob("*")] == ["taken"]


@pytest.mark.parametrize("title", ["declared", "arena"])
def test_nothing_in_the_tree_is_written_over(title: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(newgame, "TITLES", {})
    with pytest.raises(CommandError, match="is there already"):
        call_command("newgame", title)


def test_a_place_in_the_tree_or_without_a_name_for_python_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="is inside Evertick"):
        call_command("newgame", "last_stone", into=ROOT / "var" / "mine")
    package = tmp_path / "my-games"
    package.mkdir()
    (package / "__init__.py").touch()
    with pytest.raises(CommandError, match="no name that Python could import"):
        outside("last_stone", package)


def test_a_refusal_is_one_line_and_exit_code_1() -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "newgame", "No"], cwd=ROOT, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1


# --- the catalog ---------------------------------------------------------------------------------


def test_titles_are_registered_in_their_order_and_as_ruff_lays_them_out() -> None:
    source = CATALOG
    for title in NAMES:
        after = registered(source, title, inside(title).game)
        assert after is not None
        source = after
        options = ["--no-cache", "--stdin-filename", str(ROOT / "games/catalog/__init__.py"), "-"]
        run("-m", "ruff", "check", *options, stdin=source)
        assert run("-m", "ruff", "format", *options, stdin=source) == source
    listed = source.split("for game in (")[1].split(")")[0]
    assert len(re.findall(r"\w+", listed)) == len(NAMES) + 2


def test_the_catalog_of_this_tree_is_of_the_shape_that_is_known() -> None:
    source = (ROOT / "games" / "catalog" / "__init__.py").read_text("utf-8")
    after = registered(source, "last_stone", "LastStone")
    assert after is not None
    added = set(after.splitlines()) - set(source.splitlines())
    assert "from games.catalog.last_stone.rules import LastStone" in added


def test_registering_again_changes_nothing() -> None:
    once = registered(CATALOG, "nim", "Nim")
    assert once is not None
    assert once != CATALOG
    assert registered(once, "nim", "Nim") == once


@pytest.mark.parametrize(
    "source",
    [
        "",
        "TITLES = {}\n",
        CATALOG.replace("(Arena, Roshambo)", "ALL"),
        CATALOG.replace("declared(game) for", "game for"),
        CATALOG.replace("(Arena, Roshambo)", "(Arena, Nim, Roshambo)"),
        CATALOG.replace(
            "from games.sim", "from games.catalog.nim.rules import Nim\nfrom games.sim"
        ),
    ],
)
def test_a_catalog_of_another_shape_is_left_alone(source: str) -> None:
    assert registered(source, "nim", "Nim") is None


def test_what_cannot_be_registered_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(newgame, "CATALOG", tmp_path / "catalog")
    monkeypatch.setattr(newgame, "TREE", tmp_path)
    (tmp_path / "catalog").mkdir()
    (tmp_path / "catalog" / "__init__.py").write_text("TITLES = {}\n")
    call_command("newgame", "nim")
    told = capsys.readouterr().out
    assert "from games.catalog.nim.rules import Nim\n" in told
    assert "and Nim to TITLES" in told
    assert (tmp_path / "catalog" / "__init__.py").read_text() == "TITLES = {}\n"
    assert (tmp_path / "catalog" / "nim" / "rules.py").is_file()
