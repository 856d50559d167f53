"""How a worker is served: what must be there before, and the two ASGI servers it runs on.

Rules of this file:
- Nothing starts half: a missing database, migration, Redis or port is one line and exit code 1.
- Both servers behave alike towards a browser: same size limit, same pings, and at the end the
  rooms speak to their players (``asgi.shutdown``) while the sockets are still open.
- A peer that does not read is let go of. ASGI has no word for that, so sockets find a way to cut
  their line in the scope's extensions (``evertick.cut``); one whose application has ended is cut
  after ``CLOSE_WAIT_S``, since a closing handshake and buffers wait for the peer.
- The servers' private parts are touched nowhere but here, in ``lane.py``, ``daphne_lane.py``
  and ``companions.py``.
"""

import asyncio
import errno
import gc
import logging
import signal
import socket
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import psycopg
import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from games import limits
from games.hosting.ledger import LedgerError, LedgerInUse
from games.hosting.roles import Role
from gameserver.sentinel import PrimaryPool, is_sentinel

logger = logging.getLogger(__name__)

ServerName = Literal["daphne", "uvicorn"]

SOCKET_BYTES_MAX = 4 * limits.FRAME_BYTES_MAX
"""Bytes of one WebSocket message that a server takes in at all; beyond it closes with 1009. Above
``FRAME_BYTES_MAX``, so that what is only somewhat too large gets our own coded answer."""

PING_EVERY_S = 5
PING_WAIT_S = 5
"""Seconds between two pings of a socket, and until an unanswered one closes it: a player whose line
was cut is seen as away within ten."""

FAREWELL_S_MAX = 4.0
"""Seconds in which players are told and rooms released at the end; Ctrl-C must end within five. How
long sockets are given to move, and rooms to end that nobody else can run, comes on top."""

REDIS_WAIT_S = 3.0
DATABASE_WAIT_S = 3
"""Seconds for each to answer at start."""


class CannotServe(Exception):
    """Something that a worker needs is missing; the text says what, and what to do."""


def check_answers() -> None:
    """The database and, where one is named, Redis answer.

    Raises:
        CannotServe: names the first that does not.
    """
    _check_database()
    _check_redis()


def check_role() -> None:
    """A worker that only runs rooms, or only keeps sockets, has others beside it.

    Raises:
        CannotServe: it is alone.
    """
    role = settings.EVERTICK["ROLE"]
    if role not in list(Role):
        raise CannotServe(f"ROLE is {role!r}; it can be {', '.join(Role)}")
    if role != Role.ALL and not settings.EVERTICK["REDIS_URL"]:
        raise CannotServe(f"a {role} needs other workers beside it: set REDIS_URL")


def check_migrated() -> None:
    """The database has the tables that this version expects.

    Raises:
        CannotServe: says how many steps are missing.
    """
    executor = MigrationExecutor(connection)
    missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    connection.close()
    if missing:
        what = "1 migration is" if missing == 1 else f"{missing} migrations are"
        raise CannotServe(f"{what} not applied; run `manage.py migrate`")


def check_web(server: ServerName, web: int) -> None:
    """So many web processes can be started beside a worker.

    Raises:
        CannotServe: they cannot.
    """
    if not web:
        return
    if web < 0:
        raise CannotServe(f"--web (WEB_PROCESSES) is {web}; it is a number of processes")
    if not 0 <= settings.EVERTICK["WEB_NICE"] <= 19:
        raise CannotServe(f"WEB_NICE is {settings.EVERTICK['WEB_NICE']}; it can be 0 to 19")
    if server != "uvicorn" or sys.platform != "linux":
        raise CannotServe("--web (WEB_PROCESSES) needs --server uvicorn, on Linux")
    if not settings.EVERTICK["REDIS_URL"]:
        raise CannotServe("--web (WEB_PROCESSES): they reach rooms by Redis; set REDIS_URL")


