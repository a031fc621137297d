"""The kind of node `embedded`: its needs, and its start."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial

from podpath.cni.agreement import Party
from podpath.errors import CouldNotTest
from podpath.nodes import containerd, lacking
from podpath.nodes.base import Node
from podpath.nodes.embedded import preparation
from podpath.nodes.kind import Kind, Need, Say, Setup
from podpath.requirements import Ability
from podpath.system import kernel, programs

FILE_SYSTEMS = ("overlay", "tmpfs")
LINKS = ("bridge", "veth")


class Embedded(Kind):
    """The kind of node that runs containerd in its own namespaces, on any machine."""

    name = "embedded"
    takes_setup = True
    abilities = Ability.CALLS | Ability.PORTS | Ability.BEYOND | Ability.FRESH
    tools = (*programs.CONTAINERD, *programs.IMAGE, *programs.NETWORK)

    def needs(self) -> Iterable[Need]:
        """Return the file systems and links that the kernel must have."""
        for name in FILE_SYSTEMS:
            yield Need(f"file system {name}", partial(kernel.check_file_system, name), "yes")
        for name in LINKS:
            yield _link(name)

    def needs_of(self, setup: Setup) -> Iterable[Need]:
        """Return the kind of the pods' link, the node's script, named links, and daemons."""
        if setup.network.profile.kind not in LINKS:
            yield _link(setup.network.profile.kind)
        text = ""
        if self.node_setup:
            read = partial(preparation.read, self.node_setup)
            yield Need("node setup", read, str(self.node_setup))
            with suppress(CouldNotTest):  # it is the need
                text = read()
        for name in lacking.named_links(setup.network.conflist):
            look = partial(preparation.require_link, name, text)
            yield Need(f"interface {name}", look, "the node has it, or its script names it")
        for name, socket in lacking.named_daemons(setup.network.conflist):
            look = partial(preparation.require_daemon, name, socket, text)
            yield Need(f"daemon {name}", look, "the node's script names it")

    def runtime(self) -> Party:
        """Return containerd, with the versions that its release reads."""
        return containerd.party(programs.first_line(programs.locate("containerd"), "--version"))

    def describe(self) -> Mapping[str, str]:
        """Return the versions of the runtime's programs."""
        versions = {}
        for name in ("containerd", "runc"):
            path = programs.locate(name)  # runc's may be crun's
            versions[os.path.basename(path)] = programs.first_line(path, "--version")
        return versions

    @contextmanager
    def start(self, setup: Setup, say: Say) -> Iterator[Node]:
        """See Kind."""
        from podpath.nodes import forwarding
        from podpath.nodes.embedded import node

        conflist, script = setup.network.conflist, self.node_setup
        with node.start(conflist, setup.plugin_directories, say, node_setup=script) as started:
            forwarding.provide(started, setup.network)
            yield started


def _link(name: str) -> Need:
    return Need(f"link {name}", partial(kernel.check_link, name), "yes")
