"""Whole processes, measured by what the kernel says of them when they end.

CPU time is what counts on machines that do other things beside; wall time and peak memory stand next to it. Nothing is
ever asserted about a time.
"""

import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

SAID_BYTES_MAX = 65_536


@dataclass(frozen=True)
class Sample:
    """One run of a program."""

    cpu_s: float
    wall_s: float
    peak_mib: float
    sent_bytes: int | None = None
    objects: int | None = None


@dataclass
class Case:
    """A program that does something once: what comes before and after it is not measured."""

    name: str
    command: list[str]
    before: Callable[[], object] = lambda: None
    # Gives the bytes and objects that were sent, from what the program wrote.
    sent: Callable[[str], tuple[int | None, int | None]] = lambda _: (None, None)
    environment: dict[str, str] = field(default_factory=dict)
    folder: str | None = None


def measure(case: Case, log: str) -> Sample:
    """Runs a case and waits for it; a program that fails ends the whole measurement with what it said."""
    case.before()
    into = os.open(log, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    actions = [(os.POSIX_SPAWN_DUP2, nothing, 0), (os.POSIX_SPAWN_DUP2, into, 1), (os.POSIX_SPAWN_DUP2, into, 2)]
    command = case.command if case.folder is None else ["env", "-C", case.folder, *case.command]
    started = time.perf_counter()
    process = os.posix_spawnp(command[0], command, {**os.environ, **case.environment}, file_actions=actions)
    _, status, usage = os.wait4(process, 0)
    wall_s = time.perf_counter() - started
    os.close(into)
    os.close(nothing)
    said = end_of(log)
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"{case.name} failed: {' '.join(command)}\n{said[-2000:]}")
    sent_bytes, objects = case.sent(said)
    return Sample(usage.ru_utime + usage.ru_stime, wall_s, usage.ru_maxrss / 1024, sent_bytes, objects)


def end_of(log: str) -> str:
    """Gives the last of what a program wrote, where the sums stand; all of it would make this process large."""
    with open(log, "rb") as file:
        file.seek(max(0, os.path.getsize(log) - SAID_BYTES_MAX))
        return file.read().decode(errors="replace")


def interleaved(cases: list[Case], rounds: int, log: str, warm: bool = False) -> dict[str, Sample]:
    """Runs all cases in turn, several times, and gives the medians; `warm` adds a round that does not count."""
    samples: dict[str, list[Sample]] = {case.name: [] for case in cases}
    for number in range(rounds + warm):
        for case in cases:
            sample = measure(case, log)
            if number >= warm:
                samples[case.name].append(sample)
    return {name: median(found) for name, found in samples.items()}


def median(samples: list[Sample]) -> Sample:
    """Gives the median of each figure; of bytes and objects the lower one, since they are whole."""

    def middle(figures: list) -> int | None:
        return None if None in figures else statistics.median_low(figures)

    return Sample(
        statistics.median(sample.cpu_s for sample in samples),
        statistics.median(sample.wall_s for sample in samples),
        max(sample.peak_mib for sample in samples),
        middle([sample.sent_bytes for sample in samples]),
        middle([sample.objects for sample in samples]),
    )
