"""Things on a node that pods may leave behind, and the differences between two points in time."""

import shlex
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from ipaddress import ip_interface
from pathlib import Path

from podpath.cni.network import Network
from podpath.errors import CouldNotTest
from podpath.model import Difference
from podpath.nodes import kernel_made, kernel_owned, leases, link_settings, ruleset, state_files
from podpath.nodes.base import Node
from podpath.nodes.belongings import Neighbours
from podpath.system import files, ipsec, netns, proc

#: A command line of the shell, which lists things of one kind.
Command = str


def _batch(options: str, *commands: str) -> Command:
    """Return the command that has one `ip` do what several would: to start it takes longest."""
    return "\n".join((f"ip {options} -batch - <<'E'", *commands, "E\n"))


def _legacy(family: str) -> Command:
    """Return the command that lists the rules of the tables that there are, if there are any."""
    names = f"/proc/net/{family}_tables_names"
    return f"! {{ read -r _ <{names}; }} 2>/dev/null || {family}tables-legacy-save"


# Rules are in one of iptables' two backends, or in nftables: nft lists all but the legacy ones.
_NFT = "nft --stateless list ruleset"
_LEGACY = (_legacy("ip"), _legacy("ip6"))
# The inventory leaves out the routes that the kernel itself adds for each address and link.
_ROUTES = ("rule", "route show table all")
_NEXT_HOPS = "ip nexthop show"
_ROUTING = (_batch("-4", *_ROUTES), _batch("-6", *_ROUTES), _NEXT_HOPS)
# those that stay are among them; and addresses for which the node answers in their owners' place
_NEIGHBOURS = _batch("", "neigh show nud all", "neigh show proxy")
_IPSEC = _batch("-oneline", *(" ".join(c[2:]) for c in (ipsec.POLICIES, ipsec.STATES)))

#: Kind of the gateways' addresses, which are on links that all pods share, such as the bridge.
_GATEWAYS = "gateway addresses"
#: Kind of the programs that run.
_PROGRAMS = "processes"
#: Separator between the output of several commands; none of them prints it.
_END = "\x1e"

#: The runtime's programs for each pod, which also call plugins.
_OF_A_POD = ("containerd-shim", "runc", "crun", "conmon")
#: Part of the names of the kubelet's cgroups, in which all containers of pods are.
_IN_A_POD = "kubepods"
_CONTAINER = b"CNI_CONTAINERID="
#: The runtime, which calls plugins.
_RUNTIME = "containerd"
#: Directories in which runtimes and the kubelet mount the containers' file systems.
_OF_CONTAINERS = (
    *("/run/containerd/", "/var/lib/containerd/", "/run/k3s/", "/var/lib/rancher/"),
    *("/run/docker/", "/var/lib/docker/", "/run/containers/", "/var/lib/containers/"),
    *("/var/lib/kubelet/", "/var/snap/microk8s/"),
)

# Arguments: options of grep. To read settings of links of pods takes most of the time.
_SYSCTL = "cd /proc/sys/net && grep -rs {options} . .; true"
# Settings that the kernel itself changes.
_COUNTED = ("nf_conntrack_count", "max_dgram_qlen")


@dataclass(frozen=True, slots=True)
class Inventory:
    """The things that a node has.

    Attributes:
        things: kind of thing -> texts, one for each thing.
        neighbours: pods that podpath did not create.
    """

    things: Mapping[str, tuple[str, ...]]
    neighbours: Neighbours = field(default_factory=Neighbours, compare=False)

    def since(self, before: "Inventory") -> list[Difference]:
        """List the things that appeared or vanished since an earlier inventory."""
        differences = []
        for kind, things in self.things.items():
            now, then = kernel_owned.comparable(things, before.things[kind])
            if kind == "settings":
                now, then = kernel_owned.of_both(now, then)
            if kind != _GATEWAYS:  # the first ADD with an address of a range may bring its gateway
                differences += [
                    Difference("left behind", kind, "gone", thing) for thing in _less(now, then)
                ]
            if kind != _PROGRAMS:  # a program may end by itself, such as one that an ADD started
                gone = _less(then, now)
                differences += [Difference("lost", kind, thing, "gone") for thing in gone]
        return differences


def _less(things: Sequence[str], without: Sequence[str]) -> list[str]:
    return list((Counter(things) - Counter(without)).elements())


