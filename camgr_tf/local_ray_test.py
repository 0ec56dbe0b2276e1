import os
import sys
import types

import pytest

from camgr_tf.local_ray import start_ray


class SlowRay(types.ModuleType):
    """A Ray that fails so often."""

    def __init__(self, *errors):
        super().__init__("ray")
        self.errors = list(errors)
        self.started, self.ended = [], 0

    def init(self, address, **options):
        self.started.append((address, options))
        if self.errors:
            raise self.errors.pop(0)

    def shutdown(self):
        self.ended += 1


# As Ray says it, not more narrowly than by this type.
SLOW = Exception("The current node timed out during startup. This could be")


@pytest.mark.parametrize("times", [0, 3])
def test_a_slow_machine_is_tried_again(times, monkeypatch):
    ray = SlowRay(*times * [SLOW])
    monkeypatch.setitem(sys.modules, "ray", ray)
    start_ray(3, num_gpus=0)
    assert (len(ray.started), ray.ended) == (times + 1, times)
    address, options = ray.started[-1]
    assert (address, options["num_cpus"], options["num_gpus"]) == (
        "local",
        3,
        0,
    )


@pytest.mark.parametrize("errors", [4 * [SLOW], [ValueError("no such option")]])
def test_other_errors_and_the_last_one_are_raised(errors, monkeypatch):
    ray = SlowRay(*errors)
    monkeypatch.setitem(sys.modules, "ray", ray)
    with pytest.raises(type(errors[0]), match=str(errors[0])):
        start_ray(3)
    assert not ray.errors


@pytest.mark.cluster
def test_workers_are_as_urgent_as_who_starts_them(ray_workers):
    import ray

    niceness = ray.remote(lambda: os.nice(0))
    assert ray.get(niceness.remote()) == os.nice(0)
