"""What is measured: for each data set its rows, with the peers that do the same job in the same run, and the goals.

Each function makes what it needs below a folder of its own and gives rows; the folder goes when it is done.
"""

import os
import shutil
import subprocess
import sys

from homes import Archive
from peers import PEERS, STORES, SYNCS, Borg, Find, Peer, Restic, Rsync, emptied, run
from rows import OFFSYNC, Bench, Goal, Row
from timing import Case

MIB = 1 << 20


def before(case: Case, *steps) -> Case:
    """Puts steps before what a case does before it is measured."""
    own = case.before

    def all_steps() -> None:
        for step in steps:
            step()
        own()

    case.before = all_steps
    return case


def first_time(bench: Bench, name: str, folder: str, what: str) -> tuple[Row, Row]:
    """Indexes a folder that nobody waits for, then indexes and sends it all; leaves the peers' stores filled."""
    archive = bench.archive(name, folder)
    index_cases = [archive.sync_case(archive.pep, OFFSYNC, archive.begin)]
    if shutil.which("b3sum"):
        hashes = f"find {folder} -path {folder}/.offsync -prune -o -type f -print0 | xargs -0 b3sum"
        index_cases.append(Case("b3sum", ["sh", "-c", hashes]))
    index = Row(f"First index without sending, {what}", bench.measure(index_cases, 1))
    sending = [archive.sync_case(archive.pep, OFFSYNC, archive.begin_with_invitation)]
    sending += [before(peer.save(), peer.begin) for peer in bench.peers(name, folder, [Rsync, *STORES])]
    return index, Row(f"First changeset (index, seal and send all), {what}", bench.measure(sending, 1))


def nothing_changed(bench: Bench, name: str, folder: str, what: str, kinds: list[type[Peer]]) -> Row:
    """Syncs two homes until they rest, fills the peers' stores, and asks all of them once more."""
    archive = bench.archive(name, folder)
    archive.begin()
    archive.pep.sync()
    archive.add_second_home()
    cases = [archive.sync_case(archive.pep, OFFSYNC)]
    for peer in bench.peers(name, folder, kinds):
        if not isinstance(peer, (Restic, Borg)):
            peer.begin()
            run(peer.save())
        cases.append(peer.save())
    return Row(f"Nothing changed, {what}", bench.measure(cases, bench.sizes.rounds, warm=True))


def small_files(bench: Bench) -> list[Row]:
    files = bench.sizes.files
    name, what = "tree", f"{files:,} small files"
    folder = bench.data("tree", name, "--files", str(files))
    index, sending = first_time(bench, name, folder, what)
    index.beside("CPU", 1.0, "cpu_s", "b3sum")
    index.peak(60)
    sending.beside("CPU (five times faster)", 0.2, "cpu_s", "restic")
    sending.peak(60)
    sending.notes.append("The goal beside conserve cannot be tried: Debian has no conserve.")
    idle = nothing_changed(bench, name, folder, what, PEERS)
    idle.beside("CPU", 1.0, "cpu_s", "find -printf")
    idle.beside("wall", 0.6, "wall_s", "find -printf")
    idle.peak(60)
    bench.drop(name)
    return [index, sending, idle]


def growth(bench: Bench) -> list[Row]:
    """Asks archives of several sizes whether anything changed, and compares what one file costs."""
    rows, costs = [], []
    for files in bench.sizes.growth:
        name = f"growth-{files}"
        folder = bench.data("tree", name, "--files", str(files))
        row = nothing_changed(bench, name, folder, f"growth to {files:,} files", [Find])
        costs.append(row.samples[OFFSYNC].cpu_s / files * 1e6)
        row.notes.append(f"Offsync: {costs[-1]:.1f} us of CPU a file.")
        rows.append(row)
        bench.drop(name)
    if rows:
        least, most = bench.sizes.growth[0], bench.sizes.growth[-1]
        what = f"CPU a file at {most:,} beside {least:,}"
        rows[-1].goals.append(Goal(what, costs[-1] / max(costs[0], 0.001), 1.3))
    return rows


def photos(bench: Bench) -> list[Row]:
    name, what = "photos", f"{bench.sizes.photos:,} photos"
    folder = bench.data("photos", name, "--files", str(bench.sizes.photos))
    size_bytes = sum(os.path.getsize(f"{base}/{file}") for base, _, files in os.walk(folder) for file in files)
    index, sending = first_time(bench, name, folder, what)
    index.beside("wall", 1.3, "wall_s", "b3sum")
    sending.beside("CPU", 0.5, "cpu_s", "borg")
    sent_bytes = sending.samples[OFFSYNC].sent_bytes or 0
    sending.goals.append(Goal("bytes sent, beside those of the photos", sent_bytes / size_bytes, 1.001))
    idle = nothing_changed(bench, name, folder, what, PEERS)
    idle.goals.append(Goal("wall", idle.samples[OFFSYNC].wall_s * 1000, 20, "ms"))
    idle.goals.append(Goal("CPU", idle.samples[OFFSYNC].cpu_s * 1000, 20, "ms"))
    bench.drop(name)
    return [index, sending, idle]


