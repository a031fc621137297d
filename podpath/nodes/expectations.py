"""Things that the error of a plugin's ADD says it misses. Pure.

A plugin that fails to make its own state prints the same errors. So a thing counts only if another
program or the administrator makes it, and if the node truly lacks it: see
docs/adr/0027-what-the-node-lacks.md.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

from podpath.cni import reference
from podpath.system.programs import PLUGIN_DIRECTORIES

#: Directories of programs.
_PROGRAMS = tuple(f"{top}/{last}" for top in ("", "/usr", "/usr/local") for last in ("bin", "sbin"))
#: Directories for files that others make for a plugin.
_GIVEN = ("/run/", "/var/run/", "/etc/")
#: Suffixes of files that others write, and plugins read. Plugins write locks, stores and logs.
READ = frozenset(
    {
        *(".env", ".conf", ".conflist", ".cfg", ".ini", ".toml", ".yaml", ".yml"),
        *(".kubeconfig", ".crt", ".pem", ".key", ".token"),
    }
)
_PATH = r"[\"'`]?(/[^\s:\"'`,;)]+)[\"'`]?"
_FILE = re.compile(rf"(?:open|stat|read|cat:|lstat|access)\s+{_PATH}: no such file", re.IGNORECASE)
#: Other sentences about a file that another program was to write, as multus has them.
_AWAITED = re.compile(
    rf"waiting for (?:\S+ ){{0,3}}?{_PATH}"
    rf"|\b(?:file|kubeconfig|config(?:uration)?)\b[^/\n]{{0,20}}{_PATH} (?:is |was |does )?"
    r"(?:not found|missing|not exist)",
    re.IGNORECASE,
)
#: The plugin itself says that another program makes what is missing, as calico does.
_OTHERS = re.compile(
    r"\b(?:is|are|check|ensure|make sure|verify)\b[^.\n]{0,40}\b"
    r"(?:agent|daemon|daemonset|controller|container|pod|service)\b[^.\n]{0,40}\b(?:running|ready|up)\b",
    re.IGNORECASE,
)
#: Of the kernel, or of the runtime.
_NEVER_GIVEN = ("/proc/", "/sys/", "/run/netns/", "/var/run/netns/")
#: The error names no path, as that of whereabouts and those of Kubernetes' client-go.
_UNNAMED = re.compile(
    r"\bconfig(?:uration)? file (?:was |is )?(?:not found|missing)", re.IGNORECASE
)
_CLUSTER = re.compile(
    r"no configuration has been provided|unable to load in-cluster configuration"
    r"|\b(?:invalid|missing|no) [\"'`]?[\w.]*kubeconfig\b",
    re.IGNORECASE,
)
_SOCKET = re.compile(rf"{_PATH}: connect: (?:no such file or directory|connection refused)")
_PORT = re.compile(
    r"dial tcp[46]? (\[[0-9a-fA-F:]+\]|[0-9.]+):(\d+): (?:connect: |i/o timeout)", re.IGNORECASE
)
_HOST = re.compile(r"dial (?:tcp|udp)[46]?: lookup (\S+?)(?: on \S+)?: ")
#: A plugin that libcni does not find, or that a script calls by its path.
_FOUND_IN = re.compile(r"failed to find plugin \"([^\"]+)\" in path \[([^\]]*)\]")
_CALLED = re.compile(
    rf"({'|'.join(PLUGIN_DIRECTORIES)})/([\w.-]+)[\"']?: (?:no such file|not found)", re.IGNORECASE
)
#: A program that a shell, Go or Python does not find.
_PROGRAM = re.compile(
    r"(?:line |: )\d+: ([\w+-]+): (?:command )?not found"
    r"|exec: \"([\w+-]+)\": executable file not found"
    r"|No such file or directory: '([\w+-]+)'"
)
_LINKS = re.compile(r"link not found|no such network interface|cannot find device", re.IGNORECASE)
_MASTER = re.compile(r"failed to (?:lookup|find|get) (?:master|link|interface|device)", re.I)
_CHAINS = re.compile(
    r"no chain/target/match by that name|chain '\S+' does not exist|couldn't load target",
    re.IGNORECASE,
)
_CHAIN_KEYS = ("externalSetMarkChain", "iptablesAdminChainName")
#: Keys of plugins for interfaces of the node.
LINK_KEYS = ("master", "link", "parent", "device", "uplink", "lower")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Questions to the node, each by the name of a thing.

    Attributes:
        has_file: whether a path exists on the node.
        listens: whether a program listens on a Unix socket of the node.
        has_link: whether the node has an interface.
        has_chain: whether the node has a chain of iptables in its table nat.
        answers: whether a program accepts TCP connections of the node at "ADDRESS:PORT".
        has_configuration: whether the node has a configuration file named after a plugin.
    """

    has_file: Callable[[str], bool]
    listens: Callable[[str], bool]
    has_link: Callable[[str], bool]
    has_chain: Callable[[str], bool]
    answers: Callable[[str], bool]
    has_configuration: Callable[[str], bool]


