"""The figures as Markdown: one table of goals, then one table for each row."""

import os

from rows import OFFSYNC, Goal, Row

BEGIN, END = "<!-- figures of make bench -->", "<!-- end of the figures -->"


def amount(goal: Goal) -> str:
    return f"{goal.value:,.3f} x" if goal.unit == "x" else f"{goal.value:,.0f} {goal.unit}"


def limit(goal: Goal) -> str:
    return f"{goal.limit:,.3g} {goal.unit}"


def verdict(goal: Goal) -> str:
    return "holds" if goal.value <= goal.limit else f"misses, {goal.value / goal.limit:,.2f} times the goal"


def goals(rows: list[Row]) -> list[str]:
    lines = ["| what | figure | measured | goal | |", "|---|---|---|---|---|"]
    for row in rows:
        for goal in row.goals:
            cells = (row.title, goal.what, amount(goal), f"<= {limit(goal)}", verdict(goal))
            lines.append(f"| {' | '.join(cells)} |")
    return lines


def table(row: Row) -> list[str]:
    head = "| program | CPU s | wall s | peak MiB | bytes sent | objects | Offsync's CPU beside it |"
    lines = [f"### {row.title}", "", head, "|---|---|---|---|---|---|---|"]
    own = row.samples[OFFSYNC]
    for name, sample in row.samples.items():
        ratio = "" if name == OFFSYNC else f"{own.cpu_s / max(sample.cpu_s, 0.001):,.2f} x"
        sent = "" if sample.sent_bytes is None else f"{sample.sent_bytes:,}"
        objects = "" if sample.objects is None else f"{sample.objects:,}"
        figures = f"{sample.cpu_s:.3f} | {sample.wall_s:.3f} | {sample.peak_mib:.0f}"
        lines.append(f"| {name} | {figures} | {sent} | {objects} | {ratio} |")
    return [*lines, "", *(f"{note}\n" for note in row.notes)]


def document(rows: list[Row], facts: list[str]) -> str:
    parts = [*facts, "", *goals(rows), ""]
    for row in rows:
        parts += table(row)
    return "\n".join(parts).rstrip() + "\n"


def write(path: str, text: str) -> None:
    """Puts the figures between their marks in a document, and leaves what people wrote around them."""
    before, after = "", ""
    if os.path.exists(path):
        with open(path) as file:
            old = file.read()
        before, found, rest = old.partition(BEGIN)
        after = rest.partition(END)[2] if found else ""
    with open(path, "w") as file:
        file.write(f"{before}{BEGIN}\n\n{text}\n{END}{after or chr(10)}")
