"""Nothing runs here that is known to be broken: the floors in `versions.toml`, and why."""

import re
import shutil
import subprocess
import tomllib
from importlib import metadata

import pytest
import redis
from packaging.requirements import Requirement
from packaging.version import Version

from tests.services import ROOT

FLOORS = tomllib.loads((ROOT / "tests" / "versions.toml").read_text("utf-8"))
PINNED = {
    requirement.name.lower(): requirement
    for line in (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    if re.match(r"\w", line)
    for requirement in [Requirement(line)]
}


def is_below(version: str, floor: dict[str, str]) -> bool:
    return Version(version) < Version(floor["at_least"])


def installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


@pytest.mark.parametrize("name", FLOORS["packages"])
def test_installed_version_is_not_below_its_floor(name: str):
    floor = FLOORS["packages"][name]
    version = installed(name)
    if version is None:
        assert floor.get("optional"), f"{name} is not installed"
        return
    assert not is_below(version, floor), f"{name} {version}: {floor['why']}"


@pytest.mark.parametrize(
    "name", [name for name, floor in FLOORS["packages"].items() if not floor.get("optional")]
)
def test_pinned_version_is_what_is_installed(name: str):
    assert PINNED[name].specifier.contains(installed(name) or "0"), f"run: make test ({name})"


def test_every_floor_says_why():
    for floor in [*FLOORS["packages"].values(), *FLOORS["servers"].values()]:
        assert floor["why"]


def test_version_below_a_floor_is_noticed():
    assert is_below("5.2.18", FLOORS["packages"]["django"])
    assert not is_below("5.2.19", FLOORS["packages"]["django"])


def test_requirements_are_pinned_to_one_version_each():
    for name, requirement in PINNED.items():
        assert re.fullmatch(r"==[\w.]+", str(requirement.specifier)), name


def test_redis_in_use_is_not_below_its_floor(redis_url: str):
    with redis.Redis.from_url(redis_url) as client:
        info = client.info("server")
    kind = "valkey" if "valkey_version" in info else "redis"
    floor = FLOORS["servers"][kind]
    assert not is_below(info[f"{kind}_version"], floor), floor["why"]


def test_redis_of_debian_has_its_security_updates():
    """Debian mends under the same upstream number; where its package is, its revision counts."""
    floor = FLOORS["servers"]["redis"]
    if version := debian_version("redis-server"):
        done = subprocess.run(["dpkg", "--compare-versions", version, "ge", floor["debian"]])
        assert done.returncode == 0, f"redis-server {version}: {floor['why']}"


def debian_version(package: str) -> str:
    if not shutil.which("dpkg-query"):
        return ""
    done = subprocess.run(
        ["dpkg-query", "--show", "--showformat=${Version}", package], capture_output=True, text=True
    )
    return done.stdout if done.returncode == 0 else ""
