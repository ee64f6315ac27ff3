"""What make bench does, in small: its figures are no test's, that they are measured and judged is its own."""

from bench.pipeline.figures import Figure, Section, report
from bench.pipeline.histories import histories


def test_a_history_is_played_to_its_end() -> None:
    section = histories(0.1)
    assert [figure.passes for figure in section.figures] == [True] * 6


def test_a_bar_that_is_missed_is_told_first() -> None:
    text = report([Section("Some", "By hand.", [Figure("less", 1, 2), Figure("more", 3, 2, "{:.0f} s")])], quick=True)
    assert "Missed: Some: more." in text
    assert "| more | 3 s | 2 s | FAIL |" in text
    assert "| less | 1.00 | 2.00 | pass |" in text
