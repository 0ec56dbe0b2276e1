import sys

import pytest

from camgr_tf.ranking.execution import Execution
from camgr_tf.ranking.execution import run_shards


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"executor": "dask"}, "one of local, ray, beam. .*executor='dask'"),
        ({"num_shards": 0}, "`num_shards` must be positive. .*num_shards=0"),
        ({"num_workers": -1}, "`num_workers` must be positive"),
        ({"address": "auto"}, "is for executor='ray'. .*address='auto'"),
        ({"beam_options": ("--x",)}, "is for executor='beam'. .*'local'"),
    ],
)
def test_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        Execution(**arguments)


@pytest.mark.parametrize(
    "executor, module, extra",
    [("ray", "ray", "cluster"), ("beam", "apache_beam", "beam")],
)
def test_an_executor_that_is_not_installed(
    monkeypatch, executor, module, extra
):
    monkeypatch.setitem(sys.modules, module, None)
    message = rf'pip install "camgr_tf\[{extra}\]"'
    with pytest.raises(ImportError, match=message):
        Execution(executor)


def test_local_shards_one_after_the_other():
    calls = []
    run_shards(
        lambda *shard: calls.append(shard),
        [(0, 3), (3, 5)],
        Execution(),
        lambda: calls.append("report"),
    )
    assert calls == [(0, 3), "report", (3, 5), "report"]
