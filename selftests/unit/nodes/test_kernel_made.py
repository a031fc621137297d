"""Routes and neighbours that the kernel makes are nobody's; others only seem to be."""

import json

import pytest

from podpath.nodes import kernel_made

LINKS = kernel_made.links(
    json.dumps(
        [
            {"ifname": "lo", "flags": ["LOOPBACK", "UP"], "link_type": "loopback"},
            {
                "ifname": "cni0",
                "flags": ["BROADCAST", "MULTICAST", "UP"],
                "link_type": "ether",
                "addr_info": [
                    {"local": "10.88.0.1", "prefixlen": 24},
                    {"local": "fd00:88::1", "prefixlen": 64},
                ],
            },
            {"ifname": "eth1", "flags": ["UP"], "link_type": "ether", "master": "vrf"}
            | {"addr_info": [{"local": "10.1.0.1", "address": "10.1.0.2", "prefixlen": 32}]},
            {"ifname": "tun0", "flags": ["NOARP", "POINTOPOINT"], "link_type": "none"},
        ]
    )
)


@pytest.mark.parametrize(
    "line",
    [
        "10.88.0.0/24 dev cni0 proto kernel scope link src 10.88.0.1",
        "10.88.0.0/24 dev cni0 proto kernel scope link src 10.88.0.1 linkdown",
        "local 10.88.0.1 dev cni0 table local proto kernel scope host src 10.88.0.1",
        "broadcast 10.88.0.255 dev cni0 table local proto kernel scope link src 10.88.0.1",
        "broadcast 10.88.0.0 dev cni0 table local proto kernel scope link src 10.88.0.1",
        "fd00:88::/64 dev cni0 proto kernel metric 256 pref medium",
        "anycast fd00:88:: dev cni0 table local proto kernel metric 0 pref medium",
        "local fd00:88::1 dev cni0 table local proto kernel metric 0 pref medium",
        "anycast fe80:: dev cni0 table local proto kernel metric 0 pref medium",
        "fe80::/64 dev cni0 proto kernel metric 256 pref medium",
        "multicast ff00::/8 dev cni0 table local proto kernel metric 256 pref medium",
        "10.1.0.2 dev eth1 table 7 proto kernel scope link src 10.1.0.1",
        "local 10.1.0.1 dev eth1 table 7 proto kernel scope host src 10.1.0.1",
        "10.9.0.0/24 dev gone proto kernel scope link src 10.9.0.1",
        "unreachable default dev lo table unspec proto kernel metric 4294967295 error -101",
    ],
)
def test_route_of_an_address_or_a_link_is_the_kernels(line: str) -> None:
    assert kernel_made.made_route(line, LINKS)


@pytest.mark.parametrize(
    "line",
    [
        "10.88.0.5 dev cni0 scope link",
        "10.88.0.5 dev cni0 proto kernel scope link",
        "default via 10.88.0.1 dev cni0 proto kernel",
        "blackhole 10.88.0.5 proto kernel",
        "blackhole 10.88.0.5 table 4444 proto kernel",
        "blackhole fd00:88::5 dev lo table 4444 proto kernel metric 1024 pref medium",
        "10.88.0.0/24 dev cni0 table 4444 proto kernel scope link",
        "10.88.0.0/24 proto kernel",
    ],
)
def test_route_that_a_program_calls_the_kernels_is_not(line: str) -> None:
    assert not kernel_made.made_route(line, LINKS)


@pytest.mark.parametrize(
    ("line", "stays"),
    [
        ("10.88.0.5 dev cni0 lladdr 02:00:00:00:00:05 PERMANENT", ""),
        ("10.88.0.5 dev cni0 lladdr 02:00:00:00:00:05 PERMANENT proto static", ""),
        ("10.88.0.5 dev cni0 lladdr 02:00:00:00:00:05 NOARP", ""),
        ("10.88.0.5 dev eth0 proxy", ""),
        (
            "10.88.0.5 dev cni0 lladdr 02:00:00:00:00:05 extern_learn STALE",
            "10.88.0.5 dev cni0 lladdr 02:00:00:00:00:05 extern_learn",
        ),
    ],
)
def test_neighbour_that_somebody_made_stays(line: str, stays: str) -> None:
    assert list(kernel_made.lasting([line], LINKS)) == [stays or line]


@pytest.mark.parametrize(
    "line",
    [
        "10.88.0.5 dev cni0 lladdr 02:00:00:00:00:05 REACHABLE",
        "10.88.0.5 dev cni0 FAILED",
        "224.0.0.22 dev cni0 lladdr 01:00:5e:00:00:16 NOARP",
        "ff02::16 dev cni0 lladdr 33:33:00:00:00:16 NOARP",
        "10.88.0.255 dev cni0 lladdr ff:ff:ff:ff:ff:ff NOARP",
        "127.0.0.1 dev lo lladdr 00:00:00:00:00:00 NOARP",
        "10.2.0.1 dev tun0 NOARP",
        "10.3.0.1 dev gone lladdr 02:00:00:00:00:05 NOARP",
    ],
)
def test_neighbour_of_the_kernels_own_is_left_out(line: str) -> None:
    assert list(kernel_made.lasting([line], LINKS)) == []
