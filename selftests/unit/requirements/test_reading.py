"""A vendor's own requirements, as a TOML document declares them."""

import tomllib

import pytest

from podpath.requirements import GROUPS, VENDOR, Level, reading

_ONE = '[[requirement]]\nid = "ACME-X"\ntitle = "X"\nsentence = "It does X."\n'


def parse(text: str) -> object:
    return reading.parse(tomllib.loads(text))


def test_only_three_keys_are_needed() -> None:
    (requirement,) = reading.parse(tomllib.loads(_ONE)).values()

    assert (requirement.id, requirement.title, requirement.sentence) == (
        "ACME-X",
        "X",
        "It does X.",
    )
    assert (requirement.feature, requirement.why, requirement.look) == (VENDOR, "", ())


def test_level_is_must_unless_it_is_given() -> None:
    (usual,) = reading.parse(tomllib.loads(_ONE)).values()
    (given,) = reading.parse(tomllib.loads(f'{_ONE}level = "SHOULD"\n')).values()

    assert (usual.level, given.level) == (Level.MUST, Level.SHOULD)


def test_braces_of_a_command_are_its_own() -> None:
    """Only the node and the bridge are filled in."""
    text = f"""{_ONE}look = ["nsenter -t {{node}} ip link show {{bridge}} | awk '{{print $1}}'"]"""
    (requirement,) = reading.parse(tomllib.loads(text)).values()

    assert requirement.commands("17", "br0") == [
        "nsenter -t 17 ip link show br0 | awk '{print $1}'"
    ]
    assert requirement.commands("17", "") == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\n", "unknown key 'x'"),
        ("requirement = 1\n", "a [[requirement]] of its own"),
        ("requirement = [1]\n", "[[requirement]] 1: write"),
        ('[[requirement]]\nid = "ACME-X"\n', "1: the key 'title' is missing"),
        (f"{_ONE}sentense = 1\n", "1: unknown key 'sentense'; there are id, title"),
        (f'{_ONE}level = "MAY"\n', "1: level = 'MAY' must be one of MUST, SHOULD, JUDGEMENT"),
        (f"{_ONE}level = 1\n", "1: level = 1 must be one of MUST"),
        (f"{_ONE}why = 1\n", "1: why = 1 must be a text"),
        (_ONE.replace('"X"', '" "'), "1: title = ' ' must be a text"),
        (f'{_ONE}look = "ip link"\n', "1: look must be a list of commands"),
        (f"{_ONE}look = [1]\n", "1: look must be a list of commands"),
        (_ONE + _ONE, "[[requirement]] 2: the id 'ACME-X' is declared twice"),
        (_ONE.replace("ACME-X", "acme-x"), "'acme-x' must be like ACME-DSCP"),
        (_ONE.replace("ACME-X", "ACME"), "'ACME' must be like ACME-DSCP"),
    ],
)
def test_what_is_malformed(text: str, message: str) -> None:
    """Where it is, and which key."""
    with pytest.raises(ValueError, match=r"\[\[requirement\]\]|unknown key") as caught:
        parse(text)

    assert message in str(caught.value)


@pytest.mark.parametrize("group", GROUPS)
def test_groups_of_podpath_are_not_a_vendors(group: str) -> None:
    with pytest.raises(ValueError, match=f"the group {group} is podpath's own"):
        parse(_ONE.replace("ACME", group))
