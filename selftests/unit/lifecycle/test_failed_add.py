"""What the error of a failed ADD says beyond the runtime's words."""

import pytest

from podpath.errors import DoesNotConform
from podpath.lifecycle import failed_add

ADVICE = "logs belong on stderr"


@pytest.mark.parametrize(
    ("output", "is_explained"),
    [
        (
            "failed to unmarshal raw result: invalid character ':' after top-level value",
            True,
        ),
        ("plugin printed: invalid character 'a' looking for beginning of value", True),
        (
            "error parsing its diagnostic message: unexpected end of JSON input",
            True,
        ),
        ("failed to allocate for range 0: no IP addresses available", False),
        ("invalid character in the name of the network", False),
    ],
)
def test_plugin_that_prints_more_than_its_result(output: str, is_explained: bool) -> None:
    error = DoesNotConform("the plugin failed ADD for pod client", output=output)
    failed_add.explain(error)

    assert (ADVICE in error.output) is is_explained
    assert error.output.startswith(output)
