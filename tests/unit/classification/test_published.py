"""The classification's published numbers are found by the names of their tests."""

import pandas as pd

from lacuna.classification.published import compared_method, numbers_of_tests
from lacuna.classification.tests import TEST


def test_without_any_test_there_are_no_numbers():
    assert numbers_of_tests(pd.DataFrame(columns=TEST)).empty


def test_tests_of_the_papers_method_are_found_by_their_names():
    tests = pd.DataFrame(
        {
            "question": "on_predicted",
            "method": ["kernel", "dnpp"],
            "protocol": "published",
            "grouped_by": "profile_type",
            "group": "HT29",
            "experiments": 21,
            "dropped": 3,
            "better": 0.9,
            "difference": [0.5, 0.12],
            "low": 0.1,
            "high": 0.2,
        }
    )
    numbers = numbers_of_tests(tests).set_index("key")
    key = "on_predicted/published/profile_type/HT29"
    assert numbers.loc[f"{key}/difference", ["ours", "low", "high"]].tolist() == [0.12, 0.1, 0.2]
    assert numbers.loc[f"{key}/experiments", "ours"] == 21
    assert numbers.loc[f"{key}/tried", "ours"] == 24
    others = numbers_of_tests(tests[tests["method"] == "kernel"]).set_index("key")
    assert others.loc[f"{key}/difference", "ours"] == 0.5


def test_without_the_papers_method_the_first_one_is_compared():
    assert compared_method(["kernel", "dnpp"]) == "dnpp"
    assert compared_method(["kernel", "blend"]) == "kernel"
    assert compared_method([]) == ""
