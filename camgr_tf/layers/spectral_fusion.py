import keras
import numpy as np
from keras import ops

from camgr_tf.ops.spectrum import complex_product
from camgr_tf.ops.spectrum import from_spectrum
from camgr_tf.ops.spectrum import spectrum


class SpectralFusion(keras.layers.Layer):
    """Filters modalities by frequency and multiplies their spectra.

    ```
    s_m = spectrum of the rows of X_m
    D_m = rows of s_m w_m                         for each modality
    D_f = rows of (s_1 s_2 ... s_M) w_f           fused
    ```

    `w` are complex filters, one number a frequency, that start at random.
    All transforms are scaled by `1 / sqrt(dim)`.

    Args:
        dim: Integer. Width of the rows.
        num_modalities: Integer. The `M`. Defaults to `2`.
        seed: Integer. Of the filters. Defaults to `0`.
        **kwargs: Arguments of `keras.layers.Layer`.

    Call arguments:
        inputs: List of `M` float tensors of shape `(num_rows, dim)`.

    Returns:
        List of `M + 1` tensors of that shape, the fused one last.

    Example:

    ```python
    import keras

    from camgr_tf.layers.spectral_fusion import SpectralFusion

    rows = [keras.ops.ones((5, 8)), keras.ops.ones((5, 8))]
    image, text, fused = SpectralFusion(8)(rows)
    ```

    Reference:
        Ong and Khong, "Spectrum-based Modality Representation Fusion Graph
        Convolutional Network for Multimodal Recommendation", WSDM 2025.
    """

    def __init__(self, dim, num_modalities=2, seed=0, **kwargs):
        super().__init__(**kwargs)
        self.dim = dim
        self.num_modalities = num_modalities
        self.seed = seed
        # Filters by rows, real parts before imaginary ones.
        shape = (num_modalities + 1, 2, dim // 2 + 1)
        start = np.random.default_rng(seed).normal(size=shape)
        self.filters = self.add_weight(
            name="filters",
            shape=shape,
            initializer=lambda shape, dtype: ops.cast(start, dtype),
        )
        self.built = True

    def call(self, inputs):
        spectra = [spectrum(rows) for rows in inputs]
        fused = spectra[0]
        for other in spectra[1:]:
            fused = complex_product(fused, other)
        filters = ops.unstack(ops.convert_to_tensor(self.filters))
        return [
            from_spectrum(*complex_product(s, ops.unstack(w)), self.dim)
            for s, w in zip([*spectra, fused], filters)
        ]

    def get_config(self):
        return {
            **super().get_config(),
            "dim": self.dim,
            "num_modalities": self.num_modalities,
            "seed": self.seed,
        }
