"""The log of containerd: why it did not load a conflist."""

import pytest

from podpath.nodes.embedded import containerd_log

_START = (
    'time="2026-01-01T00:00:00Z" level=error msg="failed to load cni during init, please check CRI'
    ' plugin status before setting up network for pods" error="cni config load failed: {reason}"'
)
_LATER = (
    'time="2026-01-01T00:00:01Z" level=error msg="failed to reload cni configuration after'
    ' receiving fs change event(CREATE)" error="cni config load failed: {reason}"'
)
_OTHER = 'time="2026-01-01T00:00:02Z" level=info msg="Start cni network conf syncer for default"'


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([], ""),
        ([_OTHER], ""),
        ([_START.format(reason="no type"), _OTHER], "cni config load failed: no type"),
        (
            [_START.format(reason="no type"), _LATER.format(reason=r"invalid \"x\""), _OTHER],
            'cni config load failed: invalid "x"',
        ),
    ],
)
def test_refusal_is_the_last_error_about_a_conflist(lines: list[str], reason: str) -> None:
    """At containerd's start as well as later, without the log's own quotes."""
    assert containerd_log.refusal("\n".join(lines)) == reason


def test_end_is_the_last_lines() -> None:
    """As many as one reads."""
    assert containerd_log.end("\n".join("abcdefg")) == "c\nd\ne\nf\ng"
