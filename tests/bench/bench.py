#!/usr/bin/env python3
"""Measures Offsync beside the programs that people use today, in one run, by whole processes.

Builds the program, makes data sets that follow from a seed, and prints CPU, wall, memory, bytes and objects beside the
goals. Asserts nothing about any time, and writes into no folder of the repository unless `--write` says so.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

import peers  # noqa: E402  (what is imported would leave bytecode in the repository otherwise)
import report  # noqa: E402
from parts import PARTS  # noqa: E402
from rows import Bench, Row, Sizes  # noqa: E402

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SMALL = Sizes(8_000, 5_000, 50, 100_000_000, (2_000, 8_000), rounds=3, days=1)
FULL = Sizes(200_000, 50_000, 600, 2_000_000_000, (10_000, 50_000, 200_000), rounds=3, days=2)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="the sizes of the goals (an hour, 20 GB in --work)")
    parser.add_argument("--files", type=int, help="small files")
    parser.add_argument("--day-files", type=int, help="files that a day of changes happens to")
    parser.add_argument("--photos", type=int, help="photos of 3.3 MB")
    parser.add_argument("--image-bytes", type=int, help="bytes of the large file")
    parser.add_argument("--growth", help="sizes, such as 10000,50000,200000")
    parser.add_argument("--rounds", type=int, help="runs of what can be repeated; medians are shown")
    parser.add_argument("--days", type=int, help="days of changes, one after the other")
    parser.add_argument("--only", choices=list(PARTS), action="append", help="some of the parts")
    parser.add_argument("--work", help="where data sets are made (a new folder there is removed afterwards)")
    parser.add_argument("--program", help="an offsync that is built already")
    parser.add_argument("--write", metavar="FILE", help="put the figures between their marks in this document, too")
    return parser.parse_args()


def chosen_sizes(chosen: argparse.Namespace) -> Sizes:
    base = FULL if chosen.full else SMALL
    growth = tuple(int(size) for size in chosen.growth.split(",")) if chosen.growth else base.growth
    return Sizes(
        chosen.files or base.files,
        chosen.day_files or base.day_files,
        chosen.photos or base.photos,
        chosen.image_bytes or base.image_bytes,
        growth,
        chosen.rounds or base.rounds,
        chosen.days or base.days,
    )


def build() -> str:
    subprocess.run(["cargo", "build", "--release", "--package", "offsync-cli"], cwd=REPOSITORY, check=True)
    target = os.environ.get("CARGO_TARGET_DIR", f"{REPOSITORY}/target")
    return os.path.join(REPOSITORY, target, "release", "offsync")


def facts(program: str, load_before: float) -> list[str]:
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    versions = ", ".join(peer.version() for peer in peers.installed(peers.PEERS))
    away = [*peers.absent(), *(name for name in ("b3sum", "zstd") if not shutil.which(name))]
    lines = [
        f"{version}; {versions}.",
        f"Not installed and left out: {', '.join(away)}." if away else "",
        f"{os.cpu_count()} cores; load {load_before:.1f} before and {os.getloadavg()[0]:.1f} after. Caches are warm.",
    ]
    return [line for line in lines if line]


def main() -> None:
    chosen = arguments()
    program = os.path.abspath(chosen.program) if chosen.program else build()
    load_before = os.getloadavg()[0]
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="offsync-bench-", dir=chosen.work) as root:
        bench = Bench(program, root, chosen_sizes(chosen))
        for name in chosen.only or PARTS:
            print(f"measuring {name}", file=sys.stderr, flush=True)
            rows += PARTS[name](bench)
            text = report.document(rows, facts(program, load_before))
            if chosen.write:
                # After each part: an hour's figures are not lost with the last one.
                report.write(chosen.write, text)
    print(text)


if __name__ == "__main__":
    main()
