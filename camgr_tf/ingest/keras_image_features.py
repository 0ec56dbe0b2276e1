"""Picture features by a network of `keras.applications`."""

import difflib
import os
import re
import types

import numpy as np
import tqdm

from camgr_tf.ingest import pictures

# These end in dense layers, without global pooling.
_DENSE_LAYERS = {"VGG16": "fc2", "VGG19": "fc2"}


def keras_image_features(
    image_paths,
    application="VGG16",
    weights="imagenet",
    layer=None,
    batch_size=32,
    counts=None,
    progress=True,
):
    """Runs pictures through an ImageNet network, e.g. VGG-16's layer fc2.

    Each picture is stretched to the network's own input size and
    preprocessed as its weights expect. Reading is parallel and in batches, by
    `tf.data`.

    Args:
        image_paths: Sequence of paths of length `n`; `None` or `""` for an
            item without a picture.
        application: String, the name of a model in `keras.applications`.
            Defaults to `"VGG16"`.
        weights: `"imagenet"` for the weights in Keras's cache (which Keras
            fetches if they are not there), the path of a weights file of the
            whole network, top included, or `None` for random weights.
            Defaults to `"imagenet"`.
        layer: String, the name of the layer whose output is taken. Defaults
            to `None`: `"fc2"` (4096 wide) for VGG16 and VGG19, the global
            pooling before the classifier for all others.
        batch_size: Positive integer. Defaults to `32`.
        counts: Optional `collections.Counter` that receives the outcomes of
            `pictures.read_picture`. Defaults to `None`.
        progress: Boolean. Whether a progress bar is shown. Defaults to
            `True`.

    Returns:
        Tuple `(features, present)`: `float32` of shape `(n, width)`, and
        `bool` of shape `(n,)`, `False` (and a zero row) where there is no
        usable picture. These are counted in one warning.

    Raises:
        ValueError: If the application or the layer is unknown.
        FileNotFoundError: If there are no weights; the message says what to
            fetch and where to put it.
    """
    model, preprocess = _build_extractor(application, weights, layer)
    paths = list(image_paths)
    features = np.zeros((len(paths), model.output_shape[-1]), np.float32)
    present = np.zeros(len(paths), bool)
    outcomes = [[] for _ in paths]
    batches = _picture_batches(
        paths, model.input_shape[1:3], batch_size, outcomes
    )
    bar = tqdm.tqdm(
        total=len(paths), desc=application, disable=not progress, leave=False
    )
    with bar, pictures.quiet_decoders():
        for rows, pixels in batches.as_numpy_iterator():
            inputs = preprocess(pixels.astype(np.float32))
            features[rows] = model.predict_on_batch(inputs)
            present[rows] = True
            bar.update(len(rows))
    pictures.count_outcomes(paths, outcomes, counts)
    return features, present


def _picture_batches(paths, size, batch_size, outcomes):
    """Batches of row numbers and pixels of usable pictures, in order."""
    import tensorflow as tf

    def read(row):
        pixels, happened = pictures.read_picture(paths[row], size)
        outcomes[row].extend(happened)
        if pixels is None:
            return np.zeros((0, *size, 3), np.uint8)
        return pixels[None]

    def read_row(row):
        pixels = tf.numpy_function(read, [row], tf.uint8)
        pixels = tf.ensure_shape(pixels, (None, *size, 3))
        return tf.repeat(row, tf.shape(pixels)[0]), pixels

    return (
        tf.data.Dataset.range(len(paths))
        .map(read_row, num_parallel_calls=tf.data.AUTOTUNE)
        .unbatch()
        .batch(batch_size)
        .prefetch(2)
    )


def _build_extractor(application, weights, layer):
    """The cut network, and the preprocessing of its pixels."""
    import keras

    module = _find_module(application)
    if weights not in ("imagenet", None) and not os.path.isfile(weights):
        raise FileNotFoundError(
            f"{application}: there is no weights file {os.fspath(weights)}"
        )
    try:
        model = getattr(module, application)(weights=weights)
    except Exception as error:
        # Keras raises a bare Exception where it cannot fetch.
        url = re.search(r"https?://\S+?\.h5", str(error))
        if weights != "imagenet" or url is None:
            raise
        raise FileNotFoundError(
            f"{application}: its weights are not in Keras's cache and could "
            f"not be fetched ({error}). Fetch {url[0]} on a machine that is "
            f"online and put it at {_cache_path(url[0])}, or pass its path as "
            "`weights`. Without weights there is the encoder `color_shape`"
        ) from error
    output = model.get_layer(layer or _default_layer(application, model)).output
    if len(output.shape) > 2:
        output = keras.layers.Flatten()(output)
    return keras.Model(model.input, output), module.preprocess_input


def _find_module(application):
    """The module of `keras.applications` that defines an application."""
    import keras

    modules = [
        module
        for module in vars(keras.applications).values()
        if isinstance(module, types.ModuleType)
    ]
    for module in modules:
        if application[:1].isupper() and hasattr(module, application):
            return module
    known = {
        name for module in modules for name in vars(module) if name[0].isupper()
    }
    near = difflib.get_close_matches(
        application, sorted(known), n=3, cutoff=0.3
    )
    raise ValueError(
        "The encoder must be the name of a model in `keras.applications`. "
        f"Received: application={application!r}. Similar names: "
        f"{', '.join(near) or 'none'}. `color_shape` needs no model"
    )


def _default_layer(application, model):
    if application in _DENSE_LAYERS:
        return _DENSE_LAYERS[application]
    return [
        layer.name
        for layer in model.layers
        if type(layer).__name__.startswith("GlobalAveragePooling")
    ][-1]


def _cache_path(url):
    home = os.environ.get("KERAS_HOME") or os.path.join("~", ".keras")
    name = url.rsplit("/", 1)[-1]
    return os.path.join(os.path.expanduser(home), "models", name)
