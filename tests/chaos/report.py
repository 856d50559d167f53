"""Results of runs: kept in a file, a line for each, and summed up in a table."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import msgspec

from tests.chaos.gaps import CALM, MIXED, percentile
from tests.chaos.nemesis import KINDS
from tests.chaos.oracle import Verdict
from tests.chaos.run import Result

NAMES = {name: kind.name for name, kind in KINDS.items()}


def append(path: Path, result: Result) -> None:
    """Keep a result, as a line of JSON; without the logs."""
    with path.open("ab") as file:
        file.write(msgspec.json.encode(replace(result, logs="")) + b"\n")


def read(path: Path) -> list[Result]:
    """The results in a file; none if there is no file.

    Raises:
        msgspec.ValidationError: it is of another version of this module.
    """
    lines = path.read_bytes().splitlines() if path.exists() else []
    return [msgspec.json.decode(line, type=Result) for line in lines]


def table(results: Iterable[Result]) -> str:
    """In Markdown: faults by kind with the gaps that viewers saw, then what came of it."""
    results = list(results)
    gaps, whole, faults = defaultdict[str, list[float]](list), Verdict(), Counter[str]()
    for result in results:
        whole.add(result.verdict)
        faults.update(fault.kind for fault in result.faults)
        for kind, seconds in result.gaps.items():
            gaps[kind] += seconds
    lines = ["| fault | times | gaps counted | p50 | p99 | max |", "|---|---:|---:|---:|---:|---:|"]
    lines += [
        f"| {NAMES.get(kind, kind)} | {faults[kind] or ''} | {_gaps(gaps[kind])} |"
        for kind in (*KINDS, MIXED, CALM)
        if faults[kind] or gaps[kind]
    ]
    lines += ["", "| of all runs | |", "|---|---:|", *_sums(results, whole, faults)]
    return "\n".join(lines)


def _gaps(gaps: list[float]) -> str:
    if not gaps:
        return "0 | | | "
    cells = [percentile(gaps, share) for share in (0.5, 0.99, 1.0)]
    return " | ".join([str(len(gaps)), *(f"{cell:.3f} s" for cell in cells)])


def _sums(results: list[Result], whole: Verdict, faults: Counter[str]) -> list[str]:
    rows = {
        "runs": len(results),
        "seconds of faults": round(sum(result.plan.seconds for result in results)),
        "faults": faults.total(),
        "ticks": whole.ticks,
        "owners, over all rooms": whole.owners,
        "sockets opened anew": whole.reconnects,
        "inputs acknowledged": whole.acknowledged,
        "of them refused by the rules": whole.refused,
        "**acknowledged and lost**": whole.lost,
        "**applied twice**": whole.twice,
        "views compared with the replay": whole.views,
        "**contradictions**": whole.contradictions,
        "snapshots of an older tick, as it was": whole.back,
        "**complaints of the oracle**": len(whole.complaints),
    }
    return [f"| {name} | {number:,} |" for name, number in rows.items()]
