from camgr_tf.serving.conftest import small_root
from camgr_tf.serving.conftest import small_run

__all__ = ["small_root", "small_run"]
