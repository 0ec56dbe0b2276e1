import math

import tensorflow as tf

from camgr_tf.training.adam import Adam


class RowAdam(Adam):
    """`Adam` that updates of a table only the rows that a step has read.

    A gradient that is a `tf.IndexedSlices` of distinct rows moves these rows
    and their moments; no other row is read or written. A row that every step
    reads moves as in `Adam`. For one that was last read `k` steps ago

    ```
    m = b1^k m + (1 - b1) g,   v = b2^k v + (1 - b2) g^2
    ```

    the moments are those of `Adam` under gradients of zero in the steps
    between. What the row itself does not make up for is the way that it
    would have gone by its momentum in these steps: about `b1 / (1 - b1)`
    times its last step, 9 with the defaults, more in the first steps of a
    training. Coupled weight decay, too, acts only in the steps that read the
    row.

    Args:
        tables: List of `keras.Variable` of shape `(num_rows, dim)`, those
            whose gradients are of rows.
        **arguments: Those of `Adam`.

    Example:

    ```python
    import keras
    import tensorflow as tf
    from camgr_tf.training.row_adam import RowAdam

    table = keras.Variable([[1.0], [1.0], [1.0]])
    optimizer = RowAdam([table], learning_rate=0.1)
    optimizer.build([table])
    rows = tf.IndexedSlices(tf.constant([[2.0]]), tf.constant([1]))
    optimizer.apply([rows], [table])  # [[1.0], [0.9], [1.0]]
    ```
    """

    def __init__(self, tables, **arguments):
        super().__init__(**arguments)
        self.tables = list(tables)

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        # The step that read each row last, 0 for none: by variable.
        self.last_steps = {
            self._get_variable_index(table): self.add_variable(
                shape=(table.shape[0],),
                dtype="int32",
                initializer="zeros",
                name=f"{table.name}_last_step",
            )
            for table in self.tables
        }

    def update_step(self, gradient, variable, learning_rate):
        if not isinstance(gradient, tf.IndexedSlices):
            super().update_step(gradient, variable, learning_rate)
            return
        index = self._get_variable_index(variable)
        rows, values = gradient.indices, gradient.values
        first = self.first_moments[index].value
        second = self.second_moments[index].value
        last = self.last_steps[index].value
        states = tf.gather(variable, rows)  # reads these rows alone
        if self.coupled_weight_decay:
            values = values + self.coupled_weight_decay * states
        count = tf.cast(self.iterations + 1, "int32")
        gap = tf.cast(count - tf.gather(last, rows), values.dtype)[:, None]
        step = tf.cast(count, values.dtype)
        log_1, log_2 = math.log(self.beta_1), math.log(self.beta_2)
        new_first = tf.exp(gap * log_1) * tf.gather(first, rows)
        new_first += (1.0 - self.beta_1) * values
        new_second = tf.exp(gap * log_2) * tf.gather(second, rows)
        new_second += (1.0 - self.beta_2) * tf.square(values)
        rate = tf.cast(learning_rate, values.dtype) * self.scale_values[index]
        move = new_first / -tf.math.expm1(step * log_1)
        move /= (
            tf.sqrt(new_second / -tf.math.expm1(step * log_2)) + self.epsilon
        )
        for target, new in (
            (variable, states - rate * move),
            (first, new_first),
            (second, new_second),
            (last, tf.fill(tf.shape(rows), count)),
        ):
            target.scatter_update(tf.IndexedSlices(new, rows))
