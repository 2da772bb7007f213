"""How much longer a run takes: from what its jobs took, and never before something is known."""

import numpy as np
import pytest

from lacuna.project.time_left import (
    Durations,
    Expected,
    Task,
    about,
    in_words,
    kind_of,
    seconds_left,
)

HEAD = "s\th:m:s\tmax_rss\n"


def alone(*kinds):
    """Return tasks that wait for nothing."""
    return {number: Task("rule", kind, frozenset()) for number, kind in enumerate(kinds)}


def left(tasks, takes, cores=1, done=(), running=None):
    """Return what is left of a run whose jobs took so long before."""
    durations = Durations({kind: [seconds] for kind, seconds in takes.items()})
    return seconds_left(tasks, set(done), running or {}, durations, cores)


def test_jobs_side_by_side_share_the_cores():
    tasks, takes = alone(*"aaaaa"), {"a": 10.0}
    assert left(tasks, takes) == 50
    assert left(tasks, takes, cores=2) == 30
    assert left(tasks, takes, cores=9) == 10
    assert left(tasks, takes, cores=2, done=[0, 1, 2]) == 10


def test_a_long_job_is_not_left_to_the_end():
    assert left(alone(*"bbbba"), {"a": 40.0, "b": 10.0}, cores=2) == 40


def test_jobs_that_wait_for_each_other_do_not_share():
    tasks = {number: Task("rule", "a", frozenset(range(number))) for number in range(4)}
    assert left(tasks, {"a": 10.0}, cores=8) == 40
    assert left(tasks, {"a": 10.0}, cores=8, done=[0, 1]) == 20


def test_what_was_run_of_a_job_is_done_and_an_overdue_one_ends_some_time():
    tasks = alone("a")
    assert left(tasks, {"a": 100.0}, running={0: 30.0}) == 70
    assert left(tasks, {"a": 100.0}, running={0: 400.0}) == 100


def test_a_rule_that_only_names_files_takes_no_time():
    tasks = {0: Task("x", "a", frozenset()), 1: Task("all", "", frozenset([0]))}
    assert left(tasks, {"a": 10.0}) == 10


@pytest.mark.parametrize("seed", range(20))
def test_no_schedule_is_shorter_than_its_bounds_or_longer_than_grahams(seed):
    rng = np.random.default_rng(seed)
    count, cores = 30, int(rng.integers(1, 6))
    takes = {f"k{number}": float(rng.uniform(1, 50)) for number in range(count)}
    tasks = {
        number: Task("r", f"k{number}", frozenset(rng.choice(number, min(number, 2)).tolist()))
        for number in range(count)
    }
    longest = {}
    for number, task in tasks.items():
        before = max((longest[one] for one in task.after), default=0)
        longest[number] = before + takes[task.kind]
    path, work = max(longest.values()), sum(takes.values()) / cores
    told = left(tasks, takes, cores)
    assert max(path, work) - 1e-6 <= told <= path + work + 1e-6


def test_nothing_is_said_in_the_first_jobs_of_a_first_run():
    tasks, durations = alone(*[f"predict/{number}" for number in "abcd" + "e" * 46]), Durations()

    def told(done):
        return seconds_left(tasks, set(range(done)), {}, durations, 1)

    assert told(0) is None
    for number, letter in enumerate("ab"):
        durations.learn(f"predict/{letter}", 10)  # says little of others of its rule
        assert told(number + 1) is None
    assert told(24) is None
    assert told(25) == 25 * 10  # half is done: there is no more to go by
    durations.learn("predict/c", 40)  # three alike say something
    assert told(3) == pytest.approx(47 * 20)
    durations.learn("predict/e", 60)
    assert told(4) == 46 * 60


def test_at_the_end_nothing_is_left_to_tell():
    tasks = {0: Task("x", "a", frozenset()), 1: Task("all", "", frozenset([0]))}
    assert left(tasks, {"a": 10.0}, done=[0]) is None


def write(folder, dataset, job, *seconds):
    path = folder / dataset / "benchmarks" / f"{job}.tsv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEAD + "".join(f"{one}\t0:00:01\t90\n" for one in seconds))


def test_kinds_are_told_apart_by_all_but_numbers():
    kind = kind_of("results/demo/benchmarks/predict_folds/large_drugs_kernel_12.tsv")
    assert kind == kind_of("results/demo/benchmarks/predict_folds/large_drugs_kernel_3.tsv")
    assert kind != kind_of("results/demo/benchmarks/predict_folds/large_drugs_blend_12.tsv")


def test_an_earlier_run_of_the_data_set_is_believed_at_once(tmp_path):
    write(tmp_path, "demo", "predict_folds/kernel_0", 99, 10)  # of two tries the last
    write(tmp_path, "demo", "predict_folds/kernel_1", 20)
    write(tmp_path, "demo", "draw_density", 4)
    write(tmp_path, "other", "predict_folds/kernel_0", 1000)
    (tmp_path / "demo/benchmarks/broken.tsv").write_text("s\n")
    found = Durations.of_results(tmp_path, "demo").expected(
        ["predict_folds/kernel_#", "predict_folds/blend_#", "draw_heatmaps", "align/#"]
    )
    # A kind, or else its rule, or else what rules of that verb take; of the last nothing is known.
    assert found == {
        "predict_folds/kernel_#": Expected(15, True),
        "predict_folds/blend_#": Expected(15, False),
        "draw_heatmaps": Expected(4, False),
    }


def test_this_run_overrules_earlier_ones(tmp_path):
    write(tmp_path, "demo", "align/0", 10)
    durations = Durations.of_results(tmp_path, "demo")
    durations.learn("align/#", 30)
    durations.learn("align/#", 50)
    assert durations.expected(["align/#"]) == {"align/#": Expected(40, True)}


def test_other_data_sets_count_in_proportion(tmp_path):
    for number, job in enumerate(["make_folds", "align", "score", "train_long"]):
        write(tmp_path, "other", job, 10 * (number + 1))
    durations = Durations.of_results(tmp_path, "demo")
    for number, job in enumerate(["make_folds", "align"]):
        durations.learn(job, 30 * (number + 1))
    assert "train_long" not in durations.expected(["train_long"])  # too few to compare
    durations.learn("score", 90)
    assert durations.expected(["train_long"])["train_long"] == (pytest.approx(120), True)


@pytest.mark.parametrize(
    ("seconds", "said", "estimate"),
    [
        (0, "0 s", "about 10 s"),
        (41, "41 s", "about 50 s"),
        (59.7, "1 min", "about 1 min"),
        (130, "2 min", "about 3 min"),
        (1300, "22 min", "about 25 min"),
        (4790, "1 h 20 min", "about 1 h 20 min"),
        (100_000, "27 h", "about 27 h"),
    ],
)
def test_times_are_said_no_finer_than_they_are_known(seconds, said, estimate):
    assert in_words(seconds) == said
    assert about(seconds) == estimate
