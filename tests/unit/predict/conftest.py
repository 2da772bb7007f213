"""`lacuna predict`, asked of the results of a module."""

import pytest

from lacuna.command import main


@pytest.fixture
def ask(results, capsys):
    def run(*words, fails=False):
        status = main(["predict", "--results", str(results), *map(str, words)])
        printed = capsys.readouterr()
        assert status == int(fails), printed.err
        return printed.err if fails else printed

    return run
