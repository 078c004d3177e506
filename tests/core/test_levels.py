import pytest

from sigctl.core import levels


@pytest.mark.parametrize("level", levels.LADDER)
def test_rounding_down_never_allows_more(level):
    for supported in (levels.LADDER, ("read", "write", "admin"), ("admin",), ()):
        rounded = levels.round_down(level, supported)
        assert rounded in (*supported, levels.NONE)
        assert levels.rank(rounded) <= levels.rank(level)


def test_a_native_word_survives_rounding_and_counts_as_a_change():
    word = levels.native(25)
    assert levels.round_down(word, ("read",)) == "native:25"
    assert levels.rank(word) is None
    assert levels.widens("read", word)
    assert levels.widens(word, "read")
    assert not levels.widens(word, word)
    assert not levels.at_least(word, "read")


def test_the_ladder_is_in_order():
    assert [levels.rank(level) for level in levels.LADDER] == [1, 2, 3, 4, 5]
    assert levels.stronger("triage", "write") == "write"
    assert levels.widens("none", "read")
    assert not levels.widens("admin", "maintain")
