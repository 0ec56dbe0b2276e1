"""What the two commands that make datasets share."""

import json

from camgr_tf.cli import choices
from camgr_tf.cli.metrics_text import write
from camgr_tf.cli.options import add_data_root
from camgr_tf.cli.options import add_overwrite
from camgr_tf.cli.options import folder
from camgr_tf.cli.options import not_negative
from camgr_tf.cli.options import positive


def add_making(parser):
    """Adds the options of split, texts, imputation and place."""
    add = parser.add_argument
    add(
        "--split",
        choices=choices.SPLITS,
        default="random",
        metavar="RULE",
        help=f"one of {', '.join(choices.SPLITS)}",
    )
    add(
        "--split-seed",
        type=not_negative,
        default=0,
        metavar="SEED",
        help="of a rule that draws",
    )
    add(
        "--text-encoder",
        choices=choices.TEXT_ENCODERS,
        default="sentence2vec",
        metavar="ENCODER",
        help=f"one of {', '.join(choices.TEXT_ENCODERS)}",
    )
    add(
        "--text-dim",
        type=positive,
        default=300,
        metavar="WIDTH",
        help="width of sentence2vec",
    )
    add(
        "--text-seed",
        type=not_negative,
        default=0,
        metavar="SEED",
        help="of sentence2vec's training",
    )
    add(
        "--word-vectors",
        type=folder,
        metavar="FILE",
        help="of sentence2vec (default: trained on the texts)",
    )
    add(
        "--text-model",
        default=choices.TEXT_MODEL,
        metavar="MODEL",
        help="of sentence_transformer",
    )
    add(
        "--imputation",
        choices=choices.IMPUTATIONS,
        default="mean",
        metavar="RULE",
        help="of features that an item lacks, one of "
        f"{', '.join(choices.IMPUTATIONS)}",
    )
    add_data_root(parser)
    add_overwrite(parser, "replace the dataset of that name")


def text_options(options):
    """The options of the text encoder, as `encode_texts` takes them."""
    return {
        "encoder": options.text_encoder,
        "dimension": options.text_dim,
        "seed": options.text_seed,
        "word_vectors": options.word_vectors,
        "model": options.text_model,
    }


def print_made(target, record):
    """Prints where a dataset is, its counts, and what may come next."""
    write(f"{target}\n{json.dumps(record['counts'], indent=2)}")