def serve(server: ServerName, host: str, port: int, *, web: int = 0) -> None:
    """Serves until it is told to stop by SIGINT or SIGTERM.

    Args:
        port: 0 takes a free one.
        web: How many processes answer pages and REST beside this one.

    Raises:
        CannotServe: the port is taken, or the start failed.
    """
    if server == "uvicorn":
        _serve_uvicorn(host, port, web)
    else:
        _serve_daphne(host, port)


def serve_beside(channel: int) -> None:
    """Serves what a worker hands on, until that ends.

    Args:
        channel: A file descriptor that the worker left open for it.
    """
    _serve_uvicorn_beside(channel)


def announce(server: ServerName, host: str, port: int) -> None:
    """Says in one line where to go, and what this worker stands on."""
    shown = f"[{host}]" if ":" in host else host
    workers = "workers joined by Redis" if settings.EVERTICK["REDIS_URL"] else "one worker"
    sys.stdout.write(
        f"Evertick at http://{shown}:{port} ({server}, {connection.vendor}, {workers})"
        " — Ctrl-C stops it\n"
    )
    sys.stdout.flush()


def settle_memory() -> None:
    """Spares the garbage collector what lives as long as the worker, and lets it run more rarely.

    A full collection walks everything that was imported, and stops every room meanwhile: a measured
    67 ms at 440 clients, more than a period at 20 Hz; under 1 ms afterwards. The youngest objects
    are looked at when 10,000 more came than went, which they do where many clients come at once:
    20 ms or so each time (50,000 took 60 to 120), and no more CPU in all. All objects are looked at
    after thousands of those. So what a socket on uvicorn leaves must need no collection: it breaks
    its circles when it closes (``connection_lost`` in ``lane.py``, ``gone`` and ``Outbox.end``
    behind it).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 100, 50)


# --- What must be there -------------------------------------------------------------------------


def _check_database() -> None:
    try:
        if connection.vendor == "postgresql":
            # Once and beside the pool, which would try again and again and log each time.
            parameters = {"connect_timeout": DATABASE_WAIT_S, **connection.get_connection_params()}
            psycopg.connect(**parameters).close()
        else:
            connection.ensure_connection()
    except (DatabaseError, psycopg.Error, OSError) as error:
        raise CannotServe(
            f"no database at {_database_shown()} ({_first_line(error)}); "
            "start it, or correct DATABASE_URL"
        ) from error


def _check_redis() -> None:
    url = settings.EVERTICK["REDIS_URL"]
    if not url:
        return
    try:
        waits = {"socket_connect_timeout": REDIS_WAIT_S, "socket_timeout": REDIS_WAIT_S}
        kind = PrimaryPool if is_sentinel(url) else redis.ConnectionPool
        with redis.Redis.from_pool(kind.from_url(url, **waits)) as client:
            client.ping()
    except (redis.RedisError, OSError) as error:
        raise CannotServe(
            f"no Redis at {_without_password(url)} ({_first_line(error)}); "
            "start one, or unset REDIS_URL"
        ) from error


def _database_shown() -> str:
    chosen = settings.DATABASES["default"]
    if connection.vendor == "sqlite":
        return str(chosen["NAME"])
    return f"{chosen['HOST'] or 'localhost'}:{chosen['PORT'] or 5432}/{chosen['NAME']}"


def _without_password(url: str) -> str:
    head, at, tail = url.rpartition("@")
    return f"{head.partition('://')[0]}://…@{tail}" if at else url


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")


def _port_taken(host: str, port: int, error: OSError) -> CannotServe:
    if error.errno == errno.EADDRINUSE:
        return CannotServe(
            f"port {port} of {host} is taken; choose another with --port (make: PORT)"
        )
    return CannotServe(f"cannot listen on {host}:{port} ({error.strerror or error})")


def _cannot_start(error: Exception) -> CannotServe:
    if isinstance(error, LedgerInUse):
        return CannotServe(
            "another server uses the same var folder; stop it, choose another folder with "
            "EVERTICK_VAR, or join both by REDIS_URL"
        )
    if isinstance(error, LedgerError):
        return CannotServe(f"the room store does not open ({_first_line(error)})")
    logger.error("the worker could not start", exc_info=error)
    return CannotServe(f"the worker could not start: {_first_line(error)}")


async def _farewell() -> None:
    """Lets the rooms speak to their players, but not for long."""
    from gameserver import asgi

    wait_s = FAREWELL_S_MAX + settings.EVERTICK["DRAIN_S"] + settings.EVERTICK["DRAIN_SPREAD_S"]
    try:
        async with asyncio.timeout(wait_s):
            await asgi.shutdown()
    except TimeoutError:
        logger.warning("rooms took longer than %s s to end", wait_s)
    except Exception:
        logger.exception("rooms could not be ended")


# --- uvicorn ------------------------------------------------------------------------------------


def _serve_uvicorn(host: str, port: int, web: int) -> None:
    from gameserver.companions import Companions

    companions = Companions(web)
    base = _uvicorn(companions.hand_on if web else None)

    class Server(base):  # type: ignore[misc, valid-type]
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await self.start_rooms()
            await super().startup(sockets)
            companions.start(self.adopt)
            settle_memory()
            announce("uvicorn", host, listener.getsockname()[1])

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            for server in self.servers:  # no new sockets; those that are open stay so
                server.close()
            await _farewell()
            await companions.stop()
            await super().shutdown(sockets)

    listener = _listener(host, port)
    Server().run(sockets=[listener])


def _serve_uvicorn_beside(channel: int) -> None:
    from gameserver.companions import Beside

    beside = Beside(channel)
    base = _uvicorn(beside.hand_on)

    class Server(base):  # type: ignore[misc, valid-type]
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await self.start_rooms()
            await super().startup(sockets)
            settle_memory()
            beside.start(self.adopt, self.end)

        def end(self) -> None:
            self.should_exit = True

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            await super().shutdown(sockets)
            await _farewell()

    Server().run(sockets=[])


def _uvicorn(hand_on: Any) -> Any:
    """uvicorn's server as we set it up.

    Args:
        hand_on: Says of a request which other process takes it; None: there is no other.
    """
    import uvicorn

    from gameserver import asgi
    from gameserver.companions import Doorway
    from gameserver.lane import LaneSocket

    class Server(uvicorn.Server):
        def __init__(self) -> None:
            config = uvicorn.Config(
                asgi.application,
                loop="uvloop",
                http="auto" if hand_on is None else partial(Doorway, hand_on),  # type: ignore[arg-type]
                ws=LaneSocket,
                ws_max_size=SOCKET_BYTES_MAX,
                # Small deltas gain nothing; each socket would keep a window.
                ws_per_message_deflate=False,
                ws_ping_interval=PING_EVERY_S,
                ws_ping_timeout=PING_WAIT_S,
                lifespan="off",
                log_config=None,
                log_level="warning",
                access_log=False,
                server_header=False,
                proxy_headers=False,  # Django reads them, and only where NUM_PROXIES says so
                timeout_graceful_shutdown=1,
            )
            super().__init__(config)
            self._adopting: set[asyncio.Task[Any]] = set()
            # uvicorn sends itself the signal again when done; to stop when told to is success.
            for number in (signal.SIGINT, signal.SIGTERM):
                if signal.getsignal(number) != signal.SIG_IGN:
                    signal.signal(number, lambda *_: None)

        async def start_rooms(self) -> None:
            try:
                await asgi.startup()
            except LedgerError as error:
                raise _cannot_start(error) from error

        def adopt(self, data: bytes, connection: socket.socket) -> None:
            """Take in a connection that another process handed on, with what it read of it."""
            loop = asyncio.get_running_loop()
            protocol: Any = self.config.http_protocol_class
            door = partial(
                protocol,
                config=self.config,
                server_state=self.server_state,
                app_state=self.lifespan.state,
                _loop=loop,
                first=data,
            )
            task = loop.create_task(loop.connect_accepted_socket(door, connection))
            self._adopting.add(task)
            task.add_done_callback(self._adopting.discard)

    return Server


def _listener(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise _port_taken(host, port, error) from error
    return listener


# --- daphne -------------------------------------------------------------------------------------


def _serve_daphne(host: str, port: int) -> None:
    # The reactor must be daphne's, so daphne comes first.
    from daphne.endpoints import build_endpoint_description_strings
    from daphne.server import Server as Daphne
    from twisted.internet import defer, reactor
    from twisted.internet.error import CannotListenError

    from gameserver import asgi
    from gameserver.daphne_lane import DaphneSocket

    spare_texts()

    class Server(Daphne):
        failure: CannotServe | None = None

        def listen_error(self, failure: Any) -> None:
            error = failure.value
            cause = error.socketError if isinstance(error, CannotListenError) else error
            self.failure = _port_taken(host, port, cause)
            self.stop()

        def begin(self) -> None:
            """Called when all is set up and the loop is about to turn."""
            self.ws_factory.protocol = DaphneSocket
            self.ws_factory.setProtocolOptions(
                failByDrop=False,  # an oversized message is answered with 1009, not with a cut line
                closeHandshakeTimeout=limits.CLOSE_WAIT_S,
            )
            reactor.callWhenRunning(lambda: asyncio.ensure_future(self.start_rooms()))

        async def start_rooms(self) -> None:
            try:
                await asgi.startup()
            except Exception as error:  # noqa: BLE001 - said in one line where the others are
                self.failure = _cannot_start(error)
                self.stop()
                return
            settle_memory()
            announce("daphne", host, self.listening_addresses[0][1])

        def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
            """Called for each request and each socket."""
            if scope["type"] != "websocket":
                return super().create_application(protocol, scope)
            cut = protocol.transport.abortConnection
            extensions = {"evertick.cut": cut, "evertick.lane": protocol.offer_lane()}
            queue = super().create_application(protocol, scope | {"extensions": extensions})
            _when_ended(self.connections.get(protocol, {}).get("application_instance"), cut)
            return queue

        def kill_all_applications(self) -> Any:
            """Daphne cancels every socket's application at the end; players hear from us first."""
            farewell = defer.Deferred.fromFuture(asyncio.ensure_future(_farewell()))
            farewell.addBoth(lambda _: self._kill_all_applications())
            return farewell

        def _kill_all_applications(self) -> Any:
            # Daphne stumbles over connections whose application has ended already.
            self.connections: dict[Any, Any] = {
                protocol: details
                for protocol, details in self.connections.items()
                if "application_instance" in details
            }
            return super().kill_all_applications()

    server = Server(
        asgi.application,
        endpoints=build_endpoint_description_strings(host=host, port=port),
        ping_interval=PING_EVERY_S,
        ping_timeout=PING_WAIT_S,
        websocket_max_message_size=SOCKET_BYTES_MAX,
        websocket_max_frame_size=SOCKET_BYTES_MAX,
        application_close_timeout=10,
        verbosity=0,
        server_name="evertick",
    )
    server.ready_callable = server.begin
    server.run()
    if server.failure:
        raise server.failure


def spare_texts() -> None:
    """Have autobahn make no texts for its debug log: two for each frame, in colours, before it
    asks whether anybody reads them."""
    from autobahn.twisted import websocket
    from autobahn.websocket import protocol

    for module in (websocket, protocol):
        for maker in ("hltype", "hlval"):
            setattr(module, maker, lambda value: value)


def _when_ended(application: "asyncio.Future[Any] | None", cut: Callable[[], None]) -> None:
    if application is not None:
        loop = asyncio.get_event_loop()
        application.add_done_callback(lambda _: loop.call_later(limits.CLOSE_WAIT_S, cut))
