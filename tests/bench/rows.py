"""What a measurement gives: rows with samples and goals; and the folder in which all of it happens."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field

from homes import Archive
from peers import Peer, installed
from timing import Case, Sample, interleaved

OFFSYNC = "offsync"
HERE = os.path.dirname(os.path.abspath(__file__))


@dataclass(frozen=True)
class Sizes:
    """How large the data sets are, and how often each thing is done."""

    files: int
    day_files: int
    photos: int
    image_bytes: int
    growth: tuple[int, ...]
    rounds: int
    days: int


@dataclass(frozen=True)
class Goal:
    """A figure that is meant to be no larger than its limit."""

    what: str
    value: float
    limit: float
    unit: str = "x"


@dataclass
class Row:
    """One thing that was done by several programs."""

    title: str
    samples: dict[str, Sample]
    goals: list[Goal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def beside(self, what: str, limit: float, figure: str, peer: str) -> None:
        """Adds a goal about a figure of Offsync beside that of a peer, if the peer is there."""
        if peer in self.samples:
            own, other = (getattr(self.samples[name], figure) for name in (OFFSYNC, peer))
            self.goals.append(Goal(f"{what}, beside {peer}", own / max(other, 0.001), limit))

    def peak(self, limit_mib: float) -> None:
        self.goals.append(Goal("peak memory", self.samples[OFFSYNC].peak_mib, limit_mib, "MiB"))


class Bench:
    """One run of everything below a folder."""

    def __init__(self, program: str, root: str, sizes: Sizes):
        self.program, self.root, self.sizes = program, root, sizes
        self.log = f"{root}/said"

    def python(self, script: str, *words: str):
        """Runs one of the programs beside this one, which may need much memory, and gives what it says."""
        command = [sys.executable, "-B", f"{HERE}/{script}", *words]
        said = subprocess.run(command, capture_output=True, text=True)
        if said.returncode != 0:
            sys.exit(f"{script} {' '.join(words)} failed\n{said.stderr[-2000:]}")
        return json.loads(said.stdout) if said.stdout else None

    def data(self, what: str, name: str, *words: str) -> str:
        folder = f"{self.root}/{name}/data"
        self.python("datasets.py", what, folder, *words)
        return folder

    def archive(self, name: str, folder: str) -> Archive:
        return Archive(self.program, f"{self.root}/{name}/offsync", folder)

    def peers(self, name: str, folder: str, kinds: list[type[Peer]]) -> list[Peer]:
        return [kind(f"{self.root}/{name}/peers", folder) for kind in installed(kinds)]

    def measure(self, cases: list[Case], rounds: int, warm: bool = False) -> dict[str, Sample]:
        return interleaved(cases, rounds, self.log, warm)

    def drop(self, name: str) -> None:
        shutil.rmtree(f"{self.root}/{name}", ignore_errors=True)
