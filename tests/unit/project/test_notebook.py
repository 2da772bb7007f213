"""Pages whose blocks run: what they print stands below them."""

import pytest
from notebook import main, run_page, show_outputs

from lacuna.errors import LacunaError

PAGE = """# A page

```python
import math
half = 0.5
```

Words.

```python
print("twice", 2 * half)
math.floor(half)
```

```text
what stood here before
```

```sh
not run
```
"""


def test_blocks_share_names_and_show_what_they_print_and_their_last_value():
    assert run_page(PAGE, "page") == ["", "twice 1.0\n0\n"]


def test_outputs_replace_those_of_before_and_the_rest_stays():
    shown = show_outputs(PAGE, ["", "twice 1.0  \n0\n"])
    assert shown == PAGE.replace("what stood here before", "twice 1.0\n0")
    assert show_outputs(shown, ["", "twice 1.0\n0\n"]) == shown
    assert "```text" not in show_outputs(PAGE, ["", ""])


def test_a_block_that_fails_is_named_and_the_page_stays_as_it_was(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(PAGE.replace("2 * half", "2 * third"))
    before = page.read_text()
    with pytest.raises(LacunaError, match=r"block 2 fails with NameError: name 'third'.*print"):
        main([str(page)])
    assert page.read_text() == before
    page.write_text(PAGE)
    main([str(page)])
    assert "twice 1.0" in page.read_text()
