"""Changes the code, one place at a time, and says what no test notices.

    python tests/mutation_check.py --named
    python tests/mutation_check.py --sample 60 --seed 0

Works in a copy of the package. A mutant of a file is tried by the tests beside
it: its own `x_test.py` and those of `TESTS`. A survivor is a change that these
tests let pass; it may be one that changes nothing. Each mutant is tried in a
process of its own, since a fork after TensorFlow's import is not relied on.
The same tests must pass before, in the copy without a mutant.
"""

import argparse
import ast
import contextlib
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDERS = ("models", "layers", "training", "losses")
SECONDS = 600  # a mutant that runs longer counts as noticed
# Tests beside the file's own.
TESTS = {
    "models/attention_encoder.py": ("models/camgr_test.py",),
    "models/camgr.py": ("models/camgr_dropout_test.py",),
    "models/camgr_attention.py": (
        "models/camgr_test.py",
        "models/camgr_dropout_test.py",
    ),
    "models/camgr_fold_in.py": (
        "baselines/embed_users_test.py",
        "baselines/embed_items_test.py",
    ),
    "models/camgr_paper.py": ("models/camgr_test.py",),
    "models/camgr_parts.py": (
        "models/camgr_test.py",
        "models/camgr_dropout_test.py",
    ),
    "models/query_modality.py": ("models/camgr_test.py",),
    "models/fold_in.py": (
        "baselines/embed_users_test.py",
        "baselines/embed_items_test.py",
    ),
    "layers/cross_attention.py": ("research/attentions_test.py",),
    "layers/cross_attention_fusion.py": ("research/attentions_test.py",),
    "layers/preference_fusion.py": ("research/attentions_test.py",),
    "layers/residual_mlp.py": ("research/attentions_test.py",),
    "training/callbacks.py": (
        "training/hooks_test.py",
        "training/runs_test.py",
    ),
    "training/runs.py": ("training/hooks_test.py",),
    "training/saved_runs.py": ("training/runs_test.py",),
}
# What once passed all tests unseen: file, text, other text, tests.
NAMED = [
    (
        "models/camgr.py",
        "if training and self.edge_dropout > 0:",
        "if False:",
        "models/camgr_dropout_test.py",
    ),
    (
        "models/camgr.py",
        "self.states(self.graphs, training=training)",
        "self.states(self.graphs)",
        "models/camgr_dropout_test.py",
    ),
    (
        "models/camgr_attention.py",
        "dropout=self.fusion_dropout,",
        "dropout=0.0,",
        "models/camgr_dropout_test.py",
    ),
    (
        "layers/preference_fusion.py",
        "self.drop(attended, training=training)",
        "self.drop(attended, training=False)",
        "models/camgr_dropout_test.py",
    ),
    (
        "research/attentions.py",
        '"gate_start": 0.0',
        '"gate_start": 2.0',
        "research/attentions_test.py",
    ),
    (
        "research/attentions.py",
        "kernel.assign(xavier(kernel.shape))",
        "pass",
        "research/attentions_test.py",
    ),
    (
        "research/attentions.py",
        "return keras.layers.Identity(name=name)",
        "return super().make_mlp(name, seed)",
        "research/attentions_test.py",
    ),
    (
        "models/camgr_paper.py",
        '"learning_rate": 0.001',
        '"learning_rate": 0.01',
        "models/camgr_test.py",
    ),
    (
        "training/callbacks.py",
        "self.decay ** (epoch / 50)",
        "self.decay ** (epoch / 5)",
        "training/hooks_test.py",
    ),
    (
        "training/callbacks.py",
        "self.model.begin_epoch(epoch)",
        "pass",
        "training/hooks_test.py",
    ),
    (
        "training/runs.py",
        "np.median(seconds)",
        "np.max(seconds)",
        "training/runs_test.py",
    ),
    (
        "ingest/resuming_downloader.py",
        "etag.startswith('\"')",
        "etag",
        "ingest/resuming_downloader_test.py",
    ),
    (
        "data/imputation.py",
        ', kind="stable"',
        "",
        "data/imputation_test.py",
    ),
]
FLIPPED = {
    ast.Lt: ast.GtE,
    ast.LtE: ast.Gt,
    ast.Gt: ast.LtE,
    ast.GtE: ast.Lt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
}


