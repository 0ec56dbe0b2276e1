"""Options of where shards are computed, for lists and item graphs."""

import shlex

from camgr_tf.cli import choices
from camgr_tf.cli.options import positive


def add_execution(parser, what, shards, shared):
    """Adds `--executor` and the options of Ray and Beam.

    Args:
        parser: Parser.
        what: String. What is computed.
        shards: String, the help of `--shards`.
        shared: String. The folder that all machines must see.
    """
    add = parser.add_argument
    add(
        "--executor",
        choices=choices.EXECUTORS,
        default="local",
        metavar="EXECUTOR",
        help=f"of {what}, one of {', '.join(choices.EXECUTORS)}; ray needs "
        "the extra `cluster`, beam the extra `beam`",
    )
    add("--shards", type=positive, metavar="N", help=shards)
    add(
        "--workers",
        type=positive,
        metavar="N",
        help="processes of ray or beam on this machine (default: its CPU "
        "cores; a cluster has its own)",
    )
    add(
        "--address",
        metavar="ADDRESS",
        help=f"of a Ray cluster that sees {shared}, such as auto (default: a "
        "Ray of this machine, for as long as it takes)",
    )
    add(
        "--beam-options",
        type=shlex.split,
        metavar="TEXT",
        help="of the pipeline, such as '--runner=FlinkRunner "
        "--flink_master=host:8081' (default: the DirectRunner with --workers "
        "processes)",
    )


def chosen_execution(options):
    """The execution that the options ask for.

    Args:
        options: The parsed command line.

    Returns:
        `camgr_tf.ranking.execution.Execution`.

    Raises:
        ValueError: For an option of another executor.
        ImportError: If the executor's extra is not installed.
    """
    from camgr_tf.ranking.execution import Execution

    return Execution(
        options.executor,
        options.shards,
        options.workers,
        options.address,
        tuple(options.beam_options or ()),
    )
