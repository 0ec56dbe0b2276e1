import sys
import types

import pytest

from camgr_tf.experiments.ray_executor import RayExecutor
from camgr_tf.experiments.ray_executor import worker_environment
from camgr_tf.experiments.ray_run import RayRun


class RayError(Exception):
    pass


class FakeRay(types.ModuleType):
    """A cluster without processes; a reference is what it gives in the end."""

    exceptions = types.SimpleNamespace(RayError=RayError)

    def __init__(self, *nodes):
        super().__init__("ray")
        self._nodes = nodes
        self.cancelled = []

    def init(self, address, **options):
        self.address, self.options = address, options

    def shutdown(self):
        self.address = None

    def nodes(self):
        return [
            {"Alive": alive, "Resources": {"CPU": cpus, "GPU": gpus}}
            for alive, cpus, gpus in self._nodes
        ]

    def remote(self, **resources):
        self.resources = resources
        return lambda function: function

    def wait(self, references, timeout):
        return [r for r in references if r is not None], []

    def get(self, reference):
        if isinstance(reference, Exception):
            raise reference
        return reference

    def cancel(self, reference, force=False):
        self.cancelled.append(force)


@pytest.fixture
def cluster(monkeypatch):
    """Makes `import ray` give a cluster of nodes `(alive, CPUs, GPUs)`."""

    def make(*nodes):
        ray = FakeRay(*nodes)
        monkeypatch.setitem(sys.modules, "ray", ray)
        return ray

    return make


def test_as_many_runs_as_the_living_nodes_have_room_for(cluster):
    ray = cluster((True, 5.0, 0.0), (True, 1.0, 0.0), (False, 8.0, 0.0))
    with RayExecutor("head:6379", cpus_per_run=2) as executor:
        assert ray.address == "head:6379"
        assert executor.jobs == 2  # 5 // 2, none on one CPU, none on the dead
        assert executor.num_threads == 2
        assert (ray.resources["num_cpus"], ray.resources["num_gpus"]) == (2, 0)
        # A node joins.
        ray._nodes += ((True, 4.0, 0.0),)
        assert executor.jobs == 4
    assert ray.address is None


def test_gpus_bound_the_number_of_runs(cluster):
    cluster((True, 16.0, 1.0), (True, 3.0, 1.0), (True, 16.0, 0.0))
    with RayExecutor(cpus_per_run=1, gpus_per_run=0.25) as executor:
        assert executor.jobs == 4 + 3


def test_a_number_of_jobs_that_is_given_stays(cluster):
    cluster((True, 2.0, 0.0))
    with RayExecutor(jobs=30) as executor:
        assert executor.jobs == 30


@pytest.mark.parametrize(
    "options", [{"cpus_per_run": 4}, {"gpus_per_run": 1.0}]
)
def test_a_run_that_fits_no_node_is_refused(options, cluster):
    ray = cluster((True, 3.0, 0.0), (True, 3.0, 0.0))
    with pytest.raises(ValueError, match="No node .*Received: cpus_per_run="):
        RayExecutor(**options).__enter__()
    assert ray.address is None


@pytest.mark.parametrize(
    "options, message",
    [
        ({"cpus_per_run": 0}, "Received: cpus_per_run=0"),
        ({"gpus_per_run": -0.5}, "Received: gpus_per_run=-0.5"),
        ({"gpus_per_run": 1.5}, "Received: gpus_per_run=1.5"),
    ],
)
def test_wrong_numbers(options, message):
    with pytest.raises(ValueError, match=message):
        RayExecutor(**options)


def test_without_ray_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ImportError, match=r'install "camgr_tf\[cluster\]"'):
        RayExecutor().__enter__()


def test_without_a_cluster_the_error_says_how_to_start_one(cluster):
    ray = cluster()

    def refuse(address, **options):
        raise ConnectionError("nobody listens")

    ray.init = refuse
    with pytest.raises(
        ConnectionError, match="'auto'.*ray start --head.*nobody listens"
    ):
        RayExecutor().__enter__()


def test_workers_get_what_changes_a_run(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CAMGR_DATA", "data")
    monkeypatch.setenv("CAMGR_CACHE", "")
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    monkeypatch.setenv("SECRET", "x")
    environment = worker_environment()
    assert environment["CAMGR_DATA"] == str(tmp_path / "data")
    assert environment["CAMGR_CACHE"] == ""
    assert environment["TF_ENABLE_ONEDNN_OPTS"] == "0"
    assert environment["PYTHONPATH"].startswith(f"{tmp_path}:/")
    assert "SECRET" not in environment


def test_a_run_is_asked_whether_it_has_ended():
    ray = FakeRay()
    assert RayRun(ray, None).ended() is None
    run = RayRun(ray, {"host": "node7", "error": "diverged"})
    assert run.host is None
    assert (run.ended(), run.host) == ("diverged", "node7")
    run = RayRun(ray, RayError("the node died\n"))
    assert run.ended() == "RayError of Ray: the node died"


@pytest.mark.parametrize(
    "reference, cancelled", [("ended", [False]), (None, [False, True])]
)
def test_a_run_that_does_not_stop_is_forced_to(reference, cancelled):
    ray = FakeRay()
    RayRun(ray, reference).stop()
    assert ray.cancelled == cancelled
