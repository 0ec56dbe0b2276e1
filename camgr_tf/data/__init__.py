"""Data folders in, arrays out: datasets, their splits and their features."""

from camgr_tf.data.dataset import Dataset
from camgr_tf.data.dataset import load_dataset
from camgr_tf.data.dataset_folder import write_dataset
from camgr_tf.data.imputation import impute_features
from camgr_tf.data.interactions import Interactions
from camgr_tf.data.splits import SPLIT_RULES
from camgr_tf.data.splits import split_table
from camgr_tf.data.statistics import summarize_interactions

__all__ = [
    "SPLIT_RULES",
    "Dataset",
    "Interactions",
    "impute_features",
    "load_dataset",
    "split_table",
    "summarize_interactions",
    "write_dataset",
]