def interfaces(node: Node) -> tuple[str, ...]:
    """Return the names of the node's interfaces.

    Raises:
        OSError: the kernel's table cannot be read.
    """
    table = node.root("/proc/1/net/dev").read_text(errors="backslashreplace")
    return tuple(sorted(proc.interfaces(table)))


def read(node: Node, network: Network) -> Inventory:
    """Read the node's current inventory.

    Raises:
        CouldNotTest: the inventory cannot be read.
    """
    try:
        return _read(node, network)
    except OSError as error:
        raise CouldNotTest(f"the node's inventory could not be read: {error}") from None


def _read(node: Node, network: Network) -> Inventory:
    node.neighbours()  # meets those that go before the inventory is complete
    listing, links = shlex.join(link_settings.LISTING), interfaces(node)
    of_pods_links = of_pods(set(links) - _lasting(node, network))
    sysctl = _SYSCTL.format(options=shlex.join(of_pods_links))
    lines_of = _listed(node, (*_ROUTING, _NEIGHBOURS, _NFT, *_LEGACY, _IPSEC, listing, sysctl))
    own_links = ("lo", node.uplink, *network.shared_links)
    listed = "".join(lines_of[listing])
    present = kernel_made.links(listed)
    held = tuple(link_settings.addresses_in(listed, own_links))
    gateways = tuple(_gateways(held, network, network.shared_links - {"lo", node.uplink}))
    return Inventory(
        {
            "interfaces": links,
            "links": (
                *link_settings.texts(link_settings.of_node(node)),
                *link_settings.marks_in(listed, own_links),
            ),
            "addresses": tuple(_less(held, gateways)),
            _GATEWAYS: gateways,
            "bridge ports": tuple(_ports(node, network.bridge)),
            "namespaces": tuple(node.named_namespaces()),
            "leases": leases.texts(leases.store(network).leases(node)),
            "cached results": tuple(
                p.name for p in files.directly_in(node.root("/var/lib/cni/results"))
            ),
            "routing": tuple(
                kernel_owned.route(line)
                for command in _ROUTING
                for line in lines_of[command]
                if not kernel_made.made_route(line, present)
            ),
            "neighbours": tuple(kernel_made.lasting(lines_of[_NEIGHBOURS], present)),
            "IPsec": tuple(ipsec.texts(lines_of[_IPSEC])),
            "rules": (
                *ruleset.entries(lines_of[_NFT]),
                *(line for command in _LEGACY for line in lines_of[command]),
            ),
            _PROGRAMS: tuple(_processes(node)),
            "mounts": tuple(_mounts(node)),
            "files": tuple(state_files.paths(node)),
            "cgroups": tuple(sorted(state_files.cgroups(node))),
            "settings": tuple(_settings(lines_of[sysctl], node, network)),
        },
        node.neighbours(),
    )


def _gateways(addresses: Iterable[str], network: Network, links: Container[str]) -> Iterator[str]:
    """Yield the addresses of links of all pods that may be gateways', as link_settings has them."""
    for text in addresses:
        address, _, link = text.partition(" on ")
        if link in links and network.may_be_gateway(ip_interface(address)):
            yield text


def _processes(node: Node) -> Iterator[str]:
    """List names of programs that belong neither to a pod nor to the runtime for a pod.

    A program that a plugin started has the container in its environment, or has lost its parent.
    Those that another program of the node has started, for no other container, are that one's.
    """
    found = {program.pid: program for program in _programs(node)}
    for program in found.values():
        above = found.get(program.parent)
        if above is None or not program.belongs_to(above):
            yield program.name + program.container


@dataclass(frozen=True, slots=True)
class _Program:
    """A program that runs on the node.

    Attributes:
        pid: its process id, in the node.
        parent: that of its parent.
        name: its name.
        container: the container that a plugin was called for, in words; empty without one.
    """

    pid: int
    parent: int
    name: str
    container: str

    def belongs_to(self, parent: "_Program") -> bool:
        """Return whether its parent, neither the first program nor the runtime, is to end it."""
        is_parent = parent.pid != 1 and parent.name != _RUNTIME
        return is_parent and parent.container == self.container


