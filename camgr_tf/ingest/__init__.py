"""Makes data folders: from raw files, from tables, and the demo."""

import importlib

# Imported when first asked for: a command's help needs no encoder.
_EXPORTS = {
    "build_amazon_dataset": "camgr_tf.ingest.amazon",
    "build_catalog_dataset": "camgr_tf.ingest.catalog_builder",
    "download_source": "camgr_tf.ingest.download",
    "make_demo": "camgr_tf.ingest.demo",
}
__all__ = sorted(_EXPORTS)


def __getattr__(name):
    if name not in _EXPORTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_EXPORTS[name]), name)


def __dir__():
    return sorted([*globals(), *_EXPORTS])
