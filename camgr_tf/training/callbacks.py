"""What happens around the epochs of a training run.

`train` hands them to `Model.fit` in the order of this file: each one reads
what those before it have added to the epoch's logs.
"""

import math
import sys
import time

import keras
import numpy as np
import pandas as pd
from tqdm import tqdm

from camgr_tf.staged_file import staged_file
from camgr_tf.training.state import assign_arrays
from camgr_tf.training.state import load_arrays
from camgr_tf.training.state import model_weights
from camgr_tf.training.state import save_arrays
from camgr_tf.training.state import training_state

MONITOR = "val_recall@20"


class LearningRateDecay(keras.callbacks.Callback):
    """Sets the epoch's learning rate, `lr * decay ** (epoch / 50)`.

    Args:
        learning_rate: Float. Of epoch 0.
        decay: Float. Factor per 50 epochs, applied smoothly.
    """

    def __init__(self, learning_rate, decay):
        super().__init__()
        self.learning_rate = learning_rate
        self.decay = decay

    def on_epoch_begin(self, epoch, logs=None):
        self.model.optimizer.learning_rate = self.learning_rate * (
            self.decay ** (epoch / 50)
        )
        self.model.begin_epoch(epoch)


class Validation(keras.callbacks.Callback):
    """Ranks the validation users after each epoch.

    Adds every metric to the logs as `val_<metric>`, and the seconds of
    training and of evaluation. A loss that is not finite ends the run before
    its ranking.

    Args:
        evaluator: `Evaluator` of the validation part.
        embed: Function of the model that gives its embeddings. Defaults to
            `None`: its method `embed`.
    """

    def __init__(self, evaluator, embed=None):
        super().__init__()
        self.evaluator = evaluator
        self.embed = embed or (lambda model: model.embed())

    def on_epoch_begin(self, epoch, logs=None):
        self._started = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        logs["train_seconds"] = time.perf_counter() - self._started
        if not math.isfinite(logs["loss"]):
            self.model.stop_training = True
            return
        started = time.perf_counter()
        results = self.evaluator.evaluate(*self.embed(self.model))
        logs.update({f"val_{name}": v for name, v in results.items()})
        logs["evaluation_seconds"] = time.perf_counter() - started


class BestEpoch(keras.callbacks.Callback):
    """Keeps the weights of the best epoch and stops when none gets better.

    Validation Recall@20 is compared at 4 decimals, as MMRec does: a tie is no
    improvement. Training stops at the first epoch that makes more than
    `patience` in a row without one, but not before `min_epochs` are done.

    Args:
        path: Path of the `.npz` file of the best weights.
        patience: Integer.
        min_epochs: Integer. Defaults to `0`.

    Attributes:
        state: Dictionary of plain values: best epoch, value, metrics, epochs
            waited. A checkpoint stores it.
    """

    def __init__(self, path, patience, min_epochs=0):
        super().__init__()
        self.path = path
        self.patience = patience
        self.min_epochs = min_epochs
        self.state = {"epoch": -1, "value": -1.0, "metrics": {}, "waited": 0}

    def on_epoch_end(self, epoch, logs=None):
        if MONITOR not in logs:
            return
        value = round(logs[MONITOR], 4)
        if value > self.state["value"]:
            metrics = {
                name.removeprefix("val_"): float(logs[name])
                for name in logs
                if name.startswith("val_")
            }
            self.state = {
                "epoch": epoch,
                "value": value,
                "metrics": metrics,
                "waited": 0,
            }
            save_arrays(self.path, model_weights(self.model), {"epoch": epoch})
        else:
            self.state = {**self.state, "waited": self.state["waited"] + 1}
            spent = self.state["waited"] > self.patience
            if spent and epoch + 1 >= self.min_epochs:
                self.model.stop_training = True
        logs["best_epoch"] = self.state["epoch"]

    def outlook(self):
        """When training will stop, in words."""
        waited = self.state["waited"]
        return f"stops after {self.patience} without a gain, now {waited}"


