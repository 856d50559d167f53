"""A title's browser client is served from beside its rules, and nothing else is."""

import sys
from pathlib import Path
from types import ModuleType

import pytest

from games.catalog import TITLES
from games.sim import Game
from gameserver.staticfiles import TitleFinder, client_folder


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A title outside this tree, with a client; the folder of its client."""
    rules = tmp_path / "tag" / "rules.py"
    client = rules.parent / "client"
    client.mkdir(parents=True)
    rules.write_text("")
    (client / "main.js").write_text("export function mount() {}\n")
    (client / "art").mkdir()
    (client / "art" / "tile.svg").write_text("<svg/>")
    (client / ".secret").write_text("no")
    (tmp_path / "tag" / "beside.js").write_text("no")
    module = ModuleType("outside_tag_rules")
    module.__file__ = str(rules)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    game = type("Tag", (Game,), {"title": "tag", "__module__": module.__name__})
    monkeypatch.setitem(TITLES, "tag", game)
    return client


def test_file_of_a_title_outside_the_tree_is_found(outside: Path):
    assert TitleFinder().find("titles/tag/main.js") == str(outside / "main.js")
    assert TitleFinder().find("titles/tag/art/tile.svg") == str(outside / "art" / "tile.svg")


def test_all_matches_come_as_a_list(outside: Path):
    assert TitleFinder().find("titles/tag/main.js", find_all=True) == [str(outside / "main.js")]


@pytest.mark.parametrize(
    "path",
    [
        "titles/tag/../beside.js",
        "titles/tag/../rules.py",
        "titles/tag/../../../../../../../etc/passwd",
        "titles/tag//etc/passwd",
        "titles/tag/art",
        "titles/tag/",
        "titles/tag",
        "titles/",
        "",
        "titles/nobody/main.js",
        "titles/tag/missing.js",
        "titles/tag/\0",
        "tag/main.js",
    ],
)
def test_nothing_else_is_found(outside: Path, path: str):
    assert TitleFinder().find(path) == []
    assert TitleFinder().find(path, find_all=True) == []


def test_list_names_each_file_under_its_title_but_no_hidden_one(outside: Path):
    listed = {
        f"{storage.prefix}/{name}": storage.path(name) for name, storage in TitleFinder().list(None)
    }
    of_tag = {name for name in listed if name.startswith("titles/tag/")}
    assert of_tag == {"titles/tag/main.js", "titles/tag/art/tile.svg"}
    assert listed["titles/tag/main.js"] == str(outside / "main.js")


def test_title_without_a_client_or_a_file_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    typed = type("Typed", (Game,), {"title": "typed", "__module__": "__console__"})
    monkeypatch.setitem(TITLES, "typed", typed)
    assert client_folder(typed) is None
    assert TitleFinder().find("titles/typed/main.js") == []
    assert "titles/typed" not in {storage.prefix for _, storage in TitleFinder().list(None)}


@pytest.mark.parametrize("title", TITLES)
def test_every_registered_title_has_a_client(title: str):
    assert TitleFinder().find(f"titles/{title}/main.js"), f"{title} has no client/main.js"
