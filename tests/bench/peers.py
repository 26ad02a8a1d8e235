"""The programs that people use today, each as cases that do the same job; those that are not installed are left out."""

import json
import os
import re
import shutil
import subprocess
import sys

from homes import listed
from timing import Case

OWN_FOLDER = ".offsync"


def run(case: Case) -> None:
    """Runs a case without measuring it."""
    case.before()
    settings = {"env": {**os.environ, **case.environment}, "cwd": case.folder, "capture_output": True}
    done = subprocess.run(case.command, **settings)
    if done.returncode != 0:
        sys.exit(f"{case.name} failed: {' '.join(case.command)}\n{done.stderr.decode(errors='replace')[-2000:]}")


def emptied(folder: str) -> str:
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    return folder


def without_bytes(case: Case) -> Case:
    """Counts nothing of what reads a store alone."""
    case.sent = lambda _: (None, None)
    return case


class Peer:
    """A program with a place of its own below `root`, which keeps `source`."""

    program = ""
    version_words = ("--version",)

    def __init__(self, root: str, source: str):
        self.store, self.source = f"{root}/{self.program}", source
        os.makedirs(self.store, exist_ok=True)

    @classmethod
    def path(cls) -> str | None:
        return shutil.which(cls.program)

    @classmethod
    def version(cls) -> str:
        said = subprocess.run([cls.path() or "", *cls.version_words], capture_output=True, text=True).stdout
        found = re.search(r"\d+\.\d+(\.\d+)?", said)
        return f"{cls.program} {found.group() if found else ''}"

    def begin(self) -> None:
        """Begins anew with an empty store."""
        emptied(self.store)

    def save(self) -> Case:
        """Brings the store up to what the source is."""
        raise NotImplementedError

    def restore(self, _into: str) -> Case | None:
        """Brings another copy up to what the store is, where that is a step of its own."""
        return None


class Grown:
    """Counts by how much the files below a folder grew between two moments."""

    def __init__(self, folder: str):
        self.folder, self.before_bytes = folder, 0

    def bytes(self) -> int:
        return sum(size for size, _ in listed(self.folder).values())

    def remember(self) -> None:
        self.before_bytes = self.bytes()

    def sent(self, _: str) -> tuple[int, None]:
        return self.bytes() - self.before_bytes, None


class Restic(Peer):
    program = "restic"
    version_words = ("version",)

    def case(self, *words: str) -> Case:
        grown = Grown(f"{self.store}/repo/data")
        keys = {"RESTIC_PASSWORD": "bench", "RESTIC_REPOSITORY": f"{self.store}/repo"}
        settings = {**keys, "RESTIC_CACHE_DIR": f"{self.store}/cache"}
        return Case(self.program, ["restic", *words], grown.remember, grown.sent, settings, self.source)

    def begin(self) -> None:
        super().begin()
        run(self.case("init"))

    def save(self) -> Case:
        return self.case("backup", "--quiet", "--exclude", f"{self.source}/{OWN_FOLDER}", ".")

    def restore(self, into: str) -> Case:
        return without_bytes(self.case("restore", "latest", "--quiet", "--target", into))


class Borg(Peer):
    program = "borg"

    def case(self, *words: str) -> Case:
        grown = Grown(f"{self.store}/repo/data")
        keys = {"BORG_PASSPHRASE": "bench", "BORG_REPO": f"{self.store}/repo"}
        settings = {**keys, "BORG_BASE_DIR": self.store, "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes"}
        return Case(self.program, ["borg", *words], grown.remember, grown.sent, settings, self.source)

    def begin(self) -> None:
        super().begin()
        run(self.case("init", "--encryption", "repokey-blake2"))

    def save(self) -> Case:
        how = ("--compression", "zstd,3", "--exclude", f"./{OWN_FOLDER}")
        return self.case("create", *how, "::{utcnow:%Y%m%d%H%M%S%f}", ".")

    def restore(self, into: str) -> Case:
        case = self.case("list", "--short", "--last", "1")
        listing = subprocess.run(
            case.command, env={**os.environ, **case.environment}, capture_output=True, text=True, check=True
        )
        extract = self.case("extract", f"::{listing.stdout.strip()}")
        extract.folder = into
        return without_bytes(extract)


class Rsync(Peer):
    """Copies from folder to folder, so that one run does both ways; the bytes are those of its protocol."""

    program = "rsync"

    def save(self) -> Case:
        how = ("-a", "--delete", "--no-whole-file", "--stats", f"--exclude=/{OWN_FOLDER}")
        return Case(self.program, ["rsync", *how, f"{self.source}/", f"{self.store}/copy/"], sent=self.sent)

    def sent(self, said: str) -> tuple[int, None]:
        both = re.findall(r"Total bytes (?:sent|received): ([\d,]+)", said)
        return sum(int(number.replace(",", "")) for number in both), None


class Rclone(Peer):
    program = "rclone"
    version_words = ("version",)

    def case(self, source: str, target: str) -> Case:
        how = ("--track-renames", "--exclude", f"/{OWN_FOLDER}/**", "--config", f"{self.store}/rclone.conf")
        said = ("--use-json-log", "--stats", "1h", "--stats-log-level", "NOTICE")
        return Case(self.program, ["rclone", "sync", source, target, *how, *said], sent=self.sent)

    def begin(self) -> None:
        super().begin()
        open(f"{self.store}/rclone.conf", "w").close()

    def save(self) -> Case:
        return self.case(self.source, f"{self.store}/mailbox")

    def restore(self, into: str) -> Case:
        return self.case(f"{self.store}/mailbox", into)

    def sent(self, said: str) -> tuple[int | None, None]:
        lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
        totals = [line["stats"]["bytes"] for line in lines if "stats" in line]
        return (totals[-1] if totals else None), None


class Unison(Peer):
    program = "unison"
    version_words = ("-version",)

    @classmethod
    def path(cls) -> str | None:
        return shutil.which("unison") or shutil.which("unison-2.52")

    def save(self) -> Case:
        roots = (self.source, f"{self.store}/copy")
        how = ("-batch", "-auto", "-times", "-ui", "text", "-ignore", f"Path {OWN_FOLDER}", "-confirmbigdel=false")
        settings = {"UNISON": f"{self.store}/notes"}
        return Case(self.program, [self.path() or "", *roots, *how], environment=settings)


class Find(Peer):
    """The floor: a walk that asks for size, time and inode of everything and writes nothing but lines."""

    program = "find"

    def save(self) -> Case:
        return Case("find -printf", ["find", self.source, "-printf", "%p %s %T@ %i\\n"])


PEERS: list[type[Peer]] = [Find, Rsync, Unison, Rclone, Restic, Borg]
STORES: list[type[Peer]] = [Restic, Borg]
SYNCS: list[type[Peer]] = [Rsync, Rclone, Restic, Borg]


def installed(peers: list[type[Peer]]) -> list[type[Peer]]:
    return [peer for peer in peers if peer.path()]


def absent() -> list[str]:
    return [peer.program for peer in PEERS if not peer.path()]
