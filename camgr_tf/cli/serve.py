"""Serves the page in the browser."""

from camgr_tf import paths
from camgr_tf.cli.metrics_text import write
from camgr_tf.cli.options import add_data_root
from camgr_tf.cli.options import add_output_root
from camgr_tf.cli.options import add_run
from camgr_tf.cli.run_folder import find_run

SUMMARY = "show a run in the browser: baskets, lists, explanations"
EXAMPLES = """
    camgr serve
    camgr serve demo-camgr --port 8000
    camgr serve demo-camgr --beside demo-mf
"""
# Without a run one on the demo data is trained, once, in a minute or two.
DEMO_EPOCHS = 40


def add_arguments(parser):
    """Adds what `run` reads."""
    add_run(
        parser,
        "; without it CAmgr is trained on the demo data, once",
        nargs="?",
    )
    parser.add_argument(
        "--beside",
        metavar="RUN",
        help="a second run on the same data, whose lists stand beside "
        "(default: none)",
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="to listen on; 127.0.0.1 is for this machine only, 0.0.0.0 lets "
        "everybody in",
    )
    parser.add_argument(
        "--port",
        type=int,
        default=7860,
        metavar="PORT",
        help="to listen on, 1 to 65535",
    )
    add_data_root(parser)
    add_output_root(parser)


def run(options):
    """Checks what can be checked at once, then serves until Ctrl-C."""
    from camgr_tf.serving.address import check_address

    check_address(options.host, options.port)
    folder, *others = (
        find_run(name, options.output_root) if name is not None else None
        for name in (options.run_name, options.beside)
    )
    try:
        import gradio  # noqa: F401
    except ImportError as error:
        raise ImportError(
            f"The page needs gradio: pip install 'camgr_tf[demo]' ({error})."
        ) from error
    from camgr_tf.serving.page import launch
    from camgr_tf.serving.page_content import PageContent
    from camgr_tf.serving.recommender import load

    if folder is None:
        folder = _train_demo(options)
    contents = [
        PageContent(load(path, options.data_root))
        for path in (folder, *others)
        if path is not None
    ]
    write(f"Open http://{options.host}:{options.port}; Ctrl-C ends it")
    launch(contents, options.host, options.port)


def _train_demo(options):
    from camgr_tf.config import resolve_config
    from camgr_tf.training.runs import train

    config = resolve_config(data_root=options.data_root, max_epochs=DEMO_EPOCHS)
    root = paths.output_root(options.output_root)
    return train(config, output_root=root).folder
