"""The log of containerd on the embedded node. Pure."""

import re

_SHOWN_LINES = 5
#: The message of a configuration that containerd does not load, at its start and later
#: (pkg/cri: service.go, cni_conf_syncer.go).
_REFUSED = re.compile(r'msg="failed to (?:load cni during init|reload cni config)')
_ERROR = re.compile(r' error="((?:[^"\\]|\\.)*)"')


def end(log: str) -> str:
    """Return the last lines of a log."""
    return "\n".join(log.splitlines()[-_SHOWN_LINES:])


def refusal(log: str) -> str:
    """Return why containerd did not load a conflist, from the last line about it; empty if none."""
    for line in reversed(log.splitlines()):
        if _REFUSED.search(line):
            error = _ERROR.search(line)
            return re.sub(r"\\(.)", r"\1", error[1]) if error else line
    return ""
