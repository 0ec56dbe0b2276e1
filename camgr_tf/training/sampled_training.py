"""Training on a few neighbors of each node, for graphs that are large."""

import keras
import numpy as np
import tensorflow as tf

from camgr_tf.models.shared_rows import share_bounds
from camgr_tf.models.subgraph import FirstRows
from camgr_tf.models.subgraph import SampledSubgraph
from camgr_tf.subgraphs.subgraph_sampler import SubgraphSampler
from camgr_tf.training.row_adam import RowAdam


class SampledStep:
    """A training step on the nodes and edges that a batch's loss reads.

    Stands in the place of `Recommender.learn`. Purification, encoder,
    item graphs and fusion run on the subgraph; pairs of the batch are left
    out, and contrasts are within the batch, as on the whole graph. With all
    neighbors the loss and its gradients are those of the whole graph. Of the
    tables only the rows of the subgraph are read and moved.

    Args:
        model: `Recommender` with `samples_neighbors`, compiled with
            `RowAdam`.
    """

    def __init__(self, model):
        self.model = model

    def __call__(self, batch):
        loss, terms, gradients = self.gradients(batch)
        variables, values = zip(*gradients)
        self.model.optimizer.apply(values, variables)
        return self.model.track(loss, terms)

    def gradients(self, batch):
        """The loss and its gradients.

        Args:
            batch: Dictionary, an element of `SampledBatches`.

        Returns:
            Tuple of the loss, its terms, and the gradients: a list of pairs
            of a variable and a tensor, or `tf.IndexedSlices` of distinct
            rows for a table.
        """
        part = SampledSubgraph(batch["subgraph"])
        view = self.model.on_subgraph(part)
        tables = {id(table) for table, _, _ in part.rows}
        weights = [
            v for v in self.model.trainable_variables if id(v) not in tables
        ]
        rows = [states for _, _, states in part.rows]
        with tf.GradientTape() as tape:
            tape.watch(rows)
            terms = view.loss_terms(
                batch["user_ids"],
                batch["positive_item_ids"],
                batch["negative_item_ids"],
            )
            loss = sum(terms.values())
        dense, of_rows = tape.gradient(
            loss,
            [[v.value for v in weights], rows],
            unconnected_gradients=tf.UnconnectedGradients.ZERO,
        )
        gradients = list(zip(weights, map(tf.convert_to_tensor, dense)))
        for (table, ids, _), gradient in zip(part.rows, of_rows):
            gradients.append((table, tf.IndexedSlices(gradient, ids)))
        return loss, terms, gradients


class SampledBatches(keras.utils.PyDataset):
    """Batches of training rows, each with the subgraph that it reads.

    What is drawn follows from the seed, the epoch and the batch's number, so
    that a resumed training sees what an uninterrupted one sees.

    Args:
        batches: `TrainingBatches`.
        model: `Recommender` with `samples_neighbors`.
        fanouts: Tuple of integers, see `SubgraphSampler`.
        worker: Integer, from 0. The subgraph is around this worker's share
            of the batch; the other rows' places mean nothing, but for pairs
            within the subgraph. Defaults to `0`.
        num_workers: Integer. Defaults to `1`.
    """

    def __init__(self, batches, model, fanouts, worker=0, num_workers=1):
        super().__init__()
        asked = FirstRows()
        model.on_subgraph(asked)
        self.batches = batches
        self.worker, self.num_workers = worker, num_workers
        self.features = asked.features
        self.sampler = SubgraphSampler(asked.graphs, model.num_users, fanouts)

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, index):
        seeds, key = self.request(index)
        subgraph = self.sampler.draw(seeds, np.random.default_rng(key))
        return self.batch_of(index, subgraph)

    def request(self, index):
        """What the subgraph of a batch is drawn from.

        Args:
            index: Integer. The batch's number.

        Returns:
            Tuple of the seeds, an integer array of nodes, and the key of the
            generator, a list of integers.
        """
        batch = self.batches[index]
        start, stop = self._share(batch)
        # A worker without a row still needs a graph.
        own = slice(start, max(stop, start + 1))
        items = [batch["positive_item_ids"], batch["negative_item_ids"]]
        num_users = self.sampler.num_users
        seeds = np.concatenate(
            [
                batch["user_ids"][own],
                *(ids[own] + num_users for ids in items),
            ]
        )
        # A 0 at the end changes nothing: worker 0 draws as one process does.
        key = [self.batches.seed, self.batches.epoch, index, self.worker]
        return seeds, key

    def batch_of(self, index, subgraph):
        """A batch with its subgraph, whoever drew it.

        Args:
            index: Integer. The batch's number.
            subgraph: Dictionary, as of `SubgraphSampler.draw`.

        Returns:
            Dictionary.
        """
        batch = self.batches[index]
        item_ids = subgraph["item_ids"]
        features = {
            # A file that is mapped is read here, these rows alone.
            m: np.asarray(f[item_ids], "float32")
            for m, f in self.features.items()
        }
        users, has_user = _places(subgraph["user_ids"], batch["user_ids"])
        positives, has_item = _places(item_ids, batch["positive_item_ids"])
        negatives, _ = _places(item_ids, batch["negative_item_ids"])
        start, _ = self._share(batch)
        # A pair that is not in the subgraph has no edge there: an own pair,
        # which is left out anyway, stands in its place.
        absent = ~(has_user & has_item)
        users[absent], positives[absent] = users[start], positives[start]
        return {
            "user_ids": users,
            "positive_item_ids": positives,
            "negative_item_ids": negatives,
            "subgraph": {**subgraph, "features": features},
        }

    def on_epoch_end(self):
        self.batches.on_epoch_end()

    def _share(self, batch):
        return share_bounds(
            self.worker, self.num_workers, len(batch["user_ids"])
        )


def _places(ids, wanted):
    """Where they stand among sorted IDs, and whether they are there."""
    places = np.searchsorted(ids, wanted).astype("int32")
    places = np.minimum(places, np.int32(len(ids) - 1))
    return places, ids[places] == wanted


def compile_sampled(model, config):
    """Gives a model the optimizer and the step of sampled training.

    Args:
        model: `Recommender` with `samples_neighbors`.
        config: `ExperimentConfig`.
    """
    asked = FirstRows()
    model.on_subgraph(asked)
    optimizer = RowAdam(
        asked.tables,
        learning_rate=config.learning_rate,
        coupled_weight_decay=config.coupled_weight_decay,
        scales=model.learning_rate_scale,
    )
    model.compile(optimizer=optimizer, jit_compile=False)
    optimizer.build(model.trainable_variables)
    model.learn = SampledStep(model)


def sampled_terms(model, batches, fanouts):
    """The names of the loss's terms, by a first batch.

    Args:
        model: `Recommender` with `samples_neighbors`.
        batches: `TrainingBatches`.
        fanouts: Tuple of integers.

    Returns:
        List of strings.
    """
    batch = SampledBatches(batches, model, fanouts)[0]
    tensors = tf.nest.map_structure(tf.constant, batch)
    return list(SampledStep(model).gradients(tensors)[1])
