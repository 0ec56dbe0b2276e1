"""How hard each term of a loss pulls, and whether ranking is learned at all."""

import math
import warnings

import keras
import tensorflow as tf
from keras import ops

# Epochs that are measured: the first ones, then every fifth. A measurement
# costs about as much as two steps.
FIRST, EVERY = 5, 5
# The mean BPR of a model that orders each pair by a coin, and how near to it
# an epoch counts as one that has not learned to rank.
UNTRAINED, NEAR = math.log(2), 0.005


class GradientNorms(keras.callbacks.Callback):
    """Norm of each loss term's gradient, and a warning where BPR stays at ln 2.

    ```
    gradient_norm_<term> = || d term / d weights ||_2
    ```

    on one batch, the same in all epochs, before the first step of epochs 0
    to 4 and of every fifth one. The norms are of the weighted terms, so that
    their ratio says which of them moves the weights; they go into the logs
    of the epoch. What a model draws for its losses is drawn again in
    training: the numbers of a run do not depend on this.

    A contrast that outweighs BPR many times keeps it near `ln 2`, the value
    of a model that does not rank. After five such epochs a warning says so
    once, with the ratio of the two gradients.

    Args:
        batch: Dictionary, the keyword arguments of `loss_terms`.
    """

    def __init__(self, batch):
        super().__init__()
        self.batch = batch
        self.norms = {}
        self.untrained_epochs = 0

    def on_epoch_begin(self, epoch, logs=None):
        self.norms = {}
        if epoch < FIRST or epoch % EVERY == 0:
            self.norms = gradient_norms(self.model, self.batch)

    def on_epoch_end(self, epoch, logs=None):
        logs.update(
            {f"gradient_norm_{name}": v for name, v in self.norms.items()}
        )
        near = abs(logs.get("bpr", 0.0) - UNTRAINED) < NEAR
        self.untrained_epochs = self.untrained_epochs + 1 if near else 0
        if self.untrained_epochs == FIRST:
            warnings.warn(self._warning(epoch, logs["bpr"]), stacklevel=2)

    def _warning(self, epoch, value):
        text = (
            f"BPR is {value:.3f} after epoch {epoch}, as it is for a model "
            "that has not learned to rank (ln 2 = 0.693)."
        )
        norms = gradient_norms(self.model, self.batch)
        own = norms.pop("bpr")
        if norms and max(norms.values()) > own > 0:
            name = max(norms, key=norms.get)
            text += (
                f" The gradient of the term {name!r} is {norms[name] / own:.0f}"
                " times that of BPR: a smaller weight of it may help."
            )
        return text + (
            " Early stopping may take the first epoch for the best: "
            "min_epochs makes it wait."
        )


def gradient_norms(model, batch):
    """The norm of each loss term's gradient with respect to all weights.

    Args:
        model: `camgr_tf.Recommender`; its random states are left as they
            were.
        batch: Dictionary, the keyword arguments of `loss_terms`.

    Returns:
        Dictionary from a term's name to a float.
    """
    trained = {id(v) for v in model.trainable_variables}
    states = [v for v in model.variables if id(v) not in trained]
    kept = [ops.convert_to_numpy(v).copy() for v in states]
    weights = [v.value for v in model.trainable_variables]
    with tf.GradientTape(persistent=True) as tape:
        terms = model.loss_terms(**batch)
    norms = {}
    for name, term in terms.items():
        gradients = tape.gradient(term, weights)
        norms[name] = float(
            tf.linalg.global_norm([g for g in gradients if g is not None])
        )
    for variable, value in zip(states, kept):
        variable.assign(value)
    return norms
