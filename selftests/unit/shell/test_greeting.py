"""Self-tests of the greeting: it names what stands there, and only what can work there."""

from dataclasses import replace

from podpath.shell import greeting

_SCENE = greeting.Scene(
    name="c0ffee11",
    network="podpath (bridge)",
    pods={"bystander": ["10.88.0.4"], "client": ["10.88.0.2"], "server": ["10.88.0.3", "fd00::3"]},
    bridge="cni0",
    watched="cni0",
    missing={},
)


def test_recipe_has_the_node_s_own_names() -> None:
    """Each line can be typed as it stands."""
    text = greeting.text(_SCENE)

    assert "the node c0ffee11" in text
    assert "server     10.88.0.3, fd00::3" in text
    assert "tcpdump -i cni0 -nn icmp" in text
    assert "kubectl exec -it client -- ping -c 3 10.88.0.3 " in text
    assert "podpath trace client server" in text
    assert "not installed" not in text


def test_no_bridge_is_named_where_there_is_none() -> None:
    """Pods that are routed have no bridge to show."""
    text = greeting.text(replace(_SCENE, bridge="", watched="veth1"))

    assert "brctl" not in text
    assert "  tcpdump -i veth1 -nn icmp" in text


def test_packets_beside_the_node_are_watched_in_a_pod() -> None:
    """No interface of the node sees what macvlan pods send to each other."""
    text = greeting.text(replace(_SCENE, bridge="", watched=""))

    assert "ip netns exec NAME tcpdump -i eth0 -nn icmp" in text


def test_missing_programs_are_named_with_their_packages() -> None:
    """The user can install them before the recipe fails."""
    assert (
        "brctl is not installed. On the host, as root: apt-get install bridge-utils"
        in greeting.text(replace(_SCENE, missing={"brctl": "bridge-utils"}))
    )


def test_other_pods_are_taken_for_the_recipe() -> None:
    """A lab may have pods of other names."""
    pods = {"web": ["10.0.0.2"], "database": ["10.0.0.3"]}

    assert "exec -it web -- ping -c 3 10.0.0.3" in greeting.text(replace(_SCENE, pods=pods))


def test_node_without_pods_has_another_recipe() -> None:
    """There is a plugin to look at, and nobody to ping."""
    text = greeting.text(replace(_SCENE, pods={}, bridge="", watched=""))

    assert "It has no pods on podpath (bridge)." in text
    assert "containerd.log" in text
    assert "ping" not in text
