"""Batches of sampled training whose subgraphs Ray's workers draw ahead."""

import keras


class RaySampledBatches(keras.utils.PyDataset):
    """The batches of `SampledBatches`, bit by bit, drawn by other processes.

    While a step is computed the workers draw the next ones; their features
    are read here.

    Args:
        batches: `SampledBatches`.
        draws: `camgr_tf.subgraphs.ray_draws.RayDraws` of its sampler.

    Example:

    ```python
    batches = SampledBatches(TrainingBatches(interactions), model, (10, 5))
    with ray_draws(batches.sampler, Execution("ray")) as draws:
        model.fit(RaySampledBatches(batches, draws), shuffle=False)
    ```
    """

    def __init__(self, batches, draws):
        super().__init__()
        self.batches = batches
        self.draws = draws
        self._asked = {}

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, index):
        stop = min(index + 1 + self.draws.num_ahead, len(self))
        for place in range(index, stop):
            if place not in self._asked:
                self._asked[place] = self.draws.ask(
                    *self.batches.request(place)
                )
        subgraph = self.draws.wait(self._asked.pop(index))
        return self.batches.batch_of(index, subgraph)

    def on_epoch_end(self):
        self._asked.clear()
        self.batches.on_epoch_end()
