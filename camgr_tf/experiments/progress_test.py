import io

from camgr_tf.experiments.progress import Progress


def test_counts_and_time_left_by_hand():
    stream = io.StringIO()
    clock = iter(range(100))
    progress = Progress(6, jobs=2, stream=stream, clock=lambda: next(clock))
    progress.show(["mf"] * 4, [("mf", 0), ("camgr", 0)])
    progress.finished("mf", 10.0)
    progress.finished("mf", 20.0)
    progress.finished("camgr", 3.0, succeeded=False)
    # MF takes 15 s in the mean; CAmgr, which has not finished, is taken to
    # take as long: (15 + 15 + 15 - 5) / 2 = 20.
    assert progress.seconds_left(["mf", "camgr"], [("mf", 5.0)]) == 20.0
    # No time left is shorter than the longest single trial.
    assert progress.seconds_left([], [("mf", 5.0)]) == 10.0
    assert progress.seconds_left([], [("mf", 50.0)]) == 0.0
    progress.show(["mf", "camgr"], [("mf", 5.0)])
    progress.show([], [])
    assert stream.getvalue().splitlines() == [
        "6 trials: 0 done, 2 running, 0 failed, 4 left, time left unknown",
        "6 trials: 2 done, 1 running, 1 failed, 2 left, time left about 20 s",
        "6 trials: 2 done, 0 running, 1 failed, 0 left",
    ]


def test_an_unchanged_line_is_repeated_after_a_minute():
    stream = io.StringIO()
    times = iter([100.0, 130.0, 161.0])
    progress = Progress(1, jobs=1, stream=stream, clock=lambda: next(times))
    for _ in range(3):
        progress.show([], [("mf", 1.0)])
    assert len(stream.getvalue().splitlines()) == 2


def test_trials_that_were_done_before_count():
    progress = Progress(2, jobs=1, stream=io.StringIO())
    progress.finished("mf", None)
    assert progress.seconds_left(["mf"], []) is None
    assert progress.done == 1
    progress.finished("mf", 7200.0)
    progress.show(["mf"], [])
    assert "about 2 h 00 min" in progress.stream.getvalue()