def mutations(tree):
    """All single changes of a syntax tree, as pairs of text and function."""
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Compare) and type(node.ops[0]) in FLIPPED:
            other = [FLIPPED[type(node.ops[0])](), *node.ops[1:]]
            yield f"{line}: comparison", _setter(node, "ops", other)
        elif isinstance(node, ast.BinOp) and type(node.op) in FLIPPED:
            other = FLIPPED[type(node.op)]()
            yield f"{line}: operator", _setter(node, "op", other)
        elif isinstance(node, ast.Constant) and isinstance(
            node.value, (bool, int, float)
        ):
            value = node.value
            other = not value if isinstance(value, bool) else 2 * value + 1
            text = f"{line}: {value} is {other}"
            yield text, _setter(node, "value", other)
        elif isinstance(node, (ast.If, ast.IfExp)):
            other = ast.UnaryOp(ast.Not(), node.test)
            yield f"{line}: condition negated", _setter(node, "test", other)
        elif isinstance(node, ast.Call):
            for place, keyword in enumerate(node.keywords):
                other = node.keywords[:place] + node.keywords[place + 1 :]
                text = f"{line}: without {keyword.arg}="
                yield text, _setter(node, "keywords", other)


def _setter(node, name, value):
    return lambda: setattr(node, name, value)


def random_mutants(num_mutants, seed):
    """Some of all mutants: file, description, changed text, tests."""
    found = []
    for folder in FOLDERS:
        for path in sorted((ROOT / "camgr_tf" / folder).glob("*.py")):
            if path.name.endswith("_test.py") or path.name == "__init__.py":
                continue
            count = len(list(mutations(ast.parse(path.read_text()))))
            found += [(path, place) for place in range(count)]
    print(f"{len(found)} mutants in {', '.join(FOLDERS)}", flush=True)
    chosen = random.Random(seed).sample(found, min(num_mutants, len(found)))
    for path, place in chosen:
        tree = ast.parse(path.read_text())
        text, change = list(mutations(tree))[place]
        change()
        name = str(path.relative_to(ROOT / "camgr_tf"))
        own = name.replace(".py", "_test.py")
        tests = [own, *TESTS.get(name, ())]
        tests = [t for t in tests if (ROOT / "camgr_tf" / t).is_file()]
        yield name, text, ast.unparse(tree), tests


def named_mutants():
    for name, old, new, tests in NAMED:
        source = (ROOT / "camgr_tf" / name).read_text()
        if source.count(old) != 1:
            raise SystemExit(f"{name} has {source.count(old)} times {old!r}")
        yield name, f"{old} -> {new}", source.replace(old, new), [tests]


def notices(copy, tests):
    """Whether a test fails, or runs too long, in the copy."""
    command = [sys.executable, "-B", "-m", "pytest", "-q", "-x"]
    paths = [f"camgr_tf/{test}" for test in tests]
    try:
        result = subprocess.run(
            [*command, "-p", "no:cacheprovider", *paths],
            cwd=copy,
            capture_output=True,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        return True
    return result.returncode != 0


@contextlib.contextmanager
def copied_package():
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        skipped = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "camgr_tf", copy / "camgr_tf", ignore=skipped)
        shutil.copy(ROOT / "pyproject.toml", copy)
        yield copy


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--named", action="store_true", help="the named ones")
    parser.add_argument("--sample", type=int, default=60, metavar="N")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    mutants = (
        named_mutants()
        if options.named
        else random_mutants(options.sample, options.seed)
    )
    tried, survived, passing = 0, 0, set()
    with copied_package() as copy:
        for name, text, source, tests in mutants:
            if tests and tuple(tests) not in passing:
                if notices(copy, tests):
                    raise SystemExit(f"{tests} fail without a mutant")
                passing.add(tuple(tests))
            path, started = copy / "camgr_tf" / name, time.perf_counter()
            original = path.read_text()
            path.write_text(source)
            noticed = bool(tests) and notices(copy, tests)
            path.write_text(original)
            tried, survived = tried + 1, survived + (not noticed)
            seconds = time.perf_counter() - started
            state = "noticed " if noticed else "SURVIVES"
            print(f"{state} {seconds:4.0f} s {name}:{text}", flush=True)
    print(f"{survived} of {tried} survive")


if __name__ == "__main__":
    main()
