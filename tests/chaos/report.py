"""The table of some runs."""

from collections import Counter

from tests.chaos.gaps import CALM, Gaps, percentile
from tests.chaos.nemesis import KINDS
from tests.chaos.oracle import Verdict
from tests.chaos.run import Result


def table(results: list[Result]) -> str:
    """In Markdown: faults by kind with the gaps that viewers saw, then what came of it."""
    gaps, whole, faults = Gaps(), Verdict(), Counter[str]()
    for result in results:
        gaps.add(result.gaps)
        whole.add(result.verdict)
        faults.update(fault.kind for fault in result.faults)
    lines = ["| fault | times | gaps counted | p50 | p99 | max |", "|---|---:|---:|---:|---:|---:|"]
    lines += [
        f"| {KINDS.get(kind, kind)} | {faults[kind] or ''} | {_gaps(gaps, kind)} |"
        for kind in (*KINDS, CALM)
    ]
    lines += ["", "| of all runs | |", "|---|---:|", *_sums(results, whole)]
    return "\n".join(lines)


def _gaps(gaps: Gaps, kind: str) -> str:
    measured = gaps.by_kind[kind]
    if not measured:
        return "0 | | | "
    cells = [percentile(measured, share) for share in (0.5, 0.99, 1.0)]
    return " | ".join([str(len(measured)), *(f"{cell:.2f} s" for cell in cells)])


def _sums(results: list[Result], whole: Verdict) -> list[str]:
    rows = {
        "runs": len(results),
        "seconds of faults": round(sum(result.plan.seconds for result in results)),
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
