from camgr_tf.benchmarks.semantic_graph import METHODS
from camgr_tf.benchmarks.suite import SHOWN
from camgr_tf.benchmarks.synthetic_dataset import SIZES
from camgr_tf.cli import choices
from camgr_tf.data.imputation import IMPUTATION_RULES
from camgr_tf.data.splits import SPLIT_RULES
from camgr_tf.ingest.encoders import TEXT_ENCODERS
from camgr_tf.ingest.sentence_transformer_features import DEFAULT_MODEL
from camgr_tf.ingest.sources import SOURCES
from camgr_tf.ranking.execution import EXECUTORS
from camgr_tf.serving.export import KINDS


def test_choices_are_those_of_the_package():
    assert choices.SOURCES == tuple(SOURCES)
    assert choices.SPLITS == SPLIT_RULES
    assert choices.IMPUTATIONS == IMPUTATION_RULES
    assert choices.TEXT_ENCODERS == TEXT_ENCODERS
    assert choices.TEXT_MODEL == DEFAULT_MODEL
    assert choices.EXPORTS == KINDS
    assert choices.EXECUTORS == EXECUTORS
    assert choices.MEASUREMENTS == tuple(SHOWN)
    assert choices.GRAPH_METHODS == METHODS
    assert choices.SIZES == tuple(SIZES)
