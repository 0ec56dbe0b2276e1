from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from camgr_tf.serving.catalog import Catalog


@pytest.fixture
def catalog(tmp_path):
    folder = tmp_path / "shop"
    (folder / "images").mkdir(parents=True)
    (folder / "images" / "a.png").write_bytes(b"a")
    (tmp_path / "b.png").write_bytes(b"b")
    (folder / "images" / "out.png").symlink_to(tmp_path / "b.png")
    (folder / "images" / "in.png").symlink_to(folder / "images" / "a.png")
    (folder / "images" / "round.png").symlink_to(folder / "images/round.png")
    names = [
        "images/a.png",
        "images/in.png",
        "images/out.png",
        "../b.png",
        str(tmp_path / "b.png"),
        "images/round.png",
        "images/no.png",
        "images",
        "",
        "images/a.png\0",
    ]
    paths = [str(folder / name) if name else "" for name in names]
    items = pd.DataFrame(
        {
            "original_id": [str(n) for n in range(10)],
            "image": paths,
            "price": [
                "5",
                "9.50",
                "",
                "12",
                "abc",
                "5.0",
                "7",
                "8",
                "9",
                "1e1",
            ],
            "category": list("aabbccaabb"),
        }
    )
    return Catalog(
        SimpleNamespace(
            users=pd.DataFrame({"original_id": ["u"]}),
            items=items,
            folder=folder,
        )
    )


def test_pictures_lie_in_the_folder_of_the_data(catalog):
    found = [catalog.picture(place) for place in range(10)]
    assert [path and path.name for path in found] == [
        "a.png",
        "a.png",
        *[None] * 8,
    ]


def test_pictures_of_added_items_are_whoevers_adds_them(catalog, tmp_path):
    more = catalog.with_items(["x"], images=[str(tmp_path / "b.png")])
    assert more.picture(10) == (tmp_path / "b.png").resolve()
    assert more.picture(0).name == "a.png"
    assert more.matches({"category": "a"}).tolist()[10] is False


@pytest.mark.parametrize(
    "where, expected",
    [
        ({"category": "a"}, [0, 1, 6, 7]),
        ({"category": ["a", "c"]}, [0, 1, 4, 5, 6, 7]),
        ({"price": (None, 7)}, [0, 5, 6]),
        ({"price": (9.5, None)}, [1, 3, 9]),
        ({"price": (7, 9), "category": "b"}, [8]),
        ({"price": 5}, [0, 5]),
        ({"price": "5"}, [0]),
        ({"price": 10}, [9]),
        ({"price": ""}, [2]),
        ({"category": "z"}, []),
        ({}, list(range(10))),
    ],
)
def test_matches_by_hand(catalog, where, expected):
    assert np.flatnonzero(catalog.matches(where)).tolist() == expected


@pytest.mark.parametrize(
    "where, message",
    [
        ({"color": "red"}, r"columns \['category', 'price'\].*\['color'\]"),
        ({"price": (1, 2, 3)}, r"Received: price=\(1, 2, 3\)"),
        ({"price": ("1", None)}, r"Received: price=\('1', None\)"),
        ({"price": ()}, r"Received: price=\(\)"),
    ],
)
def test_what_is_no_filter(catalog, where, message):
    with pytest.raises(ValueError, match=message):
        catalog.matches(where)
