"""`python -m camgr_tf` is the command `camgr`."""

import sys

from camgr_tf.cli import main

if __name__ == "__main__":
    sys.exit(main())
