import keras
import numpy as np
import tensorflow as tf
from keras import ops

from camgr_tf.arguments import checked_arguments
from camgr_tf.arguments import constructor_defaults
from camgr_tf.layers.initializers import torch_uniform
from camgr_tf.layers.initializers import xavier_normal
from camgr_tf.layers.weight_name import weight_name
from camgr_tf.losses import bpr
from camgr_tf.models.shared_rows import all_rows
from camgr_tf.models.shared_rows import own_rows
from camgr_tf.ops import for_each_batch
from camgr_tf.ops.embedding_rows import float_rows


class Recommender(keras.Model):
    """Base of all models: embeddings of users and items, ranked by product.

    A subclass builds its weights in the constructor, from the data set that
    it is given, and overrides `embed`. It may override `loss_terms`. Scores,
    the training step, and everything that trains, evaluates, saves, resumes
    and serves a model rely on these two alone. What a model knows of users
    and items that training did not see, and of the summands of its score, it
    says in `embed_users`, `embed_items`, `parts` and `parts_without`.

    The data set is data, not configuration: it is given to the constructor
    and never saved with the model. A saved run is its parameters and its
    weights; `camgr_tf.load` builds the model anew and fills it.

    Args:
        dataset: `camgr_tf.data.Dataset`. Interactions and item features.
        embedding_dim: Integer. Width of the ID embeddings. Defaults to `64`.
        seed: Integer. Fixes all initial values and all random choices inside
            the model. Defaults to `0`.

    Attributes:
        trains: Boolean. Whether there is anything to train. A model that
            only counts is evaluated once.
        training_defaults: Dictionary. Values that runs of the model prefer
            for fields of `ExperimentConfig`, such as the learning rate, or
            for arguments of the constructor.
        rows_per_step: Integer. Where `train_step` is given the rows of
            several steps, those of one; `None` where it is given one batch.
        presets: Dictionary from a preset's name to parameters of the
            constructor or of `ExperimentConfig`.
        search_space: Dictionary from a parameter's name to the list of
            values that its authors searched.
        samples_neighbors: Boolean. Whether it trains on sampled neighbors,
            see `on_subgraph`. Not inherited: a subclass says so itself.
        shares_rows: Boolean. Whether several workers may train it: all that
            its loss is of passes through `camgr_tf.models.shared_rows`. Not
            inherited either.
        ids_alone: Boolean. Whether the vectors are of IDs alone, so that no
            modality is part of a score. Not inherited either; `False` means
            not known.

    Raises:
        ValueError: If an argument is not of its default's type or out of the
            range that its name says, see `camgr_tf.arguments`.

    Example:

    ```python
    import numpy as np
    from camgr_tf.models import Recommender
    from camgr_tf.testing import tiny_dataset

    class Factors(Recommender):
        def __init__(self, dataset, *, embedding_dim=8, seed=0):
            super().__init__(dataset, embedding_dim=embedding_dim, seed=seed)
            dim = embedding_dim
            self.user_table = self.table("users", (self.num_users, dim))
            self.item_table = self.table("items", (self.num_items, dim))

        def embed(self, training=False):
            return self.user_table.value, self.item_table.value

    scores = Factors(tiny_dataset())(np.array([0, 3]))
    assert scores.shape == (2, 9)
    ```

    Reference:
        Eq. 27-28 for the score; eq. 31 for the loss.
    """

    trains = True
    ids_alone = False
    samples_neighbors = False
    shares_rows = False
    training_defaults = {}
    presets = {}
    search_space = {}

    def __new__(cls, *args, **kwargs):
        # One check for the arguments of every model, its subclasses' too.
        checked_arguments(constructor_defaults(cls), kwargs)
        return super().__new__(cls, *args, **kwargs)

    def __init__(self, dataset, *, embedding_dim=64, seed=0):
        super().__init__(name=type(self).__name__.lower())
        self.num_users = dataset.interactions.num_users
        self.num_items = dataset.interactions.num_items
        self.embedding_dim = embedding_dim
        self.seed = seed
        self.loss_trackers = {}
        self.rows_per_step = None
        self._num_seeds = 0

    # === What a model defines ===

    def embed(self, training=False):
        """Final embeddings of all users and all items.

        Args:
            training: Boolean. Whether dropout and the like are active.
                Defaults to `False`.

        Returns:
            Tuple of float tensors `(num_users, dim)` and `(num_items, dim)`
            whose products are the scores.
        """
        raise NotImplementedError

    def loss_terms(self, user_ids, positive_item_ids, negative_item_ids):
        """The named, weighted terms whose sum is minimized.

        Args:
            user_ids: int32 tensor of shape `(batch,)`.
            positive_item_ids: int32 tensor of shape `(batch,)`.
            negative_item_ids: int32 tensor of shape `(batch,)`.

        Returns:
            Dictionary from a term's name to a scalar tensor.
        """
        users, items = self.embed(training=True)
        rows = all_rows(
            user_ids,
            ops.take(users, own_rows(user_ids), axis=0),
            ops.take(items, own_rows(positive_item_ids), axis=0),
            ops.take(items, own_rows(negative_item_ids), axis=0),
        )
        return {"bpr": self.bpr(*rows)}

    def on_subgraph(self, part):
        """The model on some users and items: see `camgr_tf.models.subgraph`.

        Sampled training and blockwise embeddings ask for it, of a model with
        `samples_neighbors`. Its `embed` and `loss_terms` read the attributes
        that are replaced here, products of graphs, and weights that are the
        same for all nodes.

        Args:
            part: `FirstRows`, or what has the same methods: `users`,
                `items`, `item_features` and `graph` give the parts of the
                model's attributes.

        Returns:
            View of the model, as `model_view` makes it.
        """
        raise NotImplementedError(
            f"{type(self).__name__} has no sampled training."
        )

    def learning_rate_scale(self, variable):
        """Factor on the learning rate for one trainable variable.

        Args:
            variable: `keras.Variable` of this model.

        Returns:
            Float. `1.0` unless a model overrides this.
        """
        return 1.0

    def begin_epoch(self, epoch=0):
        """Called before each epoch's first batch; does nothing here.

        What a model draws for an epoch must follow from its seed and from
        the epoch, so that a resumed run sees what an uninterrupted one sees.

        Args:
            epoch: Integer, from 0. Defaults to `0`.
        """

    # === What a model may know besides ===

    def embed_users(self, baskets):
        """Final vectors of new users from lists of items, without training.

        A model whose users are computed from their items overrides this: the
        vector is the one that it computes for a user with these training
        items whose own ID embedding is zero. Here it is the mean of the final
        vectors of the items, for models that know a user by a trained
        embedding alone; it is no part of such a model.

        Args:
            baskets: `camgr_tf.models.fold_in.Baskets`.

        Returns:
            Float array or SciPy CSR matrix of shape `(num_baskets, dim)`.
        """
        items = baskets.once(lambda: float_rows(self.embed()[1]))
        return baskets.mean @ items

    def embed_items(self, features, neighbors):
        """Final vectors of items that nobody has, from their features alone.

        A model that reads content overrides this: the ID embedding counts as
        zero, the item has no users, and of the item graphs it sees its most
        similar items among those with users. Here it is zeros: without
        content such items cannot be told apart.

        Args:
            features: Dictionary from each modality to a float32 array of
                shape `(num_new, width)`; at least one modality.
            neighbors: `camgr_tf.models.fold_in.ItemNeighbors`.

        Returns:
            Float array of shape `(num_new, dim)`.
        """
        num_new = len(next(iter(features.values())))
        return np.zeros((num_new, self.embed()[1].shape[1]), "float32")

    def parts(self):
        """Named summands of the users' and of the items' final vectors.

        A score is a product of sums, so that it splits exactly along them.
        Names are `"id"`, `"common"`, `"distinct"`, `"content"`, `"bias"` and
        the modalities, as far as a model has such a part; here there is
        `"id"` alone.

        Returns:
            Dictionary from a name to a tuple of float arrays, the users'
            `(num_users, dim)` and the items' `(num_items, dim)`; `None` in
            place of one that has no such summand. Those of the users add up
            to the users of `embed`, and the items' to its items.
        """
        return {"id": tuple(float_rows(v) for v in self.embed())}

    def parts_without(self, modality):
        """Final vectors with the states of one modality set to zero.

        Here the summand of that name is left out. A model that mixes
        modalities overrides this and computes its vectors again.

        Args:
            modality: String.

        Returns:
            Tuple of float arrays `(num_users, dim)` and `(num_items, dim)`;
            `None` if it is not known what the modality adds, since there is
            no such summand and the vectors may not be of IDs alone.
        """
        own = self.parts().get(modality)
        if own is None and not vars(type(self)).get("ids_alone"):
            return None
        own = own or (None, None)
        vectors = tuple(float_rows(v) for v in self.embed())
        return tuple(
            v if part is None else v - part for v, part in zip(vectors, own)
        )

    # === What the base does with it ===

    def bpr(self, users, positive_items, negative_items):
        """BPR of gathered rows, each of shape `(batch, dim)`."""
        return bpr(
            ops.sum(users * positive_items, axis=1),
            ops.sum(users * negative_items, axis=1),
        )

    def call(self, user_ids, training=False):
        """Scores of all items for some users, `(batch, num_items)`."""
        users, items = self.embed(training=training)
        return ops.take(users, user_ids, axis=0) @ ops.transpose(items)

    def train_step(self, batch):
        """One step, or one for each `rows_per_step` rows if that is set."""
        if self.rows_per_step is None:
            names = self.learn(batch)
        else:
            for_each_batch(self.learn, batch, self.rows_per_step)
            names = self.loss_trackers
        return {name: self.loss_trackers[name].result() for name in names}

    def learn(self, batch):
        """Moves all weights by the gradients of one batch.

        Args:
            batch: Dictionary, the keyword arguments of `loss_terms`.

        Returns:
            Dictionary of the loss and its terms.
        """
        loss, terms, gradients = self.gradients(batch)
        variables, values = zip(*gradients)
        self.optimizer.apply(values, variables)
        return self.track(loss, terms)

    def gradients(self, batch):
        """The loss of a batch and its gradients.

        Args:
            batch: Dictionary, the keyword arguments of `loss_terms`.

        Returns:
            Tuple of the loss, its terms, and the gradients: a list of pairs
            of a variable and a tensor, or `tf.IndexedSlices`.
        """
        with tf.GradientTape() as tape:
            terms = self.loss_terms(
                batch["user_ids"],
                batch["positive_item_ids"],
                batch["negative_item_ids"],
            )
            loss = sum(terms.values())
        # `trainable_variables` gathers from all layers: ask once.
        variables = self.trainable_variables
        gradients = tape.gradient(loss, [v.value for v in variables])
        gradients = [
            (variable, _zeros_if_missing(gradient, variable))
            for gradient, variable in zip(gradients, variables)
        ]
        return loss, terms, gradients

    def track(self, loss, terms):
        """Adds a step's loss and its terms to the running means."""
        values = {"loss": loss, **terms}
        for name, value in values.items():
            self.loss_trackers[name].update_state(value)
        return values

    @property
    def metrics(self):
        return list(self.loss_trackers.values())

    def track_losses(self, names):
        """Creates the running means that `train_step` reports.

        Args:
            names: List of strings. The keys of `loss_terms`.
        """
        for name in ("loss", *names):
            if name not in self.loss_trackers:
                self.loss_trackers[name] = keras.metrics.Mean(name=name)

    # === Building blocks for subclasses ===

    def next_seed(self):
        """A new integer seed, the same for the same model and call order."""
        self._num_seeds += 1
        sequence = np.random.SeedSequence([self.seed, self._num_seeds])
        return int(sequence.generate_state(1)[0] >> 1)

    def table(self, name, shape, initializer="xavier_uniform", trainable=True):
        """A weight of shape `(rows, columns)`.

        Args:
            name: String. Its name in saved weights, as `weight_name` has it.
            shape: Tuple `(rows, columns)`.
            initializer: String, `"xavier_uniform"`, `"xavier_normal"`, or an
                array of initial values. Defaults to `"xavier_uniform"`.
            trainable: Boolean. Defaults to `True`.

        Returns:
            `keras.Variable`.
        """
        if isinstance(initializer, str):
            initializer = self._initializer(initializer, shape)
        else:
            values = np.asarray(initializer, "float32")
            initializer = lambda shape, dtype: ops.cast(values, dtype)  # noqa: E731
        return self.add_weight(
            name=weight_name(name),
            shape=shape,
            initializer=initializer,
            trainable=trainable,
        )

    def linear(
        self, name, input_dim, units, initializer="torch", use_bias=True, **kw
    ):
        """A built `keras.layers.Dense` with PyTorch's initial values.

        Args:
            name: String. Its name in saved weights, as `weight_name` has it.
            input_dim: Integer. Width of its input.
            units: Integer. Width of its output.
            initializer: String. Of the kernel: `"torch"`,
                `"xavier_uniform"` or `"xavier_normal"`. The bias always
                starts as PyTorch's does, uniform in `+-1 / sqrt(input_dim)`.
                Defaults to `"torch"`.
            use_bias: Boolean. Defaults to `True`.
            **kw: Further arguments of `keras.layers.Dense`.

        Returns:
            `keras.layers.Dense`.
        """
        kw.setdefault(
            "bias_initializer", torch_uniform(input_dim, self.next_seed())
        )
        layer = keras.layers.Dense(
            units,
            use_bias=use_bias,
            kernel_initializer=self._initializer(
                initializer, (input_dim, units)
            ),
            name=weight_name(name),
            **kw,
        )
        layer.build((None, input_dim))
        return layer

    def _initializer(self, name, shape):
        seed = self.next_seed()
        if name == "xavier_uniform":
            return keras.initializers.GlorotUniform(seed=seed)
        if name == "xavier_normal":
            return xavier_normal(shape, seed)
        if name == "torch":
            return torch_uniform(shape[0], seed)
        raise ValueError(
            "`initializer` must be 'xavier_uniform', 'xavier_normal' or "
            f"'torch'. Received: initializer={name!r}"
        )


def _zeros_if_missing(gradient, variable):
    # A weight that this step did not touch keeps moving by its momentum in
    # the reference implementations; Keras would skip it.
    if gradient is None:
        return ops.zeros(variable.shape, variable.dtype)
    return gradient
