"""What a seed repeats, and what it does not."""

import pytest

from podpath.nodes.deployment import HTTP_MAPPED, LOCALLY, LOCALLY_UDP, UDP_MAPPED
from podpath.system import randomness
from podpath.system.randomness import Draws


def drawn(seed: int, name: str) -> list[object]:
    """One of each, and again."""
    draws = Draws(seed, name)
    return [
        thing
        for _ in range(2)
        for thing in (draws.identifier(), draws.port(), draws.token(), draws.payload(100))
    ]


def test_same_seed_and_test_draw_the_same() -> None:
    """Whatever other tests drew before."""
    first = drawn(7, "a")
    drawn(7, "b")

    assert drawn(7, "a") == first


@pytest.mark.parametrize(("seed", "name"), [(8, "a"), (7, "b"), (0, "a")])
def test_other_seed_or_test_draws_others(seed: int, name: str) -> None:
    """Neighbouring seeds, and tests of one run, have nothing in common."""
    assert not set(drawn(7, "a")) & set(drawn(seed, name))


def test_draws_are_those_of_any_version() -> None:
    """A seed from a report means the same on another machine, and later."""
    draws = Draws(1, "test_path.py::test_x")

    assert (draws.identifier(), draws.port()) == (61646, 20589)


def test_identifiers_of_a_test_are_distinct_and_fit() -> None:
    """All that there are come once before one comes again; 0 is none of them."""
    draws = Draws(7, "a")

    assert sorted(draws.identifier() for _ in range(0xFFFF)) == list(range(1, 0x10000))


@pytest.mark.parametrize("seed", range(50))
def test_ports_are_distinct_and_not_the_kernels_own(seed: int) -> None:
    """The kernel gives out ephemeral ports from 32768 on."""
    draws = Draws(seed, "a")
    ports = [draws.port() for _ in range(100)]

    assert len(set(ports)) == 100
    assert all(20_000 <= port < 32_768 for port in ports)


def test_no_port_is_that_of_a_mapping() -> None:
    """Its datagrams would be taken for answers of the pod."""
    draws = Draws(7, "a")

    mapped = {port.node for port in (HTTP_MAPPED, UDP_MAPPED, LOCALLY, LOCALLY_UDP)}
    assert mapped == randomness.MAPPED
    assert not {draws.port() for _ in range(10_000)} & mapped


def test_payload_has_its_size() -> None:
    """Also none at all."""
    assert [len(Draws(7, "a").payload(size)) for size in (0, 1, 1440)] == [0, 1, 1440]


@pytest.mark.parametrize(
    ("text", "number"), [("0", 0), ("007", 7), ("18446744073709551615", 2**64 - 1)]
)
def test_seed_is_read(text: str, number: int) -> None:
    """From the first to the last that there is."""
    assert randomness.seed(text) == number


@pytest.mark.parametrize("text", ["", " 1", "+1", "-1", "1_0", "0x1", "٣", "18446744073709551616"])
def test_what_is_no_seed_is_refused(text: str) -> None:
    """Only digits; int() itself takes more."""
    with pytest.raises(ValueError, match="a seed is a whole number from 0 to 18446744073709551615"):
        randomness.seed(text)


def test_new_seeds_differ_and_can_be_given() -> None:
    """What the header prints is what the option takes."""
    seeds = {randomness.new_seed() for _ in range(10)}

    assert len(seeds) > 1
    assert {randomness.seed(str(seed)) for seed in seeds} == seeds


def test_what_must_be_unique_has_no_seed() -> None:
    """Two runs with the same seed may be on one machine at the same time."""
    assert randomness.unique(16) != randomness.unique(16)
