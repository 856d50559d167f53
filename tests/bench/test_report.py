"""What is measured, as it is kept and shown."""

import pytest

from bench import report, results
from bench.load import Load
from bench.measure import Cost, Sample, Ticks
from bench.results import Results, Run, Table


def sample(players: int, *, patches: float = 20.0, gap_ms: float = 55.0) -> Sample:
    """Two seconds in which the contender had half of its core."""
    load = Load(
        **dict.fromkeys(Load.__struct_fields__, 0.0)
        | {"players": players, "seconds": 2.0, "lost": {}, "patches_min": patches}
        | {"gap_ms_p99": gap_ms, "cpu_share": 0.25, "applied": 5, "asked_again": 0}
    )
    return Sample(load, {"server": Cost(0.75, 0.25, 0.0, 80.0)}, {}, Ticks(), 1.0)


def run(number: int, held: int) -> Run:
    steps = [sample(held - 10), sample(held), sample(held + 10, patches=19.4)]
    return Run("one", number, 50.0, [30.0, 40.0], [5.0], steps[0], steps)


@pytest.fixture
def found() -> Results:
    runs = [run(0, 110), run(1, 130), run(2, 120)]
    table = Table("Another", ["", "µs"], [["here", "12"]], ["It was noisy."])
    return Results(
        {"cpu": "one of many"}, {"one": "The first", "two": "The second"}, runs, {"another": table}
    )


def test_what_holds_is_what_every_client_got_in_time():
    assert sample(10).holds
    assert not sample(10, patches=19.4).holds
    assert not sample(10, gap_ms=75.0).holds


def test_cost_is_for_each_client_and_tick():
    assert sample(100).us_a_tick == pytest.approx(1e6 / (100 * 2 * 20))


def test_a_run_holds_its_largest_step_that_held():
    assert run(0, 110).held == 110


def test_tables_show_the_middle_and_the_ends_of_several_runs(found):
    assert "| The first | 120 (110–130) |" in report.compared(found, report.COSTS)
    assert "The second" not in report.compared(found, report.COSTS)


def test_one_that_is_missing_is_named(found):
    found.missing["two"] = "npm is not installed"
    assert "The second: left out (npm is not installed)." in report.text(found)


def test_results_are_what_they_were_once_they_are_read_again(found, tmp_path):
    results.save(found, tmp_path / "results.json")
    assert results.load(tmp_path / "results.json") == found


def test_only_what_stands_between_the_marks_is_replaced(found):
    page = f"# A page\n\n{report.BEGIN}\nold\n{report.END}\n\nThe rest.\n"
    shown = report.rendered(page, found)
    assert shown.startswith(f"# A page\n\n{report.BEGIN}\n")
    assert shown.endswith(f"{report.END}\n\nThe rest.\n")
    assert "old" not in shown
    assert "### Another\n\n|  | µs |\n|---|---:|\n| here | 12 |\n\nIt was noisy." in shown
    assert report.rendered(shown, found) == shown


def test_a_page_without_marks_is_left_alone(found):
    with pytest.raises(ValueError, match="lacks"):
        report.rendered("# A page\n", found)


def test_the_plot_is_the_same_for_the_same_results(found, tmp_path):
    report.plot(found, tmp_path / "one.svg")
    report.plot(found, tmp_path / "two.svg")
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
    assert b"<svg" in (tmp_path / "one.svg").read_bytes()
