from camgr_tf.serving.conftest import small_root

__all__ = ["small_root"]
