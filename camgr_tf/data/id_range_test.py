import warnings

import pandas as pd
import pytest

from camgr_tf.data.id_range import check_id_range


def _column(values):
    index = pd.RangeIndex(2, 2 + len(values), name="line")
    return pd.Series(values, index=index, name="userID")


def test_forty_users_and_one_large_id():
    # 800,001 rows of 64 floats of 4 bytes are 204.80 MB, 41 rows .01 MB.
    message = (
        "of the 800,001 values of `userID` .* 799,960 occur nowhere. .* takes "
        "204.80 MB instead of 0.01 MB.*from 0 to 40: .*800000 on line 4"
    )
    ids = _column([0, 1, 800_000, *range(2, 40)])
    with pytest.raises(ValueError, match=message):
        check_id_range("a.inter", ids, None)


@pytest.mark.parametrize(
    "ids",
    [range(40), [10_000], [0, 5_000], range(0, 60_000, 2)],
    ids=["dense", "few", "gap", "every second"],
)
def test_harmless_gaps(ids):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_id_range("a.inter", _column(list(ids)), None)


def test_a_catalog_knows_more_ids():
    catalog = pd.DataFrame(index=range(50_000))
    check_id_range("a.inter", _column([0, 49_999]), catalog)
    with pytest.raises(ValueError, match="49,998 occur nowhere"):
        check_id_range("a.inter", _column([0, 49_999]), None)


def test_two_thirds_are_a_warning():
    with pytest.warns(UserWarning, match="40,000 occur nowhere"):
        check_id_range("a.inter", _column(list(range(0, 60_001, 3))), None)
