"""What all floors share: which database, which servers, in what order, and what a failure shows.

- ``--database=postgres`` runs Django's tests on PostgreSQL; SQLite otherwise.
- Tests never touch this machine's own installation: ``var`` is a temporary folder, and addresses in
  the environment are used by the fixtures that ask for them only.
- Floors run quickest first; within a floor the order is pytest-randomly's. Where several processes
  share them, slowest first: at the end there are small pieces to share, and nobody waits for one
  that is long.
- On PostgreSQL only tests that ask the database run: the others show nothing there that they did
  not show on SQLite.
"""

import os
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import django
import hypothesis
import pytest
from pytest_django import DjangoDbBlocker

from tests import browser, services

FLOORS = (
    "sim",
    "protocol",
    "rooms",
    "catalog",
    "matching",
    "client",
    "hosting",
    "simulation",
    "games",
    "lobby",
    "gameserver",
    "integration",
    "e2e",
)
"""Quickest first; a folder that is not named here comes before the last two."""

PURE = FLOORS[:5]

HERE = Path(__file__).resolve().parent

BROWSER = os.environ.get("BROWSER", "1") != "0"

collect_ignore = [] if BROWSER else ["e2e"]


hypothesis.settings.register_profile(
    "evertick",
    # A run of the suite draws the same examples as the one before it, and what it fails of is what
    # was changed; `HYPOTHESIS_DRAWS=1` looks for more.
    derandomize=os.environ.get("HYPOTHESIS_DRAWS", "0") == "0",
    # How long an example takes says more about the machine than about what is tested.
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("evertick")

STACK = ExitStack()
"""What lives as long as the whole run."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds ``--database``, and sets Django up with it: conftests further down may import models."""
    parser.addoption(
        "--database",
        choices=["sqlite", "postgres"],
        default="sqlite",
        help="what Django's tests run on; PostgreSQL is DATABASE_URL's, else one started for them",
    )
    options = parser.parse_known_args(sys.argv[1:])
    if options.file_or_dir and all(_is_pure(name) for name in options.file_or_dir):
        return
    var = tempfile.TemporaryDirectory(prefix="evertick-tests-", ignore_cleanup_errors=True)
    for name in ("REDIS_URL", "DATABASE_URL", "ORIGINS", "SECURE", "DEBUG", "EVERTICK_TITLES"):
        os.environ.pop(name, None)
    os.environ["EVERTICK_VAR"] = STACK.enter_context(var)
    if options.database == "postgres":
        os.environ["DATABASE_URL"] = STACK.enter_context(services.postgres_url())
    os.environ["DJANGO_SETTINGS_MODULE"] = "gameserver.settings"
    django.setup()


def _is_pure(name: str) -> bool:
    """Whether a path on the command line is of a floor that needs no Django."""
    path = Path(name.partition("::")[0]).resolve()
    return any(path.is_relative_to(HERE / floor) for floor in PURE)


def pytest_unconfigure() -> None:
    STACK.close()


def pytest_report_header(config: pytest.Config) -> list[str]:
    lines = [f"database: {config.getoption('database')}"]
    if not BROWSER:
        lines.append("BROWSER=0: the browser tests are left out")
    return lines


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    shared = hasattr(config, "workerinput")
    items.sort(key=lambda item: _floor(item.path), reverse=shared)
    if config.getoption("database") == "postgres":
        others = [item for item in items if not _asks_the_database(item)]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if _asks_the_database(item)]


def _asks_the_database(item: pytest.Item) -> bool:
    fixtures = getattr(item, "fixturenames", ())
    return item.get_closest_marker("django_db") is not None or not {
        "db",
        "transactional_db",
    }.isdisjoint(fixtures)


def _floor(path: Path) -> float:
    folder = path.relative_to(HERE).parts[0]
    return FLOORS.index(folder) if folder in FLOORS else len(FLOORS) - 2.5


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Shows with a failed test what the workers said that lived while it ran."""
    report = yield
    if report.failed:
        report.sections += [
            (f"log of {worker!r}", worker.log()[-20_000:]) for worker in services.RUNNING
        ]
    return report


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """One of its own for each process. SQLite in a file, as a worker has it: in memory, threads
    would lock each other out of it."""
    from django.conf import settings

    database = settings.DATABASES["default"]
    if database["ENGINE"] == "django.db.backends.sqlite3":
        name = str(tmp_path_factory.mktemp("database") / "test.sqlite3")
    else:
        name = f"test_{database['NAME']}_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
    database.setdefault("TEST", {})["NAME"] = name


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Ends what threads left open at the end; PostgreSQL drops no database that is in use."""
    yield
    from django.db import connection

    if connection.vendor == "postgresql":
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A Redis that is really there."""
    with services.redis_url() as url:
        yield url


@pytest.fixture(scope="session")
def cluster() -> Iterator[services.Clustered]:
    """Nodes that share the keys of the room store; who breaks them starts some of his own."""
    with services.running_cluster() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL that is really there, for workers; the tests' own is ``--database``."""
    with services.postgres_url() as url:
        yield url


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium."""
    path = browser.chromium()
    if path is None:
        pytest.fail("no Chromium: run `python -m tests.browser`, or leave it out with BROWSER=0")
    return path


@pytest.fixture(scope="session")
def running_server() -> Callable[..., AbstractContextManager[services.Worker]]:
    """``with running_server(server="uvicorn") as worker``; see ``services.running_server``."""
    return services.running_server
