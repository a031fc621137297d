"""The runtime's errors: whose failure each one is."""

import pytest

from podpath.errors import CouldNotTest, DoesNotConform
from podpath.nodes import cri

_SANDBOX = 'failed to setup network for sandbox "12"'


@pytest.mark.parametrize(
    ("details", "error", "words"),
    [
        (f'{_SANDBOX}: plugin type="bridge" failed (add): no', DoesNotConform, "the plugin failed"),
        (f"{_SANDBOX}: cni plugin not initialized", CouldNotTest, "loaded no conflist"),
        (f"{_SANDBOX}: failed to find network info", DoesNotConform, "has no address of eth0"),
        ("no space left on device", CouldNotTest, "containerd could not ADD"),
    ],
    ids=["plugin", "no-conflist", "no-address", "runtime"],
)
def test_only_a_plugin_that_was_called_is_blamed(
    details: str, error: type[Exception], words: str
) -> None:
    """The runtime names the sandbox in both cases."""
    failure = cri.failure("ADD", details)

    assert isinstance(failure, error)
    assert words in str(failure)