def two_homes(bench: Bench, name: str, folder: str) -> tuple[Archive, list[Peer]]:
    """Begins an archive that a second home holds, too, and the peers' stores of the same."""
    archive = bench.archive(name, folder)
    archive.begin()
    archive.pep.sync()
    archive.add_second_home()
    peers = bench.peers(name, folder, SYNCS)
    for peer in peers:
        peer.begin()
        run(peer.save())
    return archive, peers


def large_file(bench: Bench) -> list[Row]:
    """Edits a large file three times; each edit goes up from one home and down to the other."""
    name, size_bytes = "image", bench.sizes.image_bytes
    folder = bench.data("image", name, "--bytes", str(size_bytes))
    archive, peers = two_homes(bench, name, folder)
    rows = []
    for kind, ideal_bytes, limit in (("in-place", MIB, 1.06), ("insert", 1024, 64.0), ("append", MIB, 1.06)):
        bench.python("datasets.py", "edit", folder, "--kind", kind)
        cases = [archive.sync_case(archive.pep, OFFSYNC), *(peer.save() for peer in peers)]
        up = Row(f"A file of {size_bytes / 1e6:,.0f} MB edited ({kind}), up", bench.measure(cases, 1))
        sent_bytes = up.samples[OFFSYNC].sent_bytes or 0
        up.goals.append(Goal(f"bytes sent, beside the {ideal_bytes:,} that are new", sent_bytes / ideal_bytes, limit))
        up.beside("CPU", 0.5, "cpu_s", "restic")
        up.peak(100)
        down = Row(up.title[:-2] + "down", bench.measure([archive.sync_case(archive.anna, OFFSYNC)], 1))
        down.peak(100)
        rows += [up, down]
        archive.settle()
    prove_equal(bench, archive)
    bench.drop(name)
    return rows


def day_of_changes(bench: Bench) -> list[Row]:
    """Plays days of changes; each goes up from one home and down to the other, and through the peers' stores."""
    name, files = "day", bench.sizes.day_files
    folder = bench.data("tree", name, "--files", str(files))
    archive, peers = two_homes(bench, name, folder)
    rows = []
    for day in range(1, bench.sizes.days + 1):
        rows += one_day(bench, archive, peers, day)
    prove_equal(bench, archive)
    bench.drop(name)
    return rows


def one_day(bench: Bench, archive: Archive, peers: list[Peer], day: int) -> list[Row]:
    folder, note = archive.pep.folder, f"{bench.root}/note"
    with_zstd = shutil.which("zstd") is not None
    if with_zstd:
        bench.python("ideal.py", "note", folder, note)
    changed = bench.python("datasets.py", "day", folder, "--seed", str(day))
    what = f"{bench.sizes.day_files:,} files, day {day}"
    cases = [archive.sync_case(archive.pep, OFFSYNC), *(peer.save() for peer in peers)]
    up = Row(f"A day of changes up, {what}", bench.measure(cases, 1))
    up.notes.append(", ".join(f"{count:,} {kind}" for kind, count in changed.items()) + ".")
    up.goals.append(Goal("objects", up.samples[OFFSYNC].objects or 0, 4, "objects"))
    if with_zstd:
        ideal = bench.python("ideal.py", "bytes", folder, note)
        whole = sum(ideal.values())
        up.goals.append(Goal("bytes sent, beside the ideal", (up.samples[OFFSYNC].sent_bytes or 0) / whole, 1.1))
        up.notes.append(f"Ideal: {whole:,} bytes ({ideal['content']:,} of contents, {ideal['list']:,} for the list).")
    up.notes.append("The goal beside conserve cannot be tried: Debian has no conserve.")
    cases = [archive.sync_case(archive.anna, OFFSYNC)]
    for peer in peers:
        into = f"{peer.store}/restored"
        if peer.program != "rclone":
            emptied(into)
        case = peer.restore(into) if day > 1 or peer.program != "rclone" else first_mirror(peer, archive, into)
        cases += [case] if case else []
    down = Row(f"A day of changes down, {what}", bench.measure(cases, 1))
    down.notes.append("restic and borg restore everything into an empty folder: these versions know no other way.")
    down.beside("CPU", 0.1, "cpu_s", "restic")
    for row in (up, down):
        row.peak(60)
    archive.settle()
    return [up, down]


def first_mirror(peer: Peer, archive: Archive, into: str) -> Case | None:
    """Gives rclone's other copy the state of before the day, which is that of the home that has not synced yet."""
    subprocess.run(["cp", "-a", archive.anna.folder, into], check=True)
    shutil.rmtree(f"{into}/.offsync")
    return peer.restore(into)


def prove_equal(bench: Bench, archive: Archive) -> None:
    """Ends everything if the two homes differ: figures of something that does not work are worth nothing."""
    both = [bench.python("datasets.py", "digest", home.folder) for home in (archive.pep, archive.anna)]
    if both[0] != both[1]:
        sys.exit("the two homes differ after the changes went up and down")


PARTS = {
    "small": small_files,
    "day": day_of_changes,
    "large": large_file,
    "photos": photos,
    "growth": growth,
}
