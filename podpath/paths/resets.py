"""Connections to a closed port, which its host resets: who asks must hear of it (RFC 9293, 3.5.2).

Otherwise programs wait for minutes where they could try another host.
"""

import errno
import os
import socket
from functools import partial

from podpath.model import Address, Difference
from podpath.paths.icmp_errors import End
from podpath.paths.unwatched import Compared
from podpath.system import limits, netns

_SILENCE = "no answer"


def lost(asker: End, answerer: End) -> Compared:
    """Find out whether a program hears that a port is closed.

    Args:
        asker: who asks.
        answerer: the other end, of which a port is asked for at which no program listens.
    """
    with netns.run_in(answerer.namespace, partial(_made, answerer.address)) as closed:
        closed.bind((str(answerer.address), 0))
        with netns.run_in(asker.namespace, partial(_made, asker.address)) as client:
            client.settimeout(2 * limits.current().reply)  # the kernel repeats a SYN after a second
            number = client.connect_ex(closed.getsockname()[:2])
    if number == errno.ECONNREFUSED:
        return Compared([])
    fate = _SILENCE if number in (errno.EAGAIN, errno.ETIMEDOUT) else os.strerror(number)
    where = f"closed tcp port of {answerer.name}, asked for from {asker.name}"
    expected = f'the program gets "{os.strerror(errno.ECONNREFUSED)}"'
    difference = Difference("reset", where, expected, fate)
    return Compared([difference], packets=1, is_all=fate == _SILENCE)


def _made(towards: Address) -> socket.socket:
    family = socket.AF_INET6 if towards.version == 6 else socket.AF_INET
    return socket.socket(family, socket.SOCK_STREAM)
