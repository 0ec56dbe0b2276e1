"""Reads the published files of the Amazon product data of 2014."""

import array
import html
import os
import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tqdm

from camgr_tf.ingest.raw_records import read_records

ASIN_BYTES = 10
IMAGE_WIDTH = 4096
_RECORD = np.dtype(
    [("asin", f"S{ASIN_BYTES}"), ("values", "<f4", (IMAGE_WIDTH,))]
)
_RECORDS_PER_READ = 256
_LEADING_ASIN = re.compile(rb"""\s*\{\s*['"]asin['"]\s*:\s*['"]([^'"]+)['"]""")


@dataclass(frozen=True, eq=False)
class Reviews:
    """The interactions of a reviews file, by sorted ids.

    Args:
        user_ids: List of strings, sorted; a user's number is the place here.
        asins: List of strings, sorted; an item's number is the place here.
        users: int32 array of shape `(rows,)`.
        items: int32 array of shape `(rows,)`.
        ratings: float32 array of shape `(rows,)`; NaN where not given.
        timestamps: int64 array of shape `(rows,)`, seconds, or `None` if a
            row has none.
    """

    user_ids: list[str]
    asins: list[str]
    users: np.ndarray
    items: np.ndarray
    ratings: np.ndarray
    timestamps: np.ndarray | None


def read_reviews(path: Path, progress: bool = True) -> Reviews:
    """Streams `reviews_<Category>_5.json.gz`.

    Rows are sorted by user, then item. Of several reviews of one item by one
    user the first is kept. These, and records without `reviewerID` or `asin`,
    are counted in one warning each.

    Args:
        path: The file.
        progress: Boolean. Whether a progress bar is shown. Defaults to
            `True`.

    Returns:
        `Reviews`.

    Raises:
        ValueError: If no record has both ids, or as in `read_records`.
    """
    users, items = {}, {}
    codes = array.array("q")
    ratings, timestamps = array.array("f"), array.array("q")
    num_without_ids = num_without_time = 0
    for record in read_records(path, progress=progress):
        user, asin = record.get("reviewerID"), record.get("asin")
        if not _is_id(user) or not _is_id(asin):
            num_without_ids += 1
            continue
        user = users.setdefault(user, len(users))
        codes.append(user << 32 | items.setdefault(asin, len(items)))
        rating = record.get("overall")
        ratings.append(rating if _is_number(rating, 1e30) else np.nan)
        time = record.get("unixReviewTime")
        has_time = isinstance(time, int) and _is_number(time, 2**63)
        num_without_time += not has_time
        timestamps.append(time if has_time else 0)
    if not codes:
        raise ValueError(
            f"{path}: expected records with `reviewerID` and `asin`. "
            f"Received: none among {num_without_ids} records"
        )
    if num_without_ids:
        warnings.warn(
            f"{path}: {num_without_ids} records have no `reviewerID` or no "
            "`asin`. They are skipped.",
            stacklevel=2,
        )
    if num_without_time:
        warnings.warn(
            f"{path}: {num_without_time} records have no `unixReviewTime`. "
            "The dataset gets no timestamps.",
            stacklevel=2,
        )
    codes = np.frombuffer(codes, np.int64)
    user_ids, user_places = _sorted_places(users)
    asins, item_places = _sorted_places(items)
    user_numbers = user_places[codes >> 32]
    item_numbers = item_places[codes & 0xFFFFFFFF]
    rows = _first_of_each_pair(path, user_numbers, item_numbers)
    return Reviews(
        user_ids=user_ids,
        asins=asins,
        users=user_numbers[rows],
        items=item_numbers[rows],
        ratings=np.frombuffer(ratings, np.float32)[rows],
        timestamps=None
        if num_without_time
        else np.frombuffer(timestamps, np.int64)[rows],
    )


