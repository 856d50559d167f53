"""`make bench`: what a client costs one worker, in one table.

One worker on one core, its players on another, both real processes, sockets over loopback. Read
README.md for what the rows mean.
"""

import argparse
import math
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # `python bench/run.py`

import msgspec

from bench import hotspots
from bench.load import Load, Plan
from tests import services
from tests.services import ServiceError

ROOT = services.ROOT
HZ = 20
PATCHES_MIN = 19.5
GAP_MS_P99_MAX = 75.0
"""What "holds" means: every client gets so many patches a second, and 99 of 100 come in time."""
OWN_SHARE_MAX = 0.8
"""Share of its core beyond which the load generator measures itself."""
GROWTH = 1.15
PACKAGES = (
    "Django",
    "channels",
    "daphne",
    "autobahn",
    "uvicorn",
    "uvloop",
    "websockets",
    "msgspec",
)

Row = tuple[str, Callable[[Load], float], str]


def _seats(run: Load) -> float:
    return run.clients * run.seconds


def ms_per_client(run: Load) -> float:
    """Milliseconds of the worker's CPU for each client and second."""
    return 1000 * run.server.cpu_s / _seats(run)


def share(run: Load) -> float:
    """Of one core, used by the worker."""
    return run.server.cpu_s / run.seconds


def noise(run: Load) -> float:
    """Share of the time in which the worker was ready and something else had its core."""
    return run.server.waited_s / run.seconds


def holds(run: Load) -> bool:
    """Whether every client was served in time."""
    return not run.lost and run.patches_min >= PATCHES_MIN and run.gap_ms_p99 < GAP_MS_P99_MAX


ROWS: tuple[Row, ...] = (
    ("server CPU, ms a client and second", ms_per_client, "{:.3f}"),
    ("  of it in the kernel", lambda run: 1000 * run.server.system_s / _seats(run), "{:.3f}"),
    ("  in µs a client and tick", lambda run: 1000 * ms_per_client(run) / HZ, "{:.1f}"),
    ("server CPU, share of its core, %", lambda run: 100 * share(run), "{:.1f}"),
    ("server memory, MB", lambda run: run.server.rss_mb, "{:.0f}"),
    ("bytes a client and second", lambda run: run.bytes_per_client, "{:.0f}"),
    ("frames a client and second", lambda run: run.frames_per_client, "{:.2f}"),
    ("tick lateness p50, ms", lambda run: run.server.late_ms_p50, "{:.1f}"),
    ("tick lateness p99, ms", lambda run: run.server.late_ms_p99, "{:.1f}"),
    ("tick lateness max, ms", lambda run: run.server.late_ms_max, "{:.1f}"),
    ("periods dropped, all rooms", lambda run: run.server.dropped, "{:.0f}"),
    ("inter-arrival p50, ms", lambda run: run.gap_ms_p50, "{:.1f}"),
    ("inter-arrival p99, ms", lambda run: run.gap_ms_p99, "{:.1f}"),
    ("inter-arrival max, ms", lambda run: run.gap_ms_max, "{:.1f}"),
    ("patches/s, worst client", lambda run: run.patches_min, "{:.2f}"),
    ("inputs/s, worst client", lambda run: run.inputs_min, "{:.2f}"),
    ("inputs asked for again, all clients", lambda run: run.asked_again, "{:.0f}"),
    ("load generator, share of its core, %", lambda run: 100 * run.cpu_share, "{:.1f}"),
    ("load generator late p99, ms", lambda run: run.late_ms_p99, "{:.1f}"),
    ("pace: a fixed piece of Python, ms of CPU", lambda run: run.server.pace_ms, "{:.2f}"),
    ("noise: server kept waiting for its core, %", lambda run: 100 * noise(run), "{:.1f}"),
    ("noise: load generator the same, %", lambda run: 100 * run.waited_share, "{:.1f}"),
)


# --- one run ------------------------------------------------------------------------------------