def thing(error: str, sections: Iterable[Mapping[str, Any]], node: Surroundings) -> str:
    """Describe the thing that a plugin's error names and the node lacks; empty if none. Pure.

    Args:
        error: text of the plugin.
        sections: plugin configurations of the conflist, which may name links and chains.
        node: questions to the node.
    """
    texts = list(texts_of(list(sections)))
    lacking = (
        *_plugins(error, node),
        *_tools(error, node),
        *_files(error, node),
        *_programs(error, texts, node),
        *_configurations(error, texts, node),
        *_named(error, texts, node),
    )
    return lacking[0] if lacking else ""


def _plugins(error: str, node: Surroundings) -> Iterator[str]:
    """Yield the plugins that an error names, and that none of their directories has."""
    found_in = [(name, path.split()) for name, path in _FOUND_IN.findall(error)]
    called = [(name, [directory]) for directory, name in _CALLED.findall(error)]
    for name, directories in (*found_in, *called):
        if not any(node.has_file(f"{directory}/{name}") for directory in directories):
            yield f"the plugin {name} in {', '.join(directories)}"


def _tools(error: str, node: Surroundings) -> Iterator[str]:
    """Yield the programs that a plugin calls by their name, and that the node does not have."""
    for name in filter(None, (name for names in _PROGRAM.findall(error) for name in names)):
        if not any(node.has_file(f"{directory}/{name}") for directory in _PROGRAMS):
            yield f"the program {name}"


def _files(error: str, node: Surroundings) -> Iterator[str]:
    """Yield the files that an error names and the node lacks."""
    others = _OTHERS.search(error)
    awaited = (path for match in _AWAITED.findall(error) for path in match if path)
    for path in (p.rstrip(".") for p in (*_FILE.findall(error), *awaited)):
        if path.startswith(_NEVER_GIVEN) or not (others or _is_given(path)):
            continue
        if not node.has_file(path):
            yield f"the file {path}"


def _is_given(path: str) -> bool:
    """Return whether others than plugins write a file, by its directory and its name. Pure."""
    ends = tuple(READ | {"kubeconfig"})
    return path.startswith(_GIVEN) and path.rpartition("/")[2].endswith(ends)


def _programs(error: str, texts: list[tuple[str, str]], node: Surroundings) -> Iterator[str]:
    """Yield the programs that an error says do not answer, unless it is a pod that does not."""
    for path in _SOCKET.findall(error):
        if not node.listens(path):
            yield f"a program that listens on {path}"
    for address, port in _PORT.findall(error):
        place = f"{address}:{port}"
        if not _is_of_pods(address.strip("[]"), texts) and not node.answers(place):
            yield f"a program that answers at {place}"
    for host in _HOST.findall(error):
        yield f"a name server that knows {host}"


def _is_of_pods(address: str, texts: list[tuple[str, str]]) -> bool:
    """Return whether an address is in a network of the conflist, but for those of all addresses."""
    for _, text in texts:
        with suppress(ValueError):
            network = ip_network(text, strict=False)
            if network.prefixlen > 0 and ip_address(address) in network:
                return True
    return False


def _configurations(error: str, texts: list[tuple[str, str]], node: Surroundings) -> Iterator[str]:
    """Yield the files that an error without a path is about, and that the node lacks."""
    unnamed, cluster = _UNNAMED.search(error), _CLUSTER.search(error)
    if not (unnamed or cluster):
        return
    stated = [text for _, text in texts if _is_given(text)]
    absent = [path for path in stated if not node.has_file(path)]
    yield from (f"the file {path}, which the conflist names" for path in absent)
    if unnamed:
        types = dict.fromkeys(text for key, text in texts if key == "type")
        for plugin in types.keys() - reference.plugins().keys():
            if not node.has_configuration(plugin):
                yield f"the configuration file of the plugin {plugin}"
    if cluster and not any("kubeconfig" in path for path in stated):
        yield "the kubeconfig of a cluster, which the conflist does not name either"


def _named(error: str, texts: list[tuple[str, str]], node: Surroundings) -> Iterator[str]:
    """Yield the links and chains that the conflist names and the node lacks."""
    if _LINKS.search(error) or _MASTER.search(error):
        for key, name in texts:
            if key in LINK_KEYS and not node.has_link(name):
                yield f"the interface {name}, which the conflist names"
    if _CHAINS.search(error):
        for key, name in texts:
            if key in _CHAIN_KEYS and name in error and not node.has_chain(name):
                yield f"the chain {name} of iptables, which the conflist names"


def texts_of(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Yield key and text of each text in a JSON value."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, list):
        for item in value:
            yield from texts_of(item, key)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from texts_of(item, name)
