"""Where a worker's time goes, by function.

A sampler of our own, inside the worker: it looks after each so many microseconds of *CPU time*, so
that waiting never counts, however busy the machine is. Python looks at signals between bytecodes:
what a function spends in C (a write, an encoder) is counted as its own, and what the event loop
itself spends in C as that of whatever it calls next.
"""

import signal
import sys
import sysconfig
from collections import Counter
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

SAMPLE_S = 0.002
"""Seconds of CPU between two looks; the kernel may round up to its own tick."""
TOP = 25
DEEP_MAX = 80

_PLACES = (
    (str(Path(__file__).resolve().parent.parent) + "/", ""),
    (sysconfig.get_paths()["purelib"] + "/", ""),
    (sysconfig.get_paths()["stdlib"] + "/", ""),
    (".venv/lib/python3.11/site-packages/", ""),
)


class Sampler:
    """Counts stacks of the main thread while it runs."""

    def __init__(self) -> None:
        self.stacks: Counter[tuple[CodeType, ...]] = Counter()

    def start(self) -> None:
        """Look from now on."""
        signal.signal(signal.SIGPROF, self._look)
        signal.setitimer(signal.ITIMER_PROF, SAMPLE_S, SAMPLE_S)

    def stop(self, path: Path) -> None:
        """Look no more; write what was seen: a stack a line, outermost first, and how often."""
        signal.setitimer(signal.ITIMER_PROF, 0)
        lines = [
            f"{';'.join(_name(code) for code in reversed(stack))} {times}"
            for stack, times in self.stacks.items()
        ]
        path.write_text("\n".join(lines))

    def _look(self, _: int, frame: FrameType | None) -> Any:
        stack: list[CodeType] = []
        while frame is not None and len(stack) < DEEP_MAX:
            stack.append(frame.f_code)
            frame = frame.f_back
        self.stacks[tuple(stack)] += 1


def flat(path: Path) -> str:
    """The functions that took most, and those of our own that took most with all they call."""
    own: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    for line in path.read_text().splitlines():
        stack, _, times = line.rpartition(" ")
        functions = stack.split(";")
        own[functions[-1]] += int(times)
        for function in set(functions):
            whole[function] += int(times)
    samples = own.total() or 1
    lines = [f"{samples} samples. In the function itself, with what it calls:"]
    lines += [
        f"{100 * times / samples:5.1f} %  {100 * whole[name] / samples:5.1f} %  {name}"
        for name, times in own.most_common(TOP)
    ]
    ours = [(name, times) for name, times in whole.most_common() if "(games/" in name]
    lines += ["", "Of our own, with what they call:"]
    lines += [f"         {100 * times / samples:5.1f} %  {name}" for name, times in ours[:TOP]]
    return "\n".join(lines)


def _name(code: CodeType) -> str:
    file = code.co_filename
    for long, short in _PLACES:
        file = file.replace(long, short)
    return f"{code.co_qualname} ({file})"


if __name__ == "__main__":
    sys.stdout.write(flat(Path(sys.argv[1])) + "\n")
