"""Data sets and days of changes that follow from a seed alone, down to the nanosecond of each time.

Runs as a program of its own (`datasets.py tree FOLDER --files 20000`), so that whoever measures stays small: a process
that is started counts the memory of who started it among its own peak.
"""

import argparse
import hashlib
import itertools
import json
import math
import os
import random
import shutil

MADE_FROM_S = 1_420_070_400  # 2015-01-01
MADE_WITHIN_S = 9 * 365 * 86_400
CHANGED_FROM_S = 1_735_689_600  # 2025-01-01
DAY_S = 86_400
MIB = 1 << 20

SYLLABLES = (
    "ba be bi bo bu da de di do du fa fe fi ka ke ki ko la le li lo lu ma me mi mo mu na ne ni no nu pa pe po "
    "ra re ri ro ru sa se si so su ta te ti to tu va ve vi za ze zo sch ing er en tion"
).split()
EXTENSIONS = (".txt", ".json", ".js", ".rs", ".md", ".xml", ".c", ".png")
SMALL_BYTES_MAX = 8192
FOLDER_DEPTH_MAX = 7
OWN_FOLDER = ".offsync"


def dice(*key: object) -> random.Random:
    """Gives a source of numbers that follows from its key alone."""
    return random.Random(hashlib.blake2b(repr(key).encode(), digest_size=16).digest())


class Prose:
    """Text that shrinks about as people's text does: frequent words are frequent, and phrases come again."""

    def __init__(self, seed: int):
        source = dice(seed, "vocab")
        lengths = (1, 2, 2, 3, 3, 4)
        self.words = ["".join(source.choice(SYLLABLES) for _ in range(source.choice(lengths))) for _ in range(12_000)]
        self.weights = list(itertools.accumulate(1.0 / (rank + 2.7) ** 1.02 for rank in range(len(self.words))))
        source = dice(seed, "pool")
        self.phrases = [self.draw(source, source.randint(5, 18)).capitalize() + ". " for _ in range(6000)]

    def draw(self, source: random.Random, count: int) -> str:
        return " ".join(source.choices(self.words, cum_weights=self.weights, k=count))

    def text(self, source: random.Random, size_bytes: int) -> bytes:
        parts, length = [], 0
        while length < size_bytes:
            is_known = source.random() < 0.25
            parts.append(source.choice(self.phrases) if is_known else self.draw(source, 120) + ".\n")
            length += len(parts[-1])
        return "".join(parts).encode()[:size_bytes]


def put(path: str, content: bytes, time_ns: int) -> None:
    with open(path, "wb") as file:
        file.write(content)
    os.utime(path, ns=(time_ns, time_ns))


def moment_ns(source: random.Random, from_s: int = MADE_FROM_S, within_s: int = MADE_WITHIN_S) -> int:
    return (from_s + source.randrange(within_s)) * 10**9 + source.randrange(10**9)


def make_photos(folder: str, seed: int, files: int) -> None:
    """Makes files of about 3.3 MB that do not shrink, in folders by year and day."""
    source, made, mean_bytes = dice(seed, "photos"), 0, 2e9 / 600
    while made < files:
        year, month, day = 2016 + made * 8 // files, source.randint(1, 12), source.randint(1, 28)
        below = f"{folder}/{year}/{month:02}-{day:02}"
        os.makedirs(below, exist_ok=True)
        for _ in range(min(files - made, source.randint(5, 30))):
            own = dice(seed, "photo", made)
            content = own.randbytes(int(mean_bytes * own.uniform(0.87, 1.15)))
            put(f"{below}/IMG_{made:05}.JPG", content, moment_ns(own))
            made += 1


def small_size(source: random.Random) -> int:
    """Draws the size of a small file: 900 bytes in the middle, 1 % are empty."""
    is_empty = source.random() < 0.01
    return 0 if is_empty else min(SMALL_BYTES_MAX, int(source.lognormvariate(math.log(900), 1.15)))


