"""The generation of a network namespace's nftables rules: the kernel counts each change of them.

iptables-nft changes them, too; changes of the legacy tables are not counted. Format:
linux/netfilter/nfnetlink.h and nf_tables.h.
"""

import socket
import struct

from podpath.system import limits
from podpath.system.netlink import framing
from podpath.system.netlink.questions import LARGEST

_NETFILTER = 12  # NETLINK_NETFILTER
_GET_GENERATION = 10 << 8 | 16  # NFNL_SUBSYS_NFTABLES, NFT_MSG_GETGEN
_HEADER = struct.pack("=BBH", 0, 0, 0)  # struct nfgenmsg: family, version, resource
_NUMBER = struct.Struct("!I")
_ATTRIBUTE = struct.Struct("=HH")
_GENERATION = 1  # NFTA_GEN_ID


class Generation:
    """A socket for the generation in the namespace of the thread that creates it.

    Raises:
        OSError: the kernel has no socket of this kind.
    """

    def __init__(self) -> None:
        kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC
        self._socket = socket.socket(socket.AF_NETLINK, kind, _NETFILTER)
        self._socket.settimeout(limits.current().kernel_answer)

    def read(self) -> int | None:
        """Return the generation; None if the kernel has no nftables.

        Raises:
            OSError: the kernel does not answer.
        """
        self._socket.send(framing.packed(_GET_GENERATION, _HEADER, framing.REQUEST, 1))
        for answer in framing.envelopes(self._socket.recv(LARGEST)):
            if answer.kind == framing.ERROR:
                return None
            return parse(answer.body[len(_HEADER) :])
        return None

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


def parse(attributes: bytes) -> int | None:
    """Return the generation from the attributes of the kernel's answer; None without one. Pure."""
    while len(attributes) >= _ATTRIBUTE.size:
        length, kind = _ATTRIBUTE.unpack_from(attributes)
        value = attributes[_ATTRIBUTE.size : length]
        if kind == _GENERATION and len(value) == _NUMBER.size:
            return int(_NUMBER.unpack(value)[0])
        attributes = attributes[max((length + 3) // 4 * 4, _ATTRIBUTE.size) :]
    return None
