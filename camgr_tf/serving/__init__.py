"""What a trained model is used for: lists, explanations, exports, a page."""

import camgr_tf.backend  # noqa: F401
