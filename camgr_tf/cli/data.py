"""The group of commands that make and describe data folders."""

import importlib

from camgr_tf.cli.parser import add_command

SUMMARY = "make, download and describe dataset folders"
EXAMPLES = """
    camgr data demo
    camgr data download mmrec-baby
    camgr data catalog --name shop --interactions sales.csv --items items.csv
    camgr data describe shop
    camgr data neighbors shop --executor ray
"""
COMMANDS = ("demo", "catalog", "amazon", "download", "describe", "neighbors")


def add_arguments(parser):
    """Adds the commands of the group."""
    subparsers = parser.add_subparsers(
        required=True, metavar="COMMAND", title="commands"
    )
    for name in COMMANDS:
        module = importlib.import_module(f"camgr_tf.cli.data_{name}")
        add_command(subparsers, name, module)
