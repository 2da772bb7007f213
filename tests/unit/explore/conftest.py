"""The browser that the page is tried in."""

import pytest
from paged import NO_BROWSER, browser


@pytest.fixture(scope="module")
def chromium():
    with browser() as found:
        if found is None:
            pytest.skip(NO_BROWSER)
        yield found