def read_metadata(
    path: Path, asins: Iterable[str], progress: bool = True
) -> dict[str, dict[str, str]]:
    """Streams `meta_<Category>.json.gz` and keeps what describes some items.

    Lines of other items are recognized by their first field and not parsed.
    Of several records of one item the first is kept, with a counted warning.

    Args:
        path: The file.
        asins: The items to keep.
        progress: Boolean. Whether a progress bar is shown. Defaults to
            `True`.

    Returns:
        Dictionary of ASIN to `title`, `text` (title, brand, categories and
        description, as in MMRec's features) and `image_url`, each `""` where
        the file has none. Items that are not in the file are not in it.
    """
    wanted = set(asins)
    encoded = {asin.encode() for asin in wanted}

    def is_wanted(line):
        found = _LEADING_ASIN.match(line)
        return found is None or found[1] in encoded

    metadata = {}
    num_repeated = 0
    for record in read_records(path, is_wanted, progress):
        asin = record.get("asin")
        if not isinstance(asin, str) or asin not in wanted:
            continue
        if asin in metadata:
            num_repeated += 1
            continue
        title = _plain(record.get("title"))
        fields = [
            title,
            _plain(record.get("brand")),
            _plain(record.get("categories")),
            _plain(record.get("description")),
        ]
        metadata[asin] = {
            "title": title,
            "text": " ".join(filter(None, fields)),
            "image_url": _plain(record.get("imUrl")),
        }
    if num_repeated:
        warnings.warn(
            f"{path}: {num_repeated} records describe an item again. The "
            "first of each is kept.",
            stacklevel=2,
        )
    return metadata


def read_image_features(
    path: Path, asins: list[str], progress: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """Streams `image_features_<Category>.b`.

    The file is a row of records of 10 bytes of ASIN and 4096 little-endian
    float32, the output of a convolutional network.

    Args:
        path: The file.
        asins: The items, in the order of the result's rows.
        progress: Boolean. Whether a progress bar is shown. Defaults to
            `True`.

    Returns:
        Tuple `(features, present)`: float32 of shape `(num_items, 4096)` and
        bool of shape `(num_items,)`, `False` and a zero row for an item that
        is not in the file, or whose values are zero everywhere or not finite
        (these are counted in a warning). Of several records of one item the
        first is kept.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the size is no multiple of a record's, 16,394 bytes.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"No such file. Expected: {path}")
    size = os.path.getsize(path)
    num_records, rest = divmod(size, _RECORD.itemsize)
    if rest or not num_records:
        raise ValueError(
            f"{path}: expected whole records of {_RECORD.itemsize:,} bytes "
            f"({ASIN_BYTES} of ASIN, {IMAGE_WIDTH} float32). Received: "
            f"{size:,} bytes, that is {num_records:,} records and {rest:,} "
            "bytes. The file is cut: fetch it again"
        )
    rows = {asin.encode(): row for row, asin in enumerate(asins)}
    features = np.zeros((len(asins), IMAGE_WIDTH), np.float32)
    present = np.zeros(len(asins), bool)
    useless = []
    bar = tqdm.tqdm(
        total=size,
        desc=path.name,
        unit="B",
        unit_scale=True,
        disable=not progress,
        leave=False,
    )
    with open(path, "rb") as file, bar:
        while block := file.read(_RECORDS_PER_READ * _RECORD.itemsize):
            for asin, values in np.frombuffer(block, _RECORD):
                row = rows.get(bytes(asin))
                if row is None or present[row]:
                    continue
                if not np.isfinite(values).all() or not values.any():
                    useless.append(bytes(asin).decode())
                    continue
                features[row] = values
                present[row] = True
            bar.update(len(block))
    if useless:
        warnings.warn(
            f"{path}: {len(useless)} records are zero everywhere or hold "
            f"values that are not finite, the first is {useless[0]}. They "
            "count as absent.",
            stacklevel=2,
        )
    return features, present


def _is_id(value):
    return isinstance(value, str) and value.strip() != ""


def _is_number(value, bound):
    """Whether a value is a number, no truth value, and below the bound."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return -bound < value < bound


def _sorted_places(numbers):
    """Sorted names, and for each old number its place among them."""
    names = sorted(numbers)
    places = np.empty(len(names), np.int32)
    places[[numbers[name] for name in names]] = np.arange(len(names))
    return names, places


def _first_of_each_pair(path, users, items):
    """Rows sorted by user and item, only the first of each pair."""
    order = np.lexsort((items, users))
    new = np.ones(len(order), bool)
    new[1:] = (np.diff(users[order]) != 0) | (np.diff(items[order]) != 0)
    if not new.all():
        warnings.warn(
            f"{path}: {(~new).sum()} reviews are of an item that the same "
            "user has reviewed before. The first of each is kept.",
            stacklevel=3,
        )
    return order[new]


def _plain(value):
    """Text of a string or of nested lists of strings, entities resolved."""
    if isinstance(value, str):
        return " ".join(html.unescape(value).split())
    if isinstance(value, list):
        return " ".join(filter(None, map(_plain, value)))
    return ""
