"""Lists and hints in messages name what a user can act on."""

from lacuna.errors import did_you_mean, listed


def test_a_list_names_as_many_as_are_asked_for_and_counts_the_others():
    assert listed("ab", most=2) == "'a', 'b'"
    assert listed("abc", most=2) == "'a', 'b' and 1 more"
    assert listed(iter([1, 2])) == "'1', '2'"
    assert listed([]) == ""


def test_a_hint_is_spelt_as_the_name_and_not_as_the_mistake():
    assert did_you_mean("mcf7", ["MCF7", "PC3"]) == " (did you mean 'MCF7'?)"
    assert did_you_mean("kernl", ["kernel", "blend"]) == " (did you mean 'kernel'?)"


def test_there_is_no_hint_where_nothing_is_near():
    assert did_you_mean("falrtc", ["kernel", "blend"]) == ""
    assert did_you_mean("a", []) == ""
