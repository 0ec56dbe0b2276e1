import ctypes
import sys

import pytest

from camgr_tf import allocator


class _Library:
    """Stands for the C library and records what it is told."""

    def __init__(self, accepts=True):
        self.settings = {}
        self.accepts = accepts

    def mallopt(self, name, value):
        self.settings[name] = value
        return int(self.accepts)


def _load(monkeypatch, library):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda name: library)


def test_asks_for_one_growing_heap(monkeypatch):
    library = _Library()
    _load(monkeypatch, library)
    assert allocator.keep_freed_memory() is True
    # M_MMAP_MAX (-4): no block of its own; M_ARENA_MAX (-8): one heap;
    # M_TRIM_THRESHOLD (-1): never given back; M_TOP_PAD (-2): grows by 64 MB.
    assert library.settings == {-4: 0, -8: 1, -1: 2**31 - 1, -2: 67108864}


def test_says_so_when_a_setting_is_refused(monkeypatch):
    _load(monkeypatch, _Library(accepts=False))
    assert allocator.keep_freed_memory() is False


def test_does_nothing_on_other_systems(monkeypatch):
    library = _Library()
    _load(monkeypatch, library)
    monkeypatch.setattr(sys, "platform", "darwin")
    assert allocator.keep_freed_memory() is False
    assert not library.settings


@pytest.mark.parametrize("error", [OSError, AttributeError])
def test_does_nothing_without_the_gnu_library(monkeypatch, error):
    def fail(name):
        raise error

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", fail)
    assert allocator.keep_freed_memory() is False


@pytest.mark.skipif(sys.platform != "linux", reason="needs the GNU library")
def test_the_real_library_accepts():
    assert allocator.keep_freed_memory() is True
