"""The workers that train one run together."""

import keras
import tensorflow as tf


class WorkerGroup:
    """Sums over workers, each a process with a copy of the weights.

    Args:
        strategy: `tf.distribute.Strategy` with one replica in each process,
            such as `tf.distribute.MultiWorkerMirroredStrategy` with at most
            one GPU. Defaults to `None`: this process alone.

    Attributes:
        worker: Integer, from 0.
        num_workers: Integer.
        is_chief: Boolean. Whether this is worker 0, the only one that
            evaluates and writes.

    Raises:
        ValueError: If the strategy has several replicas in this process.
    """

    def __init__(self, strategy=None):
        self.strategy = strategy or tf.distribute.get_strategy()
        here = len(
            self.strategy.experimental_local_results(
                self.strategy.run(lambda: tf.constant(0))
            )
        )
        if here > 1:
            raise ValueError(
                "`strategy` must have one replica in each process: start a "
                f"worker for each device. Received: {here} replicas in this "
                f"process, of {type(self.strategy).__name__}"
            )
        self.num_workers = self.strategy.num_replicas_in_sync
        self.worker = int(self.strategy.run(_own_number))
        self.is_chief = self.worker == 0

    def any(self, flag):
        """Whether it holds for any worker; waits for all of them.

        Args:
            flag: Boolean.

        Returns:
            Boolean, the same on all workers.
        """
        return bool(flag) if self.num_workers == 1 else self._any(flag)

    def _any(self, flag):
        @tf.function
        def added(value):
            return self.strategy.run(_sum, (value,))

        return bool(added(tf.constant(float(flag))) > 0)

    def share(self, model, gradients):
        """Makes the workers' steps one: replaces `model.learn`.

        Args:
            model: `Recommender` with `shares_rows`, compiled.
            gradients: Function of a batch, as `Recommender.gradients`.

        Raises:
            ValueError: If the model has no `shares_rows`.
        """
        if self.num_workers == 1:
            return
        check_divides(type(model), self.num_workers)
        model.learn = SharedStep(model, gradients, self.strategy)


def check_divides(model_class, num_workers):
    """Refuses a model whose loss several workers cannot divide.

    Args:
        model_class: Subclass of `Recommender`.
        num_workers: Integer. More than one.

    Raises:
        ValueError: If the class itself does not say `shares_rows`.
    """
    if not vars(model_class).get("shares_rows"):
        raise ValueError(
            f"{model_class.__name__} cannot be trained by several workers: "
            "its loss is not one of the batch's rows alone, or that is not "
            "known. Train it in one process; CAmgr, MGCN and LightGCN can be "
            f"divided. Received: {num_workers} workers"
        )


class SharedStep:
    """A training step of several workers, equal to that of one process.

    Each worker has the whole batch's IDs, computes the vectors of its own
    rows (`camgr_tf.models.shared_rows`), and the loss of all. The gradients
    are summed, so that all workers move their weights alike.

    Args:
        model: `Recommender` with `shares_rows`, compiled.
        gradients: Function of a batch, as `Recommender.gradients`.
        strategy: `tf.distribute.Strategy`.
    """

    def __init__(self, model, gradients, strategy):
        self.model = model
        self.gradients = gradients
        self.strategy = strategy

    def __call__(self, batch):
        variables = []

        def own(batch):
            loss, terms, gradients = self.gradients(batch)
            variables.extend(variable for variable, _ in gradients)
            return loss, terms, [_sum(value) for _, value in gradients]

        loss, terms, values = self.strategy.run(own, (batch,))
        # Outside of the replica: the weights are this process' own.
        self.model.optimizer.apply(values, variables)
        return self.model.track(loss, terms)


class StopTogether(keras.callbacks.Callback):
    """Ends the training of all workers where one of them ends it.

    Args:
        group: `WorkerGroup`.
    """

    def __init__(self, group):
        super().__init__()
        self.group = group

    def on_epoch_end(self, epoch, logs=None):
        self.model.stop_training = self.group.any(self.model.stop_training)


def _own_number():
    context = tf.distribute.get_replica_context()
    return tf.convert_to_tensor(context.replica_id_in_sync_group)


def _sum(value):
    """The sum over workers; of rows of a table, each row once."""
    context = tf.distribute.get_replica_context()
    if not isinstance(value, tf.IndexedSlices):
        # An identity has a device, which a given value may lack.
        value = tf.identity(value)
        return context.all_reduce(tf.distribute.ReduceOp.SUM, value)
    rows = context.all_gather(tf.identity(value.indices), axis=0)
    values = context.all_gather(tf.identity(value.values), axis=0)
    rows, places = tf.unique(rows)
    return tf.IndexedSlices(
        tf.math.unsorted_segment_sum(values, places, tf.size(rows)), rows
    )