def _programs(node: Node) -> Iterator[_Program]:
    pods = set()
    for path in node.named_namespaces().values():
        with suppress(CouldNotTest):  # it has vanished
            pods.add(netns.inode(path))
    for directory in node.root("/proc").glob("[0-9]*"):
        with suppress(OSError, CouldNotTest):  # it has ended
            name = (directory / "comm").read_text(errors="backslashreplace").strip()
            if netns.inode(f"{directory}/ns/net") in pods or name.startswith(_OF_A_POD):
                continue
            if not (node.shared and _IN_A_POD in (directory / "cgroup").read_text()):
                yield _Program(
                    int(directory.name),
                    proc.parent((directory / "stat").read_text(errors="replace")),
                    name,
                    _for_container((directory / "environ").read_bytes()),
                )


def _for_container(environment: bytes) -> str:
    """Return the container that a plugin was called for, in words, from a process's environment."""
    for variable in proc.strings(environment):
        if variable.startswith(_CONTAINER):
            return f" for container {variable.removeprefix(_CONTAINER).decode(errors='replace')}"
    return ""


def _mounts(node: Node) -> Iterator[str]:
    """List mount point and type of file system of each mount.

    Mounts of containers are left out on a shared node: those of other pods come and go.
    """
    for mount in proc.mounts(Path(f"/proc/{node.pid}/mountinfo").read_text(errors="replace")):
        if not (node.shared and mount.point.startswith(_OF_CONTAINERS)):
            yield f"{mount.point} {mount.kind}"


def of_pods(links: Iterable[str]) -> Iterator[str]:
    """Yield grep's options that leave out settings of links, unless a directory has that name."""
    for name in links:
        if name.isascii() and name.isalnum() and name not in _directories():
            yield f"--exclude-dir={name}"


@cache
def _directories() -> frozenset[str]:
    """Return the names of files and directories of settings that are not of one link."""
    settings = Path("/proc/sys/net")
    return frozenset(p.name for pattern in ("*", "*/*") for p in settings.glob(pattern))


def _lasting(node: Node, network: Network) -> set[str]:
    """Return the names of settings of links, and of links, that stay when pods come and go."""
    return {"all", "default", "lo", node.uplink, network.bridge}


def _settings(lines: Iterable[str], node: Node, network: Network) -> Iterator[str]:
    """List settings below /proc/sys/net, except of interfaces that come and go with pods."""
    lasting = _lasting(node, network)
    kept = []
    for line in lines:
        name = line.partition(":")[0].split("/")
        of_link = len(name) > 3 and name[2] in ("conf", "neigh")
        if name[-1] not in _COUNTED and (not of_link or name[3] in lasting):
            kept.append(line.removeprefix("./"))
    ports = _port_mtus(node, network.bridge)
    return kernel_owned.settings(kept, network.bridge, ports, network.conflist.mtu)


def _port_mtus(node: Node, bridge: str) -> list[int]:
    """Return the MTU of each port of a bridge; a port that is going may be left out."""
    mtus = []
    for port in _ports(node, bridge):
        with suppress(OSError, ValueError):
            mtus.append(int(node.root(f"/sys/class/net/{port}/mtu").read_text()))
    return mtus


def _ports(node: Node, bridge: str) -> list[str]:
    return sorted(p.name for p in node.root(f"/sys/class/net/{bridge}/brif").glob("*"))


def _listed(node: Node, commands: Sequence[Command]) -> dict[Command, list[str]]:
    """Return the lines that each command prints on the node; one call for all, for speed."""
    script = "".join(f"{c}\nprintf '{_END}%s\\n{_END}' $?\n" for c in commands)
    done = node.run(("sh", "-c", script))
    fields = done.stdout.split(_END)[: 2 * len(commands)]
    if len(fields) != 2 * len(commands):
        raise CouldNotTest(f"the node could not be looked at: {done.stderr.strip()}")
    lines_of = {}
    for command, text, status in zip(commands, fields[::2], fields[1::2], strict=True):
        # A kernel without the legacy tables holds no rules in them; likewise others.
        absent = command in _LEGACY and int(status) not in (0, 127)
        absent |= command == _IPSEC and ipsec.is_absent(done.stderr)
        absent |= command == _NEXT_HOPS and int(status) != 0  # kernel or iproute2 before 5.3
        if int(status) != 0 and not absent:
            first = command.partition("\n")[0]
            raise CouldNotTest(f"{first} failed on the node: {done.stderr.strip()}")
        lines = () if absent else (line.strip() for line in text.splitlines())
        lines_of[command] = [line for line in lines if line and not line.startswith(("#", ":"))]
    return lines_of
