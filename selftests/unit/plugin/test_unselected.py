"""Selections that can select no test, seen before a cluster is started for them."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from podpath.plugin import shared, unselected

_TEXT = "def test_ping_crosses_exactly_the_expected_interfaces(): ...\ntype: calico-ipam"


@pytest.mark.parametrize("expression", ["nosuch", "nosuch or pign", "NoSuch[ipv4]"])
def test_unknown_names_are_returned(expression: str) -> None:
    assert unselected.unmatched(expression, _TEXT) != []


@pytest.mark.parametrize(
    "expression", ["ping", "PING", "nosuch or ping", "not nosuch", "calico-ipam", "ping and x"]
)
def test_what_may_select_a_test_is_left_to_pytest(expression: str) -> None:
    assert unselected.unmatched(expression, _TEXT) == []


@pytest.mark.parametrize(
    ("keyword", "begins"),
    [
        ("", ""),
        ("client-to-server", ""),
        ("bystander", ""),
        ("host-local", ""),
        ("mycni", ""),
        ("nosuch", "no test has nosuch in its name"),
    ],
)
def test_names_of_tests_parameters_and_plugins_are_known(
    keyword: str, begins: str, tmp_path: Path
) -> None:
    """A manifest names the plugins of the network that it installs."""
    manifest = tmp_path / "network.yaml"
    manifest.write_text('data: \'{"type": "mycni"}\'')
    config = SimpleNamespace(option=SimpleNamespace(keyword=keyword), stash=pytest.Stash())
    config.stash[shared._kind] = SimpleNamespace(described_by=(manifest,))

    sentence = unselected.sentence(cast("pytest.Config", config))

    assert sentence.startswith(begins)
    assert bool(sentence) == bool(begins)