class History(keras.callbacks.Callback):
    """Writes one row an epoch to `history.csv`.

    Args:
        path: Path of the CSV file.

    Attributes:
        rows: List of dictionaries, one an epoch.
    """

    def __init__(self, path):
        super().__init__()
        self.path = path
        self.rows = []

    def on_epoch_end(self, epoch, logs=None):
        rate = float(np.asarray(self.model.optimizer.learning_rate))
        self.add({"epoch": epoch, "learning_rate": rate, **logs})

    def add(self, row):
        """Appends one row and writes the file.

        Args:
            row: Dictionary of numbers.
        """
        self.rows.append({k: _plain(v) for k, v in row.items()})
        with staged_file(self.path) as staging:
            pd.DataFrame(self.rows).to_csv(staging, index=False)


class Checkpoint(keras.callbacks.Callback):
    """Writes everything that the next epoch depends on, after each epoch.

    Args:
        path: Path of the `.npz` file.
        best: `BestEpoch` of the same run.
        history: `History` of the same run.
        identity: Dictionary of plain values that a checkpoint must carry to
            be continued, such as the data's hash.
    """

    def __init__(self, path, best, history, identity):
        super().__init__()
        self.path = path
        self.best = best
        self.history = history
        self.identity = identity

    def on_epoch_end(self, epoch, logs=None):
        save_arrays(
            self.path,
            training_state(self.model, self.model.optimizer),
            {
                "identity": self.identity,
                "next_epoch": epoch + 1,
                "stopped": bool(self.model.stop_training),
                "best": self.best.state,
                "history": self.history.rows,
            },
        )

    def restore(self, model):
        """Fills the model from the checkpoint, if there is one.

        Args:
            model: The compiled model, its optimizer built.

        Returns:
            Tuple of the next epoch and whether training had stopped;
            `(0, False)` without a checkpoint.

        Raises:
            ValueError: If the checkpoint is of other data or does not fit.
        """
        if not self.path.is_file():
            return 0, False
        arrays, description = load_arrays(self.path)
        if description["identity"] != self.identity:
            raise ValueError(
                f"{self.path} belongs to another run: it carries "
                f"{description['identity']}, expected {self.identity}. "
                "Remove the folder to train anew."
            )
        assign_arrays(training_state(model, model.optimizer), arrays, self.path)
        self.best.state = description["best"]
        self.history.rows = description["history"]
        return description["next_epoch"], description["stopped"]


class Progress(keras.callbacks.Callback):
    """A bar over the epochs on a terminal; elsewhere one line an epoch.

    Both show losses, validation metrics, the best epoch and how long
    training still waits for a better one. Logs and executed notebooks keep
    the lines, so there each epoch has its own.

    Args:
        description: String. Stands before the bar, or in a line of its own.
        max_epochs: Integer.
        best: `BestEpoch` of the same run.
        first_epoch: Integer. Where a resumed run begins. Defaults to `0`.
    """

    def __init__(self, description, max_epochs, best, first_epoch=0):
        super().__init__()
        self.description = description
        self.max_epochs = max_epochs
        self.best = best
        self.first_epoch = first_epoch
        self.bar = None

    def on_train_begin(self, logs=None):
        if not sys.stdout.isatty():
            print(f"{self.description}, at most {self.max_epochs} epochs")
            return
        self.bar = tqdm(
            desc=self.description,
            initial=self.first_epoch,
            unit="epoch",
            file=sys.stdout,
            mininterval=0.5,
            bar_format="{desc}: epoch {n:.1f} [{elapsed}, {rate_fmt}]{postfix}",
        )

    def on_train_batch_end(self, batch, logs=None):
        if self.bar is not None:
            self.bar.update(1.0 / self.params["steps"])

    def on_epoch_end(self, epoch, logs=None):
        if self.bar is None:
            print(f"epoch {epoch:3}  {self._line(logs)}", flush=True)
            return
        self.bar.n = epoch + 1
        self.bar.set_postfix_str(self._line(logs), refresh=False)

    def on_train_end(self, logs=None):
        if self.bar is not None:
            self.bar.refresh()
            self.bar.close()

    def _line(self, logs):
        terms = [n for n in self.model.loss_trackers if n in logs]
        shown = [f"{n} {logs[n]:.4f}" for n in terms]
        if MONITOR in logs:
            shown += [
                f"{n} {logs[f'val_{n}']:.4f}" for n in ("recall@20", "ndcg@20")
            ]
            seconds = logs["train_seconds"] + logs["evaluation_seconds"]
            shown.append(f"{seconds:.1f} s")
            shown.append(f"best {self.best.state['epoch']}")
            shown.append(self.best.outlook())
        return "  ".join(shown)


def _plain(value):
    return value if isinstance(value, int) else float(value)
