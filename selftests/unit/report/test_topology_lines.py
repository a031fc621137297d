"""The lines of the drawing of a node."""

from xml.etree.ElementTree import Element

import pytest

from podpath.report.page.topology import _line


@pytest.mark.parametrize(
    ("state", "line"), [("quiet", "edge quiet"), ("seen", "edge lost")], ids=["off", "on"]
)
def test_only_a_pod_on_the_path_loses_packets_before_the_bridge(state: str, line: str) -> None:
    """Its line to a bridge that saw nothing is that of a loss; another pod's is not."""
    picture = Element("svg")

    _line(picture, 61, (168, 208), ((state, ""), ("broken", "0 of 3")))

    assert picture[0].get("class") == line
