"""The results of one experiment: values by dataset, label and metric."""

from dataclasses import dataclass

import numpy as np

from camgr_tf.experiments.statistics import summarize_seeds
from camgr_tf.reporting.data_label import label_data
from camgr_tf.reporting.paper import paper_values


@dataclass(frozen=True)
class DatasetResults:
    """Results of one experiment on one dataset.

    Args:
        plan: `camgr_tf.experiments.plan.Plan`.
        rows: DataFrame, the rows of `collect_results` of this plan.
    """

    plan: object
    rows: object

    @property
    def name(self):
        return self.plan.dataset

    @property
    def labels(self):
        """Labels in the plan's order."""
        return list(dict.fromkeys(trial.label for trial in self.plan.trials))

    @property
    def data_labels(self):
        """What is to be known of the data, by its short label."""
        return label_data(self.name, self.plan.facts)

    @property
    def title(self):
        """The dataset's name with the short labels of its data."""
        short = [*self.data_labels, *(["see note"] if self.plan.notes else [])]
        return self.name + (f" ({', '.join(short)})" if short else "")

    @property
    def paper(self):
        """The paper's values by `(label, metric)`."""
        return paper_values(self.plan.definition.paper, self.name)

    def values(self, label, metric):
        """One value a seed, on the part that the definition names.

        Args:
            label: String.
            metric: String, such as `"recall@20"`.

        Returns:
            Float array, empty if no run has finished.
        """
        rows = self.rows[self.rows["label"] == label]
        column = f"{self.plan.definition.part}_{metric}"
        if column not in rows:
            return np.zeros(0)
        return rows[column].to_numpy("float64")

    def summary(self, label, metric):
        """`Summary` over the seeds, or `None` without a finished run."""
        values = self.values(label, metric)
        return summarize_seeds(values) if len(values) else None

    def notes(self):
        """Sentences below a table of these results."""
        notes = [*self.data_labels.values(), *self.plan.notes]
        missing = len(self.plan.trials) - len(self.rows)
        if missing:
            notes.append(
                f"{self.name}: {missing} of {len(self.plan.trials)} runs are "
                "not finished."
            )
        seeds = self.rows.groupby("label")["seed"].nunique()
        if len(seeds):
            ends = (seeds.min(), seeds.max())
            number = " to ".join(str(n) for n in dict.fromkeys(ends))
            notes.append(
                f"{self.name}: mean ± standard deviation over {number} seeds."
                if ends[1] > 1
                else f"{self.name}: one seed, so without a deviation."
            )
            limit = self.rows["epochs"] == self.rows["max_epochs"]
            if limit.any():
                notes.append(
                    f"{self.name}: {int(limit.sum())} of {len(self.rows)} "
                    "runs were ended by max_epochs, not by early stopping."
                )
            if self.rows["mask_validation"].any():
                notes.append(
                    f"{self.name}: validation items are left out of the test "
                    "ranking."
                )
            outdated = self.rows[~self.rows["current"].fillna(False)]
            if len(outdated):
                labels = ", ".join(dict.fromkeys(outdated["label"]))
                notes.append(
                    f"{self.name}: {len(outdated)} of {len(self.rows)} runs "
                    "were made with another or an unknown state of the code: "
                    f"{labels}."
                )
        return notes


def group_results(plans, table):
    """Results by experiment, in the order of the plans.

    Args:
        plans: List of `Plan`.
        table: DataFrame of `collect_results`.

    Returns:
        Dictionary from an experiment's name to a list of `DatasetResults`.
    """
    groups = {}
    for plan in plans:
        name = plan.definition.name
        rows = table[
            (table["experiment"] == name) & (table["dataset"] == plan.dataset)
        ]
        groups.setdefault(name, []).append(DatasetResults(plan, rows))
    return groups
