"""Reads the data files that describe experiments."""

import dataclasses
import tomllib
from dataclasses import dataclass
from pathlib import Path

from camgr_tf.near_names import near_names

FOLDER = Path(__file__).resolve().parent / "definitions"
KINDS = ("training", "statistics", "race")
LAYOUTS = ("labels_by_metrics", "metrics_by_labels", "one_row")
PLOTS = ("bars", "line", "heat_map", "accuracy_by_time", "purification")
# Given on the command line, and the same for all trials of a sweep.
RESERVED = ("dataset", "data_root", "seed", "output_root")


@dataclass(frozen=True)
class Definition:
    """What an experiment trains, and how its results are shown.

    Its trials are `variants` times the product of `grid`, each with
    `parameters`.

    Args:
        name: String. The file's name without its suffix.
        title: String. Heading in the report.
        kind: String. `"training"`; `"race"`, where each variant is searched
            first, see `camgr_tf.experiments.race`; or `"statistics"` of the
            dataset alone. Defaults to `"training"`.
        parameters: Dictionary. Parameters of all trials. Defaults to an empty
            one.
        variants: Tuple of dictionaries, each with a `label` and the
            parameters that make it, which count before `parameters`.
            Defaults to `()`: one variant without parameters.
        grid: Dictionary from a parameter to the list of its values. Defaults
            to an empty one.
        dataset_presets: Boolean. Whether a model's preset that bears the
            dataset's name is used. Defaults to `False`.
        metrics: Tuple of strings. Metrics that are shown. Defaults to
            Recall and NDCG at 10 and 20.
        part: String. Part of the data that they are shown of, `"test"` or
            `"validation"`. Defaults to `"test"`.
        layout: String, one of `LAYOUTS`. Form of the table. Defaults to
            `"labels_by_metrics"`.
        reference: String. Label that the others are tested against. Defaults
            to `None`: no tests.
        plot: String, one of `PLOTS`. Defaults to `None`.
        plot_modality: String. Modality of a `"purification"` plot. Defaults
            to `None`.
        paper: String. Table of the paper that has the same labels. Defaults
            to `None`.
        paper_says: String. What the paper says where it prints no number.
            Defaults to `None`.

    Raises:
        ValueError: For an unknown kind, layout or plot, an empty grid, a
            label that occurs twice, or a parameter of the grid that is also
            given elsewhere.
    """

    name: str
    title: str
    kind: str = "training"
    parameters: dict = dataclasses.field(default_factory=dict)
    variants: tuple = ()
    grid: dict = dataclasses.field(default_factory=dict)
    dataset_presets: bool = False
    metrics: tuple = ("recall@10", "recall@20", "ndcg@10", "ndcg@20")
    part: str = "test"
    layout: str = "labels_by_metrics"
    reference: str | None = None
    plot: str | None = None
    plot_modality: str | None = None
    paper: str | None = None
    paper_says: str | None = None

    def __post_init__(self):
        for field, value, allowed in (
            ("kind", self.kind, KINDS),
            ("layout", self.layout, LAYOUTS),
            ("plot", self.plot, (None, *PLOTS)),
            ("part", self.part, ("test", "validation")),
        ):
            if value not in allowed:
                raise ValueError(
                    f"Experiment {self.name!r}: `{field}` must be one of "
                    f"{allowed}. Received: {field}={value!r}"
                )
        trains = self.parameters or self.variants or self.grid
        if self.kind == "training" and not trains:
            raise ValueError(
                f"Experiment {self.name!r} is empty: it has neither "
                "`parameters` nor `variants` nor `grid`."
            )
        if self.kind == "statistics" and trains:
            raise ValueError(
                f"Experiment {self.name!r} of kind 'statistics' trains "
                "nothing and takes no parameters. "
                f"Received: {sorted({**self.parameters, **self.grid})}"
            )
        self._check_grid()
        self._check_variants()

    def _check_grid(self):
        for name, values in self.grid.items():
            if not isinstance(values, list) or not values:
                raise ValueError(
                    f"Experiment {self.name!r}: grid parameter {name!r} "
                    "needs a list of at least one value. "
                    f"Received: {name}={values!r}"
                )
            if len({repr(v) for v in values}) < len(values):
                raise ValueError(
                    f"Experiment {self.name!r}: grid parameter {name!r} has "
                    f"a value twice. Received: {name}={values!r}"
                )

    def _check_variants(self):
        labels = [variant.get("label") for variant in self.variants]
        for label in labels:
            if not isinstance(label, str) or not label:
                raise ValueError(
                    f"Experiment {self.name!r}: every variant needs a "
                    f"`label`. Received: labels {labels}"
                )
            if labels.count(label) > 1:
                raise ValueError(
                    f"Experiment {self.name!r} has two variants with the "
                    f"label {label!r}."
                )
        if self.reference is not None and self.reference not in labels:
            raise ValueError(
                f"Experiment {self.name!r}: `reference` must be the label of "
                f"a variant, one of {labels}. Received: {self.reference!r}"
            )
        varied = {key for v in self.variants for key in v} - {"label"}
        fixed = varied | set(self.parameters)
        for name in sorted(fixed | set(self.grid)):
            if name in RESERVED:
                raise ValueError(
                    f"Experiment {self.name!r} may not set {name!r}: it is "
                    "an option of the command line."
                )
            if name in self.grid and name in fixed:
                raise ValueError(
                    f"Experiment {self.name!r} sets {name!r} in `grid` and "
                    "in `parameters` or `variants`."
                )


def list_definitions():
    """Names of the experiments that come with the package, sorted."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load_definition(experiment):
    """Reads an experiment of the package, or a user's own file.

    Args:
        experiment: String. Name of an experiment of the package, or path of
            a `.toml` file.

    Returns:
        `Definition`.

    Raises:
        FileNotFoundError: If there is no such experiment.
        ValueError: If the file is malformed, has an unknown key, or bears the
            name of an experiment of the package.
    """
    path = Path(experiment)
    if path.suffix != ".toml":
        path = FOLDER / f"{experiment}.toml"
        if not path.is_file():
            raise FileNotFoundError(
                f"There is no experiment {experiment!r}"
                f"{near_names(experiment, list_definitions())}. There are "
                f"{', '.join(list_definitions())}; a file of your own is "
                "given by its path, ending in .toml."
            )
    elif not path.is_file():
        raise FileNotFoundError(f"There is no file {path}.")
    elif path.stem in list_definitions() and path.resolve().parent != FOLDER:
        raise ValueError(
            f"{path}: the name {path.stem!r} is taken by an experiment of "
            "the package. Rename the file."
        )
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path} is no TOML file: {error}") from error
    fields = {f.name for f in dataclasses.fields(Definition)} - {"name"}
    unknown = sorted(set(values) - fields)
    if unknown:
        raise ValueError(
            f"{path} has an unknown key {', '.join(unknown)}. "
            f"Known are {', '.join(sorted(fields))}."
        )
    for key in ("variants", "metrics"):
        if key in values:
            values[key] = tuple(values[key])
    values.setdefault("title", path.stem)
    return Definition(name=path.stem, **values)
