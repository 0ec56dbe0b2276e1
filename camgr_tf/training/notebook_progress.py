"""Progress of a training run in a notebook: a table and a curve that grow."""

import io
import sys
import time

from camgr_tf.device import describe_device
from camgr_tf.training.callbacks import MONITOR
from camgr_tf.training.callbacks import Progress

# Drawing takes as long as a small epoch.
SECONDS_BETWEEN_DRAWINGS = 1.0


class NotebookProgress(Progress):
    """One row an epoch, above a curve of loss and validation Recall@20.

    The rows are plain text, so that papermill passes them on as they come.

    Args:
        description: String, as of `Progress`.
        max_epochs: Integer.
        best: `BestEpoch` of the same run.
        first_epoch: Integer. Defaults to `0`.
    """

    def __init__(self, description, max_epochs, best, first_epoch=0):
        super().__init__(description, max_epochs, best, first_epoch)
        self.epochs, self.losses, self.recalls = [], [], []
        self._figure = None
        self._drawn = 0.0

    def on_train_begin(self, logs=None):
        print(
            f"{self.description}, at most {self.max_epochs} epochs, "
            f"{self.best.outlook().partition(',')[0]}"
        )
        device = describe_device()
        print(f"on {device['kind']} {device['name']}")
        self._draw()  # above the rows

    def on_epoch_end(self, epoch, logs=None):
        if not self.epochs:
            terms = [n for n in self.model.loss_trackers if n in logs]
            self._columns = terms
            heads = (*terms, "recall@20", "ndcg@20", "seconds")
            heads += ("best", "waits")
            print("epoch" + "".join(f"{head:>11}" for head in heads))
        seconds = logs["train_seconds"] + logs.get("evaluation_seconds", 0.0)
        values = [logs[n] for n in self._columns]
        values += [logs.get(MONITOR), logs.get("val_ndcg@20")]
        texts = ["-" if v is None else f"{v:.4f}" for v in values]
        texts += [f"{seconds:.1f}", str(self.best.state["epoch"])]
        texts.append(str(self.best.state["waited"]))
        row = "".join(f"{text:>11}" for text in texts)
        print(f"{epoch:5}{row}", flush=True)
        self.epochs.append(epoch)
        self.losses.append(logs["loss"])
        self.recalls.append(logs.get(MONITOR, float("nan")))
        if time.monotonic() - self._drawn >= SECONDS_BETWEEN_DRAWINGS:
            self._draw()

    def on_train_end(self, logs=None):
        if self.epochs:
            self._draw()

    def _draw(self):
        from IPython.display import Image
        from IPython.display import display

        self._drawn = time.monotonic()
        image = Image(data=self._picture())
        if self._figure is None:
            self._figure = display(image, display_id=True)
        else:
            self._figure.update(image)

    def _picture(self):
        from matplotlib.figure import Figure

        figure = Figure(figsize=(7, 2.4), layout="constrained")
        left, right = figure.subplots(1, 2)
        left.plot(self.epochs, self.losses, color="C0")
        left.set(xlabel="epoch", ylabel="loss")
        right.plot(self.epochs, self.recalls, color="C1")
        best = self.best.state
        if best["epoch"] >= 0:
            right.plot(best["epoch"], best["value"], "ko", label="best")
            right.legend()
        right.set(xlabel="epoch", ylabel="validation Recall@20")
        file = io.BytesIO()
        figure.savefig(file, format="png")
        return file.getvalue()


def in_notebook():
    """Whether this process is the kernel of a notebook."""
    # Only a kernel has imported it.
    if "ipykernel" not in sys.modules:
        return False
    from IPython import get_ipython

    return getattr(get_ipython(), "kernel", None) is not None
