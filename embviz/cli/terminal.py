"""What the shell shows: progress, tables, JSON. Words from files are printed as they are, never as markup or codes."""

from __future__ import annotations

import json
import os
import re
import sys
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from embviz.progress import Report

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

STYLES = ("bar", "lines", "json")
_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
_JOINERS = "\u200c\u200d" + "".join(map(chr, range(0xE0020, 0xE0080)))  # of letters; of emoji; the flags of regions
_CODES = re.compile("[\x7f-\x9f]")  # some terminals obey them; JSON escapes only those below 32
_style = {"progress": "bar"}  # set once, by the shell's own --progress, before any command runs


def open_streams() -> None:
    """Make the three streams of the process usable: where one is closed it leads nowhere, and what the encoding of a
    terminal cannot show is spelt out (\\u56fd).
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115  open as long as the process
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]


def choose_progress(style: str) -> None:
    """How progress is shown from now on: as a bar, as lines for a log, or as JSON for another program."""
    _style["progress"] = style


@contextmanager
def progress() -> Iterator[Report]:
    """A listener that shows how far long work is, on standard error."""
    if _style["progress"] == "json":
        yield _json_lines()
    elif _style["progress"] == "bar" and err.is_terminal:
        with _bars() as report:
            yield report
    else:
        with _lines() as report:
            yield report


def say(text: str) -> None:
    """A line on standard output."""
    out.print(Text(shown(text)), soft_wrap=True)


def counted(n: int, what: str) -> str:
    """1 word, 2 words, 1,000 words."""
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def complain(text: str) -> None:
    """An error: one sentence on standard error."""
    text = shown(" ".join(text.split("\n")))
    if _style["progress"] == "json":
        sys.stderr.write(json.dumps({"error": text}, ensure_ascii=False) + "\n")
    else:
        err.print(Text("error: ", style="bold red") + Text(text), soft_wrap=True)


def dump(record: Any) -> None:
    """A record as JSON on standard output."""
    readable = sys.stdout.encoding.lower() in ("utf-8", "utf8")
    text = json.dumps(record, ensure_ascii=not readable)
    sys.stdout.write(_CODES.sub(lambda code: f"\\u{ord(code[0]):04x}", text) + "\n")


def table(columns: list[str], rows: list[list[Any]], title: str | None = None) -> None:
    """A table whose cells are plain text; numbers stand to the right."""
    grid = Table(title=Text(shown(title)) if title else None, title_justify="left", box=None, pad_edge=False)
    for i, name in enumerate(columns):
        right = bool(rows) and not isinstance(rows[0][i], str)
        grid.add_column(Text(name, style="dim"), justify="right" if right else "left", overflow="fold")
    for row in rows:
        grid.add_row(*[Text(shown(f"{cell:,}" if isinstance(cell, int) else str(cell))) for cell in row])
    out.print(grid)


def shown(text: str) -> str:
    """A text that cannot command the terminal: what is a control character, turns the direction of writing, or is no
    character at all becomes \ufffd. What joins letters and emoji stays.
    """
    return "".join("\ufffd" if unicodedata.category(c) in _UNSEEN and c not in _JOINERS else c for c in text)


def stream(text: str) -> None:
    """A piece of a longer text on standard output, at once; its ends of lines are kept."""
    sys.stdout.write("\n".join(map(shown, text.split("\n"))))
    sys.stdout.flush()


def brief(text: str) -> str:
    """The beginning of a text that is too long for a table."""
    return text if len(text) <= 60 else text[:59] + "…"


def _json_lines() -> Report:
    """A line a report, five in a second at most; `left` is how many seconds the stage still takes at its pace."""
    last: dict[str, Any] = {"time": 0.0, "stage": ""}

    def report(stage: str, done: float, note: str = "") -> None:
        now = time.monotonic()
        if stage != last["stage"]:
            last.update(began=now, first=done)
        if stage != last["stage"] or now - last["time"] > 0.2:
            last.update(time=now, stage=stage)
            pace = (done - last["first"]) / max(1e-9, now - last["began"])
            left = {"left": round((1 - done) / pace, 1)} if pace > 0 else {}
            sys.stderr.write(json.dumps({"stage": stage, "done": round(done, 4), "note": note, **left}) + "\n")
            sys.stderr.flush()

    return report


@contextmanager
def _lines() -> Iterator[Report]:
    """A line every five seconds, the first of each stage and its last, which is that all of it is done."""
    last: dict[str, Any] = {"time": 0.0, "stage": "", "shown": "", "note": ""}

    def show(stage: str, done: float, note: str) -> None:
        last.update(time=time.monotonic(), stage=stage, shown=f"{done:.0%}")
        err.print(Text(f"{stage} {done:.0%}  {note}".rstrip()), soft_wrap=True)

    def end() -> None:
        if last["stage"] and last["shown"] != "100%":
            show(last["stage"], 1.0, last["note"])

    def report(stage: str, done: float, note: str = "") -> None:
        if stage != last["stage"]:
            end()
        if stage != last["stage"] or time.monotonic() - last["time"] > 5:
            show(stage, done, note)
        last["note"] = note

    yield report
    end()


@contextmanager
def _bars() -> Iterator[Report]:
    columns = (
        TextColumn("{task.description:<22}", markup=False),
        BarColumn(30),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", markup=False),
    )
    with Progress(*columns, console=err) as bars:
        tasks: dict[str, Any] = {}

        def report(stage: str, done: float, note: str = "") -> None:
            if stage not in tasks:
                for task in tasks.values():
                    bars.update(task, completed=1.0)
                tasks[stage] = bars.add_task(stage, total=1.0, note="")
            bars.update(tasks[stage], completed=done, note=note)

        yield report
        for task in tasks.values():
            bars.update(task, completed=1.0)
