"""What options choose from, written out so that `--help` imports nothing.

A test holds each list to the part of the package that it is of.
"""

SOURCES = (
    "amazon-baby",
    "amazon-sports",
    "amazon-clothing",
    "mmrec-baby",
    "mmrec-sports",
    "mmrec-clothing",
)
SPLITS = ("random", "leave_one_out", "temporal_global", "temporal_user")
IMPUTATIONS = ("mean", "neighbors")
TEXT_ENCODERS = ("sentence2vec", "sentence_transformer")
TEXT_MODEL = "sentence-transformers/all-MiniLM-L6-v2"
EXPORTS = ("saved_model", "vectors", "index", "recommendations")
MEASUREMENTS = (
    "device",
    "training",
    "operations",
    "evaluation",
    "semantic_graph",
    "lists",
    "sampler",
    "tables",
    "scale",
    "workers",
)
MODES = ("full", "sampled", "lists")
EXECUTORS = ("local", "ray", "beam")
GRAPH_METHODS = ("exact", "approximate")
SIZES = ("baby", "clothing")
