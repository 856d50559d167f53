"""The tables and the plot from a file of results: ``python -m bench.report results.json``.

Writes them into docs/performance.md, between two marks, and the plot beside it.
"""

import statistics
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.contenders.processes import ROOT
from bench.measure import NOISE_MAX, Sample
from bench.results import Results, Run, Table, load

PAGE = ROOT / "docs" / "performance.md"
PLOT = ROOT / "docs" / "images" / "performance.svg"
PICTURE = f"![Clients on one core, and what each costs](images/{PLOT.name})"
BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"
OWN_SHARE_MAX = 0.8
"""Share of its core beyond which the load generator measures itself."""

Figure = tuple[str, Callable[[Run], float], str]

COSTS: list[Figure] = [
    ("clients on one core", lambda run: run.held, "{:.0f}"),
    ("CPU a client and tick, µs", lambda run: run.loaded.us_a_tick, "{:.1f}"),
    ("bytes a client and second", lambda run: run.loaded.load.read_bytes, "{:,.0f}"),
    ("memory a client, kB", lambda run: run.client_kb, "{:.0f}"),
    ("room opens in, ms", lambda run: statistics.median(run.first_ms), "{:.0f}"),
    ("player joins in, ms", lambda run: statistics.median(run.next_ms), "{:.0f}"),
]
TIMES: list[Figure] = [
    ("input to state p50, ms", lambda run: run.loaded.load.applied_ms_p50, "{:.0f}"),
    ("p99", lambda run: run.loaded.load.applied_ms_p99, "{:.0f}"),
    ("tick late p50, ms", lambda run: run.loaded.ticks.late_ms_p50, "{:.1f}"),
    ("p99 ", lambda run: run.loaded.ticks.late_ms_p99, "{:.1f}"),
    ("max", lambda run: run.loaded.ticks.late_ms_max, "{:.0f}"),
    ("patches/s, worst client", lambda run: run.loaded.load.patches_min, "{:.2f}"),
    ("between patches p99, ms", lambda run: run.loaded.load.gap_ms_p99, "{:.0f}"),
]
TRUST: list[Figure] = [
    ("clients", lambda run: run.loaded.load.players, "{:.0f}"),
    ("players' own CPU, µs a client and tick", lambda run: _own_us(run.loaded), "{:.1f}"),
    ("players' share of their core, %", lambda run: 100 * _own_share(run), "{:.0f}"),
    ("pace, ms", lambda run: run.loaded.pace_ms, "{:.2f}"),
    ("noise, %", lambda run: 100 * run.loaded.noise, "{:.0f}"),
]


def _own_us(sample: Sample) -> float:
    return sample.us_of(sample.load.cpu_share * sample.load.seconds)


def _own_share(run: Run) -> float:
    return max(step.load.cpu_share for step in run.steps)


def several(values: Sequence[float], shape: str) -> str:
    """The middle of several, and the least and the largest where they differ."""
    middle = shape.format(statistics.median(values))
    low, high = shape.format(min(values)), shape.format(max(values))
    return middle if low == high else f"{middle} ({low}–{high})"


def drawn(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown; all columns but the first are numbers."""
    lines = ["| " + " | ".join(columns) + " |", "|---|" + "---:|" * (len(columns) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def compared(found: Results, figures: Sequence[Figure]) -> str:
    """A line for each contender, the middle of its runs (least–largest)."""
    rows = [
        [title, *(several([figure(run) for run in runs], shape) for _, figure, shape in figures)]
        for name, title in found.titles.items()
        if (runs := found.of(name))
    ]
    return drawn(["", *(name.strip() for name, _, _ in figures)], rows)


def warnings(found: Results) -> list[str]:
    """What makes the numbers worth less."""
    said = [f"{found.titles[name]}: left out ({why})" for name, why in found.missing.items()]
    for name, title in found.titles.items():
        runs = found.of(name)
        if any(_own_share(run) > OWN_SHARE_MAX for run in runs):
            said.append(f"{title}: the load generator was near its own limit")
        if any(run.loaded.noise > NOISE_MAX for run in runs):
            said.append(f"{title}: others used these cores meanwhile; trust CPU, not times")
    return said


def text(found: Results) -> str:
    """All tables."""
    parts = [
        "### Capacity and cost\n\n" + compared(found, COSTS),
        "### Times, at 80 % of capacity\n\n" + compared(found, TIMES),
        "### How far to trust this\n\n" + compared(found, TRUST),
    ]
    parts += ["\n".join(f"- {warning}." for warning in warnings(found))]
    parts += [_further(table) for table in found.tables.values()]
    about = ", ".join(f"{name} {value}" for name, value in found.machine.items())
    return "\n\n".join(part for part in [*parts, f"Measured on: {about}."] if part)


def _further(table: Table) -> str:
    notes = "".join(f"\n{note}" for note in table.notes)
    return f"### {table.title}\n\n{drawn(table.columns, table.rows)}" + (notes and f"\n{notes}")


def one(sample: Sample) -> str:
    """Some seconds of one contender."""
    run = Run("", 0, 0.0, [0.0], [0.0], sample, [sample])
    wanted = [*COSTS[1:3], *TIMES, *TRUST]
    rows = [[name.strip(), shape.format(figure(run))] for name, figure, shape in wanted]
    for part, cost in sample.parts.items():
        rows.append([f"CPU of the {part}, s", f"{cost.cpu_s:.2f}"])
        rows.append(["of it in the kernel", f"{cost.system_s:.2f}"])
    return drawn(["", "value"], rows)


def plot(found: Results, path: Path) -> None:
    """Clients that each holds, and what each client costs the more there are."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot
    from matplotlib.ticker import ScalarFormatter

    mpl.rcParams["svg.hashsalt"] = "bench"  # the same numbers make the same file
    figure, (bars, lines) = pyplot.subplots(1, 2, figsize=(11, 4.2), width_ratios=(1, 1.3))
    shown = [(name, title) for name, title in found.titles.items() if found.of(name)]
    for place, (name, title) in enumerate(shown):
        held = sorted(run.held for run in found.of(name))
        middle = statistics.median(held)
        span = [[middle - held[0]], [held[-1] - middle]]
        bars.barh(place, middle, color=f"C{place}", xerr=span, capsize=3)
        points = sorted(
            (step.load.players, step.us_a_tick)
            for run in found.of(name)
            for step in run.steps
            if step.holds
        )
        if points:
            lines.plot(
                *zip(*points, strict=True), "o", markersize=3, color=f"C{place}", label=title
            )
    bars.set_yticks(range(len(shown)), [title for _, title in shown], fontsize=8)
    bars.invert_yaxis()
    bars.set_xlabel("clients on one core")
    lines.set_xlabel("clients")
    lines.set_ylabel("µs of CPU a client and tick")
    lines.set_yscale("log")
    lines.yaxis.set_major_formatter(ScalarFormatter())
    lines.yaxis.set_minor_formatter(ScalarFormatter())
    lines.legend(fontsize=7)
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})


def rendered(page: str, found: Results) -> str:
    """The page with these results between its marks."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page lacks {BEGIN} or {END}")
    return f"{before}{BEGIN}\n\n{PICTURE}\n\n{text(found)}\n\n{END}{after}"


def main(file: str) -> None:
    """See above."""
    found = load(Path(file))
    PAGE.write_text(rendered(PAGE.read_text("utf-8"), found), "utf-8")
    plot(found, PLOT)
    sys.stdout.write(text(found) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
