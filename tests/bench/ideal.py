"""The least that a day of changes can sensibly cost: what is new, compressed as one stream, and a list of the rest.

`ideal.py note FOLDER NOTE` remembers a folder before the day, `ideal.py bytes FOLDER NOTE` says after it what the day
comes to. Files are followed by their inode, so a rename costs its line in the list and nothing else. Needs `zstd`.
"""

import json
import os
import subprocess
import sys

from datasets import walk


def looks(folder: str) -> dict[str, list]:
    """Gives path, size and time of each file by its inode."""
    found = {}
    for path in walk(folder):
        stat = os.stat(f"{folder}/{path}")
        found[str(stat.st_ino)] = [path, stat.st_size, stat.st_mtime_ns]
    return found


def compressed(content: bytes) -> int:
    return len(subprocess.run(["zstd", "-3", "-c", "-q"], input=content, capture_output=True, check=True).stdout)


def cost(folder: str, before: dict[str, list]) -> dict[str, int]:
    """Gives the bytes of the whole new contents, and of the list in which a renamed folder is one line."""
    contents, lines, folders = [], [], {}
    after = looks(folder)
    for inode, (path, size_bytes, time_ns) in sorted(after.items(), key=lambda item: item[1]):
        old = before.get(inode)
        if old is None or old[1:] != [size_bytes, time_ns]:
            with open(f"{folder}/{path}", "rb") as file:
                contents.append(file.read())
            lines.append(f"W {path} {size_bytes} {time_ns}")
        elif old[0] != path and os.path.basename(old[0]) == os.path.basename(path):
            # The folder was renamed, since the name stayed.
            folders[os.path.dirname(old[0])] = os.path.dirname(path)
        elif old[0] != path:
            lines.append(f"M {old[0]} {path}")
    lines += [f"D {old[0]}" for inode, old in before.items() if inode not in after]
    lines += [f"M {old} {new}" for old, new in tops(folders)]
    return {"content": compressed(b"".join(contents)), "list": compressed("\n".join(lines).encode())}


def tops(folders: dict[str, str]) -> list[tuple[str, str]]:
    """Keeps of the renamed folders those whose own name changed: what lies below followed."""
    renamed = set()
    for old, new in folders.items():
        while os.path.basename(old) == os.path.basename(new):
            old, new = os.path.dirname(old), os.path.dirname(new)
        renamed.add((old, new))
    return sorted(renamed)


def main() -> None:
    what, folder, note = sys.argv[1:]
    if what == "note":
        with open(note, "w") as file:
            json.dump(looks(folder), file)
    else:
        with open(note) as file:
            print(json.dumps(cost(folder, json.load(file))))


if __name__ == "__main__":
    main()
