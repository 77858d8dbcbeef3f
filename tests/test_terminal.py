"""What a terminal is shown of a word, and of work that takes long."""

import pytest

from embviz.cli.terminal import brief, choose_progress, progress, shown


def test_what_a_terminal_is_shown() -> None:
    assert shown("a\x1b\x07\r\n\u202e\u2028\ud800b") == "a" + "�" * 7 + "b"
    plain = "naïve 国　家 می‌خواهم 👩‍💻 🏴󠁧󠁢󠁥󠁮󠁧󠁿 c++"
    assert shown(plain) == plain
    assert brief("x" * 60) == "x" * 60 and brief("x" * 61) == "x" * 59 + "…"


def test_lines_of_progress_end_with_all_that_was_done(capsys: pytest.CaptureFixture[str]) -> None:
    choose_progress("lines")
    try:
        with progress() as report:
            for done in (0.02, 0.5, 0.9):
                report("reading", done, f"{done * 100:.0f} words")
            report("placing", 1.0, "")
            report("measuring", 0.5, "")
        with pytest.raises(KeyboardInterrupt), progress() as report:
            report("reading", 0.1, "")
            raise KeyboardInterrupt
    finally:
        choose_progress("bar")
    assert capsys.readouterr().err.splitlines() == [
        "reading 2%  2 words", "reading 100%  90 words", "placing 100%", "measuring 50%", "measuring 100%",
        "reading 10%",
    ]  # fmt: skip
