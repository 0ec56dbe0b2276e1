import copy
import difflib
from pathlib import Path

import numpy as np
import pandas as pd


class Catalog:
    """Original ids, titles and pictures, by place and back.

    Args:
        dataset: `camgr_tf.data.Dataset`.

    Attributes:
        user_ids: Array of strings of shape `(num_users,)`.
        item_ids: Array of strings of shape `(num_items,)`.
        titles: Array of strings of shape `(num_items,)`, or `None` where the
            data have no titles.
        images: Array of paths of shape `(num_items,)`, empty where an item
            has no picture, or `None` where the data have none. As the data
            name them: see `picture`.
        columns: DataFrame of strings, what else the items' table has, such
            as a price or a category.

    Raises:
        ValueError: If two users or two items have the same original id.
    """

    def __init__(self, dataset):
        users, items = dataset.users, dataset.items
        self.user_ids = _strings(users["original_id"])
        self.item_ids = _strings(items["original_id"])
        self.titles = _strings(items["title"]) if "title" in items else None
        self.images = _strings(items["image"]) if "image" in items else None
        known = {"original_id", "title", "image"}.intersection(items.columns)
        self.columns = items.drop(columns=sorted(known)).reset_index(drop=True)
        self._image_folder = Path(dataset.folder)
        self._num_in_folder = len(self.item_ids)
        self._user_index = _index(self.user_ids, "user")
        self._item_index = _index(self.item_ids, "item")

    def users(self, user_ids):
        """Places of users.

        Args:
            user_ids: List of original ids.

        Returns:
            Integer array.

        Raises:
            ValueError: If an id is not known.
        """
        return _places(self._user_index, user_ids, "user")

    def items(self, item_ids):
        """Places of items.

        Args:
            item_ids: List of original ids.

        Returns:
            Integer array.

        Raises:
            ValueError: If an id is not known.
        """
        return _places(self._item_index, item_ids, "item")

    def picture(self, place):
        """The file of an item's picture, links followed.

        Of an item of the data it must lie in their folder: an absolute path,
        `..` or a link that leads out of it is no picture.

        Args:
            place: Integer, the item's place.

        Returns:
            `Path`, or `None` where there is no such file.
        """
        if self.images is None or not self.images[place]:
            return None
        try:
            path = Path(self.images[place]).resolve(strict=True)
        except (OSError, ValueError, RuntimeError):
            return None  # not there, a NUL in it, links in a circle
        is_own = place < self._num_in_folder
        if is_own and not path.is_relative_to(self._image_folder.resolve()):
            return None
        return path if path.is_file() else None

    def matches(self, where):
        """Which items have the wanted values in columns of their table.

        Args:
            where: Dictionary from a column to a value, a list of values, or
                a tuple `(lowest, highest)` of numbers or `None`. A number
                equals a field that is that number however it is written; an
                empty field is in no range.

        Returns:
            bool array of shape `(num_items,)`.

        Raises:
            ValueError: If there is no such column, or a range is none.
        """
        unknown = sorted(set(where) - set(self.columns))
        if unknown:
            raise ValueError(
                f"`where` may name the columns {sorted(self.columns)} of the "
                f"items' table. Received: {unknown}"
            )
        result = np.ones(len(self.item_ids), bool)
        for name, wanted in where.items():
            result &= _matches(self.columns[name], name, wanted)
        return result

    def with_items(self, item_ids, titles=None, images=None):
        """A catalog with more items behind those of this one.

        Args:
            item_ids: List of new original ids.
            titles: List of strings, or `None`. Defaults to `None`.
            images: List of paths, or `None`; they may lie anywhere. Defaults
                to `None`.

        Returns:
            `Catalog`.

        Raises:
            ValueError: If an id is there already.
        """
        result = copy.copy(self)
        result.item_ids = np.concatenate([self.item_ids, _strings(item_ids)])
        result._item_index = _index(result.item_ids, "item")
        # Nothing else is known of them: an empty field matches nothing.
        result.columns = self.columns.reindex(
            range(len(result.item_ids)), fill_value=""
        )
        for name, values in (("titles", titles), ("images", images)):
            known = getattr(self, name)
            if known is not None:
                added = _strings(values or [""] * len(item_ids))
                setattr(result, name, np.concatenate([known, added]))
        return result


def _strings(values):
    return np.array([str(value) for value in values], dtype=object)


def _matches(column, name, wanted):
    numbers = pd.to_numeric(column, errors="coerce").to_numpy("float64")
    if isinstance(wanted, tuple):
        if len(wanted) != 2 or not all(
            bound is None or _is_number(bound) for bound in wanted
        ):
            raise ValueError(
                "A range of `where` must be a tuple (lowest, highest) of "
                f"numbers or None. Received: {name}={wanted!r}"
            )
        low, high = wanted
        inside = np.isfinite(numbers)
        inside &= numbers >= (-np.inf if low is None else low)
        return inside & (numbers <= (np.inf if high is None else high))
    values = wanted if isinstance(wanted, list | set) else [wanted]
    found = column.isin([str(value) for value in values]).to_numpy()
    for value in filter(_is_number, values):
        found = found | (numbers == value)
    return found


def _is_number(value):
    number = isinstance(value, int | float | np.number)
    return number and not isinstance(value, bool)


def _index(ids, kind):
    index = pd.Index(ids)
    if not index.is_unique:
        raise ValueError(
            f"Each {kind} must have an original id of its own. Received: "
            f"{index[index.duplicated()][0]!r} twice"
        )
    return index


def _places(index, ids, kind):
    if isinstance(ids, str | bytes) or not np.iterable(ids):
        raise ValueError(
            f"A list of original {kind} ids is needed. Received: {ids!r}"
        )
    ids = [str(value) for value in ids]
    places = index.get_indexer(ids)
    unknown = np.flatnonzero(places < 0)
    if len(unknown):
        name = ids[unknown[0]]
        near = difflib.get_close_matches(name, index[:100_000], n=1, cutoff=0)
        raise ValueError(
            f"{len(unknown)} unknown {kind} ids, the first is {name!r}. "
            f"A known one: {(near or [index[0]])[0]!r}."
        )
    return places.astype("int64")
