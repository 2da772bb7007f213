"""What unit tests of several stages share."""

import faulthandler

import pytest

LONGEST = 600  # seconds for one test; what hangs inside a library then ends the whole run


@pytest.fixture
def ends_in_time():
    faulthandler.dump_traceback_later(LONGEST, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()
