import pytest

from camgr_tf.experiments import dataset_facts
from camgr_tf.experiments.definition import load_definition
from camgr_tf.experiments.plan import make_plan
from camgr_tf.experiments.plan import write_plan
from camgr_tf.experiments.results import collect_results
from camgr_tf.reporting.result_frame import group_results
from camgr_tf.testing import write_tiny_folder
from camgr_tf.testing.fake_run import write_fake_run


@pytest.fixture
def make_results(tmp_path):
    """Results of an experiment on a tiny dataset that nobody trained."""
    dataset_facts._describe.cache_clear()

    def make(experiment, recalls=None, dataset="tiny", seeds=1, per_user=None):
        """`recalls` gives Recall@20 by label; seed `s` adds 0.001 `s`."""
        if not (tmp_path / "data" / dataset).is_dir():
            write_tiny_folder(tmp_path / "data", dataset)
        definition = experiment
        if isinstance(experiment, str):
            definition = load_definition(experiment)
        data_root = str(tmp_path / "data")
        plan = make_plan(definition, dataset, seeds, data_root=data_root)
        for trial in plan.trials:
            recall = (recalls or {}).get(trial.label)
            if recall is not None:
                write_fake_run(
                    trial,
                    tmp_path,
                    recall + 0.001 * trial.config.seed,
                    (per_user or {}).get(trial.label),
                )
        write_plan(plan, tmp_path)
        table = collect_results([plan], tmp_path)
        ((result,),) = group_results([plan], table).values()
        return result

    yield make
    dataset_facts._describe.cache_clear()
