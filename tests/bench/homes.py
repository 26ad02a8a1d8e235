"""Two homes with one archive and a folder for a mailbox, driven through the program as people drive it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable

from timing import Case

SYNCS_MAX = 6
Objects = dict[str, tuple[int, int]]


def listed(folder: str) -> Objects:
    """Gives size and time of all files below a folder."""
    found = {}
    for base, _, files in os.walk(folder):
        for name in files:
            stat = os.stat(os.path.join(base, name))
            found[os.path.join(base, name)] = (stat.st_size, stat.st_mtime_ns)
    return found


class Home:
    """One computer, which is a folder of settings, and its copy."""

    def __init__(self, program: str, settings: str, folder: str):
        self.program, self.settings, self.folder = program, settings, folder
        self.environment = {"OFFSYNC_KEYSTORE": "plain"}

    def command(self, *words: str) -> list[str]:
        return [self.program, "--config-dir", self.settings, "--json", "--progress", "never", *words]

    def run(self, *words: str):
        done = subprocess.run(
            self.command(*words), env={**os.environ, **self.environment}, capture_output=True, text=True
        )
        if done.returncode != 0:
            said = f"{done.stdout[-2000:]}{done.stderr[-2000:]}"
            sys.exit(f"offsync {' '.join(words)} failed ({done.returncode})\n{said}")
        return json.loads(done.stdout)

    def sync(self) -> dict:
        return self.run("sync", self.folder)[0]


class Archive:
    """An archive at home in `folder`, and what belongs to it below `root`."""

    def __init__(self, program: str, root: str, folder: str):
        self.root, self.mailbox = root, f"{root}/mailbox"
        self.phrase = f"{root}/phrase"
        self.pep = Home(program, f"{root}/pep", folder)
        self.anna = Home(program, f"{root}/anna", f"{root}/copy")

    def begin(self) -> None:
        """Begins anew in the same folder, with nothing indexed and nobody else."""
        for folder in (self.root, f"{self.pep.folder}/.offsync"):
            shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(self.root)
        place = ("--mailbox", f"fs://{self.mailbox}")
        self.pep.run("init", self.pep.folder, "--name", "Bench", "--label", "Pep", "--person", "Pep", *place)

    def begin_with_invitation(self) -> None:
        """Begins anew with somebody who holds nothing yet, so that everything has to be sent."""
        self.begin()
        whom = ("--label", "Anna", "--person", "Anna", "--out", f"{self.root}/invitation")
        self.pep.run("invite", self.pep.folder, *whom)

    def add_second_home(self) -> None:
        """Copies the archive for Anna, lets her join, and syncs until both are up to date."""
        whom = ("--label", "Anna", "--person", "Anna", "--phrase-file", self.phrase)
        self.pep.run("copy", self.pep.folder, self.anna.folder, *whom)
        place = ("--mailbox", f"fs://{self.mailbox}")
        self.anna.run("join", self.anna.folder, "--phrase-file", self.phrase, *place)
        self.settle()

    def settle(self) -> None:
        """Syncs both homes until nobody has anything to say any more."""
        for _ in range(SYNCS_MAX):
            before = listed(self.mailbox)
            both = [home.sync()["up_to_date"] for home in (self.anna, self.pep)]
            if all(both) and listed(self.mailbox) == before:
                return
        sys.exit("the two homes do not come to rest")

    def sync_case(self, home: Home, name: str, before: Callable[[], object] = lambda: None) -> Case:
        """Makes the case of one sync, which counts the objects that are new in the mailbox, or written anew."""
        earlier: Objects = {}

        def remember() -> None:
            before()
            earlier.clear()
            earlier.update(listed(self.mailbox))

        def sent(_: str) -> tuple[int, int]:
            new = [size for name, (size, time) in listed(self.mailbox).items() if earlier.get(name) != (size, time)]
            return sum(new), len(new)

        return Case(name, home.command("sync", home.folder), remember, sent, home.environment)
