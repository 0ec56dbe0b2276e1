"""Times and memory against problem size; nothing else imports this."""

import camgr_tf.backend  # noqa: F401
