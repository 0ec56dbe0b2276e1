import contextlib

import pytest
import tensorflow as tf

from camgr_tf.folder_lock import folder_lock
from camgr_tf.training.run_claim import RunInUseError

pytest.importorskip("ray.train", reason="needs the extra `cluster`")

from ray.exceptions import RayActorError  # noqa: E402
from ray.train import ControllerError  # noqa: E402
from ray.train import WorkerGroupError  # noqa: E402

from camgr_tf.training import ray_failures  # noqa: E402
from camgr_tf.training.ray_failures import retried  # noqa: E402

DIED = RayActorError()
LEFT_ALONE = tf.errors.UnavailableError(None, None, "Connection reset by peer")
MISTAKE = ValueError("MF cannot be trained by several workers")
IN_USE = RunInUseError("being trained by process 7")


def failing(*failures):
    """An attempt that fails so often, then succeeds; and its calls."""
    calls, failures = [], list(failures)

    def attempt():
        calls.append(None)
        if failures:
            raise failures.pop(0)

    return attempt, calls


def of_workers(*errors):
    text = "\n".join(map(str, errors))
    return WorkerGroupError(text, dict(enumerate(errors)))


@pytest.mark.parametrize(
    "failed",
    [
        of_workers(LEFT_ALONE, DIED),
        of_workers(LEFT_ALONE),
        # What it says may be due to the one that has died.
        of_workers(ValueError("destinations can not be empty"), DIED),
        ControllerError(RuntimeError("no worker started")),
    ],
)
def test_a_lost_worker_is_worth_another_try(failed, tmp_path):
    attempt, calls = failing(failed, failed, failed)
    retried(attempt, tmp_path)
    assert len(calls) == 4


@pytest.mark.parametrize("error", [MISTAKE, IN_USE])
def test_what_comes_back_is_raised_at_once(error, tmp_path):
    attempt, calls = failing(of_workers(error, LEFT_ALONE))
    with pytest.raises(type(error)) as caught:
        retried(attempt, tmp_path)
    assert caught.value is error
    assert len(calls) == 1


def test_workers_that_are_lost_again_and_again(tmp_path):
    attempt, calls = failing(*4 * [of_workers(DIED, LEFT_ALONE)])
    message = "run was not trained: workers were lost 4 times.*Connection reset"
    with pytest.raises(RuntimeError, match=message):
        retried(attempt, tmp_path / "run")
    assert len(calls) == 4


def test_the_next_workers_wait_for_those_that_are_being_killed(
    tmp_path, monkeypatch
):
    order = []

    @contextlib.contextmanager
    def waited(folder, name):
        order.append((folder, name))
        yield

    monkeypatch.setattr(ray_failures, "waiting_lock", waited)

    def attempt():
        order.append("attempt")
        if len(order) == 1:
            raise of_workers(DIED)
        with folder_lock(tmp_path, ".training") as holder:
            assert holder is None

    retried(attempt, tmp_path)
    assert order == ["attempt", (tmp_path, ".training"), "attempt"]
