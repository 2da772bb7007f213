"""Named variants of methods: what they run with, and which lists are refused."""

import pytest

from lacuna.completion.variants import Variant, read_methods
from lacuna.errors import LacunaError


def test_a_variant_is_its_method_with_other_options():
    entries = ["dnpp", {"dnpp_k5": {"method": "dnpp", "neighbours": 5}}, "mean_1d"]
    found = read_methods(entries, {"dnpp": {"neighbours": 20}})
    assert list(found) == ["dnpp", "dnpp_k5", "mean_1d"]
    assert found["dnpp"] == Variant("dnpp", "dnpp", {"neighbours": 20})
    assert found["dnpp_k5"] == Variant("dnpp_k5", "dnpp", {"neighbours": 5})
    assert found["mean_1d"] == Variant("mean_1d", "mean_1d", {})


def test_options_that_a_variant_does_not_give_are_those_of_its_method():
    entry = {"light": {"method": "falrtc", "gene_weight": 0.1}}
    found = read_methods([entry], {"falrtc": {"gene_weight": 1.0, "tolerance": 0.5}})
    assert found["light"].options == {"gene_weight": 0.1, "tolerance": 0.5}


def test_neither_entries_nor_options_are_changed():
    entries, options = [{"a": {"method": "dnpp", "neighbours": 5}}], {"dnpp": {"neighbours": 3}}
    read_methods(entries, options)
    assert entries == [{"a": {"method": "dnpp", "neighbours": 5}}]
    assert options == {"dnpp": {"neighbours": 3}}


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        (["dnpp", "dnpp"], "dnpp is listed twice"),
        ([{"a": {"method": "dnpp"}}, {"a": {"method": "ntk"}}], "a is listed twice"),
        ([{"ntk": {"method": "dnpp"}}], "ntk: a variant is called as a method is"),
        ([{"truth": {"method": "dnpp"}}], "truth: a variant is called as a method is"),
        ([{"5nn": {"method": "dnpp"}}], "5nn: .* begins with a letter"),
        ([{"_k": {"method": "dnpp"}}], "_k: .* begins with a letter"),
        ([{"a/b": {"method": "dnpp"}}], "a/b: .* letters, digits and _"),
        ([{"a\n": {"method": "dnpp"}}], "letters, digits and _"),
        ([{"NaN": {"method": "dnpp"}}], "NaN: tables read this as a missing value"),
        ([{7: {"method": "dnpp"}}], "7: .* begins with a letter"),
        ([{"a": {"neighbours": 5}}], "a: the variant has no method"),
        ([{"a": {"metod": "dnpp"}}], "a: the variant has no method .did you mean 'metod'"),
        ([{"a": "dnpp"}], "a: the variant has no method"),
        ([{"a": {"method": "dnp"}}], "unknown method 'dnp'.*'dnpp'"),
        ([{"a": {"method": ["dnpp"]}}], "a: the variant has no method"),
        (["dnp"], "unknown method 'dnp'.*'dnpp'"),
        ([3], "3 is neither the name of a method nor a variant"),
        ([{"a": {}, "b": {}}], "neither the name of a method nor a variant"),
        ([{"a": {"method": "dnpp", "neigbours": 5}}], "methods: a: dnpp has no option 'neigbours'"),
        ([{"a": {"method": "dnpp", "neighbours": 0}}], "methods: a: neighbours is 0, expected at"),
    ],
)
def test_a_list_that_makes_no_sense_is_refused(entries, message):
    with pytest.raises(LacunaError, match=f"(?s){message}"):
        read_methods(entries, {})


def test_options_of_a_listed_method_are_checked():
    with pytest.raises(LacunaError, match="options: dnpp: neighbours is 0, expected at least 1"):
        read_methods(["dnpp"], {"dnpp": {"neighbours": 0}})
