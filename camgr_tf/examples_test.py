"""Every public layer, loss, metric and model has an example, and it runs."""

import doctest
import importlib
import inspect
import re

import pytest

from camgr_tf.models.attention_encoder import AttentionEncoder
from camgr_tf.research.readings import PairwiseRanking

PACKAGES = ("layers", "losses", "metrics", "models", "baselines")
FENCE = re.compile(r"Example:\n\n```python\n(.*?)```", re.DOTALL)


def public_objects():
    for package in PACKAGES:
        module = importlib.import_module(f"camgr_tf.{package}")
        for name in getattr(module, "__all__", vars(module)):
            found = getattr(module, name)
            if inspect.isclass(found) or inspect.isfunction(found):
                yield pytest.param(found, id=f"{package}.{name}")
    for found in (AttentionEncoder, PairwiseRanking):
        yield pytest.param(found, id=found.__name__)


def run(text, scope):
    """Runs the fenced code and the `>>>` lines of a docstring."""
    ran = 0
    for code in FENCE.findall(text):
        exec(code, {"__name__": "__main__"})
        ran += 1
    test = doctest.DocTestParser().get_doctest(text, scope, "example", None, 0)
    if test.examples:
        out = []
        runner = doctest.DocTestRunner(verbose=False)
        runner.run(test, out=out.append)
        assert not runner.failures, "".join(out)
        ran += 1
    return ran


@pytest.mark.parametrize("found", public_objects())
def test_its_example_runs(found):
    text = inspect.getdoc(found) or ""
    scope = dict(vars(importlib.import_module(found.__module__)))
    assert "Example:" in text, f"{found.__qualname__} has no `Example:`"
    assert run(text, scope) == 1


def test_a_wrong_example_fails():
    with pytest.raises(AssertionError, match="Got:\n *2"):
        run("Example:\n\n>>> 1 + 1\n3\n", {})
    with pytest.raises(ZeroDivisionError):
        run("Example:\n\n```python\n1 / 0\n```\n", {})