class Bench:
    """Runs what the command line asks for."""

    def __init__(self, options: argparse.Namespace, env: dict[str, str]) -> None:
        self._options = options
        self._env = env
        cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
        self.pinned = len(cores) > 1
        self._server_core, self._load_core = (cores[0], cores[1]) if self.pinned else (-1, -1)

    def run(self, rooms: int, *, profile: bool = False) -> Load:
        """One worker from start to end, with that many rooms."""
        options = self._options
        with ExitStack() as stack:
            folder = Path(
                stack.enter_context(tempfile.TemporaryDirectory(prefix="evertick-bench-"))
            )
            report = folder / "report.json"
            prefix = (sys.executable, "-m", "bench.server", str(report))
            prefix += (str(self._server_core), str(int(profile)))
            worker = stack.enter_context(
                services.running_server(options.server, self._env, prefix=prefix)
            )
            plan = Plan(
                host="127.0.0.1",
                port=worker.port,
                pid=worker.process.pid,
                report=str(report),
                core=self._load_core,
                title="arena",
                rooms=rooms,
                players=options.players,
                hz=HZ,
                warmup_s=options.warmup,
                seconds=options.seconds,
                encoding=options.encoding,
            )
            load = self._load(plan, worker)
            if profile:
                print(hotspots.flat(report.with_suffix(".stacks")), end="\n\n")
            return load

    def _load(self, plan: Plan, worker: services.Worker) -> Load:
        done = subprocess.run(
            [sys.executable, "-m", "bench.load", msgspec.json.encode(plan).decode()],
            cwd=ROOT,
            env=dict(worker.env),
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ServiceError(f"the players failed; the worker said:\n{worker.log()}")
        return msgspec.json.decode(done.stdout, type=Load)


# --- tables -------------------------------------------------------------------------------------


def table(runs: list[Load]) -> str:
    """All measures, one a line; of several runs the least, the middle and the largest."""
    heads = ["", "min", "median", "max"] if len(runs) > 1 else ["", "value"]
    lines = [heads]
    for name, measure, shape in ROWS:
        values = [measure(run) for run in runs]
        several = [min(values), statistics.median(values), max(values)]
        lines.append([name, *(shape.format(value) for value in several[: len(heads) - 1])])
    return _drawn(lines)


def _drawn(lines: list[list[str]]) -> str:
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    drawn = []
    for number, line in enumerate(lines):
        first, *rest = (
            text.ljust(width) if column == 0 else text.rjust(width)
            for column, (text, width) in enumerate(zip(line, widths, strict=True))
        )
        drawn.append("| " + " | ".join([first, *rest]) + " |")
        if number == 0:
            rules = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
            drawn.append("| " + " | ".join(rules) + " |")
    return "\n".join(drawn)


def warnings(runs: list[Load], pinned: bool) -> list[str]:
    """What makes the numbers worth less."""
    said = []
    if not pinned:
        said.append("fewer than two cores: worker and players share one")
    if max(run.cpu_share for run in runs) > OWN_SHARE_MAX:
        said.append("the load generator was near its own limit; latencies are partly its own")
    if max(noise(run) + run.waited_share for run in runs) > 0.05:
        said.append("others used these cores meanwhile; trust CPU times, not latencies")
    for run in runs:
        said += [f"{count} clients lost: {why}" for why, count in run.lost.items()]
    return said


def machine() -> dict[str, str]:
    """What this was measured on."""
    model = ""
    cpus = Path("/proc/cpuinfo")
    if cpus.exists():
        named = [line for line in cpus.read_text().splitlines() if line.startswith("model name")]
        model = named[0].partition(":")[2].strip() if named else ""
    about = {"cpu": model or platform.processor(), "cores": str(os.cpu_count())}
    about |= {"kernel": platform.release(), "Python": platform.python_version()}
    return about | {name: version(name) for name in PACKAGES}


# --- what is asked for --------------------------------------------------------------------------


def measure(bench: Bench, options: argparse.Namespace) -> list[Load]:
    """The same run, as often as wanted, and its table."""
    runs = [bench.run(options.rooms, profile=options.profile) for _ in range(options.runs)]
    print(table(runs))
    for warning in warnings(runs, bench.pinned):
        print(f"Note: {warning}.")
    return runs


def find_capacity(bench: Bench, options: argparse.Namespace) -> list[Load]:
    """More and more rooms until clients are not served in time, twice in a row."""
    runs: list[Load] = []
    rooms, failed, most = options.rooms, 0, 0
    print(
        "clients  CPU %  ms/client  patches/s min  gap p99  late p99  load %  noise %  pace  holds"
    )
    while failed < 2:
        run = bench.run(rooms)
        runs.append(run)
        print(
            f"{run.clients:7d}  {100 * share(run):5.1f}  {ms_per_client(run):9.3f}"
            f"  {run.patches_min:13.2f}  {run.gap_ms_p99:7.1f}  {run.server.late_ms_p99:8.1f}"
            f"  {100 * run.cpu_share:6.1f}  {100 * (noise(run) + run.waited_share):7.1f}"
            f"  {run.server.pace_ms:4.2f}  {'yes' if holds(run) else 'no'}",
            flush=True,
        )
        failed = 0 if holds(run) else failed + 1
        most = max(most, run.clients if holds(run) else 0)
        rooms = max(rooms + 1, math.ceil(rooms * GROWTH))
    print(
        f"One core holds {most} clients (each ≥ {PATCHES_MIN} patches/s, "
        f"inter-arrival p99 < {GAP_MS_P99_MAX:.0f} ms)."
    )
    return runs


def arguments() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="bench/run.py", description=__doc__.splitlines()[0])
    parser.add_argument("--rooms", type=int, default=10, help="rooms of arena")
    parser.add_argument("--players", type=int, default=10, help="in each; 16 at the most")
    parser.add_argument("--seconds", type=float, default=10.0, help="to measure")
    parser.add_argument("--warmup", type=float, default=3.0, help="seconds of play before that")
    parser.add_argument("--server", choices=["uvicorn", "daphne"], default="uvicorn")
    parser.add_argument("--encoding", choices=["msgpack", "json"], default="msgpack")
    parser.add_argument("--redis", action="store_true", help="with Redis behind the worker")
    parser.add_argument("--runs", type=int, default=1, help="same again; min, median, max")
    parser.add_argument("--profile", action="store_true", help="where the time goes, by function")
    parser.add_argument("--capacity", action="store_true", help="more rooms until it is too much")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all numbers there")
    return parser


def main() -> int:
    """See ``--help``."""
    options = arguments().parse_args()
    if not 1 <= options.players <= 16:
        raise SystemExit("an arena has 1 to 16 seats")
    with ExitStack() as stack:
        env = {"REDIS_URL": stack.enter_context(services.redis_url())} if options.redis else {}
        bench = Bench(options, env)
        print(
            f"{options.rooms} rooms × {options.players} players, {HZ} Hz, {options.server}, "
            f"{options.encoding}{', Redis' if options.redis else ''}, {options.seconds:g} s\n",
            flush=True,
        )
        try:
            runs = (find_capacity if options.capacity else measure)(bench, options)
        except ServiceError as error:
            print(error, file=sys.stderr)
            return 1
    if options.json:
        chosen = {name: value for name, value in vars(options).items() if name != "json"}
        whole = {"machine": machine(), "options": chosen, "runs": runs}
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(whole)) + b"\n")
    return 1 if any(run.lost for run in runs) and not options.capacity else 0


if __name__ == "__main__":
    sys.exit(main())