def make_folders(folder: str, source: random.Random, prose: Prose, count: int) -> list[str]:
    folders, depths = [folder], [0]
    while len(folders) < count:
        # The first forty lie at the top, so that some are much larger than others.
        above = source.randrange(len(folders)) if len(folders) > 40 else 0
        if depths[above] < FOLDER_DEPTH_MAX:
            folders.append(f"{folders[above]}/{source.choice(prose.words)}-{len(folders)}")
            depths.append(depths[above] + 1)
    for path in folders:
        os.makedirs(path, exist_ok=True)
    return folders


def make_tree(folder: str, seed: int, files: int) -> None:
    """Makes small files, 20 to a folder, up to seven folders deep; one in eight does not shrink."""
    prose = Prose(seed)
    text = prose.text(dice(seed, "blob"), 4 * MIB)
    source = dice(seed, "tree")
    folders = make_folders(folder, source, prose, files // 20)
    for number in range(files):
        below, size_bytes = folders[source.randrange(len(folders))], small_size(source)
        extension = source.choice(EXTENSIONS)
        if extension == ".png":
            content = source.randbytes(size_bytes)
        else:
            start = source.randrange(len(text) - SMALL_BYTES_MAX)
            content = (b"%08d" % number + text[start : start + size_bytes])[:size_bytes]
        put(f"{below}/f{number:06}{extension}", content, moment_ns(source))


def make_image(folder: str, seed: int, size_bytes: int) -> None:
    """Makes one large file `vm.img`: 60 % do not shrink, 25 % are text, 15 % zeroes."""
    source = dice(seed, "vm")
    text = Prose(seed).text(source, 24 * MIB)
    with open(f"{folder}/vm.img", "wb") as file:
        for left in range(size_bytes, 0, -MIB):
            file.write(image_piece(source, text, min(left, MIB)))
    os.utime(f"{folder}/vm.img", ns=(MADE_FROM_S * 10**9, MADE_FROM_S * 10**9))


def image_piece(source: random.Random, text: bytes, length: int) -> bytes:
    kind = source.random()
    if kind < 0.60:
        return source.randbytes(length)
    if kind >= 0.85:
        return bytes(length)
    start = source.randrange(len(text) - length)
    piece = bytearray(text[start : start + length])
    for at in range(0, length, 512):  # No two blocks are alike by accident.
        piece[at : at + 8] = source.randbytes(8)[: max(0, min(8, length - at))]
    return bytes(piece)


def edit_image(folder: str, seed: int, kind: str) -> None:
    """Writes 1 MiB over a third of the file, inserts 1 KiB near its beginning, or appends 1 MiB."""
    path, source = f"{folder}/vm.img", dice(seed, "vmedit", kind)
    size_bytes = os.path.getsize(path)
    if kind == "in-place":
        with open(path, "r+b") as file:
            file.seek(size_bytes // 3 // 4096 * 4096 + 1234)
            file.write(source.randbytes(MIB))
    elif kind == "append":
        with open(path, "ab") as file:
            file.write(source.randbytes(MIB))
    elif kind == "insert":
        with open(path, "rb") as file, open(path + ".new", "wb") as new:
            new.write(file.read(10 * MIB))
            new.write(source.randbytes(1024))
            shutil.copyfileobj(file, new, MIB)
        os.replace(path + ".new", path)
    time_ns = (CHANGED_FROM_S + ("in-place", "insert", "append").index(kind)) * 10**9
    os.utime(path, ns=(time_ns, time_ns))


def walk(folder: str) -> list[str]:
    """Lists the files of a folder, ordered, without what Offsync keeps there."""
    found = []
    for base, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != OWN_FOLDER)
        found += (os.path.relpath(os.path.join(base, name), folder) for name in files)
    return sorted(found)


def part(count: int, share: float) -> int:
    return max(1, round(count * share))


def change_for_a_day(folder: str, seed: int) -> dict[str, int]:
    """Modifies and deletes half a percent of the files, moves and adds one percent, renames folders with a tenth."""
    source, files = dice(seed, "mutate"), walk(folder)
    few, more = part(len(files), 0.005), part(len(files), 0.01)
    picked = source.sample(files, few + few + more)
    modified, deleted, moved = picked[:few], picked[few : 2 * few], picked[2 * few :]
    for path in modified:
        modify(f"{folder}/{path}", source)
    for path in deleted:
        os.unlink(f"{folder}/{path}")
    folders = sorted({os.path.dirname(path) for path in files})
    for path in moved:
        stem, extension = os.path.splitext(os.path.basename(path))
        os.rename(f"{folder}/{path}", f"{folder}/{source.choice(folders)}/{stem}.moved{extension}")
    gone = {*deleted, *moved}
    left = [path for path in files if path not in gone]
    sizes = [os.path.getsize(f"{folder}/{path}") for path in source.sample(left, min(500, len(left)))]
    for number in range(more):
        add(folder, source, number, source.choice(sizes), folders, seed)
    renamed = rename_folders(folder, len(files), seed)
    return {"added": more, "modified": few, "deleted": few, "moved": more, "in renamed folders": renamed}


def modify(path: str, source: random.Random) -> None:
    size_bytes = os.path.getsize(path)
    with open(path, "r+b") as file:
        file.seek(size_bytes // 2)
        file.write(source.randbytes(max(16, min(65_536, size_bytes // 10))))
    time_ns = moment_ns(source, CHANGED_FROM_S, DAY_S)
    os.utime(path, ns=(time_ns, time_ns))


def add(folder: str, source: random.Random, number: int, size_bytes: int, folders: list[str], seed: int) -> None:
    line = b"new text line %d\n" % number
    is_noise = number % 2 or size_bytes > MIB
    content = source.randbytes(size_bytes) if is_noise else (line * (size_bytes // 15 + 1))[:size_bytes]
    name = f"new{seed}-{number:05}.dat"
    put(f"{folder}/{source.choice(folders)}/{name}", content, moment_ns(source, CHANGED_FROM_S, DAY_S))


def rename_folders(folder: str, files: int, seed: int) -> int:
    """Renames folders, the largest that fit first, until about a tenth of the files lies below them."""
    counts: dict[str, int] = {}
    for path in walk(folder):
        parts = path.split("/")[:-1]
        for depth in range(1, len(parts) + 1):
            above = "/".join(parts[:depth])
            counts[above] = counts.get(above, 0) + 1
    left, chosen = files * 0.10, []
    for path, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        is_inside = any(f"{path}/".startswith(f"{other}/") or f"{other}/".startswith(f"{path}/") for other in chosen)
        if count <= left * 1.05 and not is_inside:
            chosen.append(path)
            left -= count
        if left < files * 0.005 or len(chosen) >= 8:
            break
    for path in chosen:
        os.rename(f"{folder}/{path}", f"{folder}/{path}-renamed{seed}")
    return sum(counts[path] for path in chosen)


def digest(folder: str) -> str:
    """Gives one hash over all paths, sizes, times and contents: two copies are equal when theirs are."""
    whole = hashlib.blake2b(digest_size=16)
    for path in walk(folder):
        stat = os.stat(f"{folder}/{path}")
        with open(f"{folder}/{path}", "rb") as file:
            content = hashlib.file_digest(file, "blake2b").hexdigest()
        whole.update(f"{path}\0{stat.st_size}\0{stat.st_mtime_ns}\0{content}".encode())
    return whole.hexdigest()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("what", choices=["photos", "tree", "image", "edit", "day", "digest"])
    arguments.add_argument("folder")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--files", type=int, default=0)
    arguments.add_argument("--bytes", type=int, default=0)
    arguments.add_argument("--kind", choices=["in-place", "insert", "append"])
    chosen = arguments.parse_args()
    folder, seed = chosen.folder, chosen.seed
    os.makedirs(folder, exist_ok=True)
    if chosen.what == "photos":
        make_photos(folder, seed, chosen.files)
    elif chosen.what == "tree":
        make_tree(folder, seed, chosen.files)
    elif chosen.what == "image":
        make_image(folder, seed, chosen.bytes)
    elif chosen.what == "edit":
        edit_image(folder, seed, chosen.kind)
    elif chosen.what == "day":
        print(json.dumps(change_for_a_day(folder, seed)))
    else:
        print(json.dumps(digest(folder)))


if __name__ == "__main__":
    main()
