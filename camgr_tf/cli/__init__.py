"""The command `camgr`; it imports everything and nothing imports it."""

from camgr_tf.cli.command import main

__all__ = ["main"]
