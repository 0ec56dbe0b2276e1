import math

import keras
import tensorflow as tf


class Adam(keras.optimizers.Optimizer):
    """Adam as PyTorch computes it, with a learning rate per variable.

    ```
    g   = gradient + weight_decay w          (coupled, into both moments)
    m   = b1 m + (1 - b1) g
    v   = b2 v + (1 - b2) g^2
    w  -= lr s_w  [m / (1 - b1^t)] / ( sqrt(v / (1 - b2^t)) + epsilon )
    ```

    Differs from `keras.optimizers.Adam`: epsilon is added after the bias
    correction and is `1e-8` (pairwise ranking has gradients of 1e-6, where
    Keras' `1e-7` shows); weight decay is added to the gradient; every
    variable may have its own factor `s_w`; a sparse gradient is made dense
    first, since its repeated rows would else be squared one by one.

    Args:
        learning_rate: Float. Defaults to `0.001`.
        beta_1: Float. Decay of the first moment. Defaults to `0.9`.
        beta_2: Float. Decay of the second moment. Defaults to `0.999`.
        epsilon: Float. Defaults to `1e-8`.
        coupled_weight_decay: Float. Defaults to `0.0`.
        scales: Function from a variable to its factor `s_w`. Defaults to
            `None`: 1 for all.

    Raises:
        ValueError: If the learning rate is not positive.

    Reference:
        Kingma and Ba, ICLR 2015.
    """

    def __init__(
        self,
        learning_rate=0.001,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        coupled_weight_decay=0.0,
        scales=None,
    ):
        if not learning_rate > 0:
            raise ValueError(
                "`learning_rate` must be positive. "
                f"Received: learning_rate={learning_rate}"
            )
        super().__init__(learning_rate=learning_rate, name="adam")
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.coupled_weight_decay = coupled_weight_decay
        self.scales = scales

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        scale = self.scales or (lambda variable: 1.0)
        self.scale_values = [float(scale(v)) for v in variables]
        self.first_moments = [
            self.add_variable_from_reference(v, "first_moment")
            for v in variables
        ]
        self.second_moments = [
            self.add_variable_from_reference(v, "second_moment")
            for v in variables
        ]

    def apply(self, grads, trainable_variables=None):
        # Once for all weights: of 28 they would be 400 small kernels.
        step = tf.cast(self.iterations + 1, "float32")
        # 1 - beta^t, without the cancellation of early steps in float32.
        first_bias = -tf.math.expm1(step * math.log(self.beta_1))
        second_bias = -tf.math.expm1(step * math.log(self.beta_2))
        # The fused kernel adds epsilon before the correction of the second
        # moment: scaled like this, it stands behind it.
        self._corrections = {
            "beta1_power": 1.0 - first_bias,
            "beta2_power": 1.0 - second_bias,
            "epsilon": self.epsilon * tf.sqrt(second_bias),
        }
        super().apply(grads, trainable_variables)

    def update_step(self, gradient, variable, learning_rate):
        index = self._get_variable_index(variable)
        gradient = tf.cast(tf.convert_to_tensor(gradient), variable.dtype)
        if self.coupled_weight_decay:
            gradient = gradient + self.coupled_weight_decay * variable
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self.first_moments[index].value.handle,
            v=self.second_moments[index].value.handle,
            lr=tf.cast(learning_rate, variable.dtype)
            * self.scale_values[index],
            beta1=self.beta_1,
            beta2=self.beta_2,
            grad=gradient,
            **self._corrections,
        )

    def get_config(self):
        config = super().get_config()
        config.update(
            {
                "beta_1": self.beta_1,
                "beta_2": self.beta_2,
                "epsilon": self.epsilon,
                "coupled_weight_decay": self.coupled_weight_decay,
            }
        )
        return config
