"""The filter of system calls, run as the kernel would, for both architectures."""

import struct

import pytest

from podpath.nodes.embedded import confine

_MACHINES = list(confine._MACHINES.items())
_GETPID = {"x86_64": 39, "aarch64": 172}
_BPF_PROG_LOAD = 5


def _run(program: bytes, number: int, architecture: int, argument: int = 0) -> bool:
    """Whether a classic BPF program allows a call (seccomp(2), struct seccomp_data)."""
    data = struct.pack("=IIQQ", number, architecture, 0, argument)
    steps = list(struct.iter_unpack("=HBBI", program))
    at, value = 0, 0
    while True:
        code, yes, no, operand = steps[at]
        at += 1
        if code == confine._RETURN:
            return bool(operand == confine._ALLOW)
        if code == confine._LOAD:
            (value,) = struct.unpack_from("=I", data, operand)
        else:
            equal = value == operand if code == confine._EQUAL else value >= operand
            at += yes if equal else no


@pytest.mark.parametrize(("machine", "numbers"), _MACHINES)
def test_filter_knows_its_calls(machine: str, numbers: tuple[int, int, int]) -> None:
    """Those of the table do not exist; others do, by their own architecture's numbers only."""
    architecture, column, bpf = numbers
    program = confine._system_calls(*numbers)

    assert _run(program, _GETPID[machine], architecture)
    assert not _run(program, _GETPID[machine], architecture ^ 1)
    assert not _run(program, _GETPID[machine] | confine._X32, architecture)
    assert not any(_run(program, c[column], architecture) for c in confine._CALLS.values())
    assert _run(program, bpf, architecture, _BPF_PROG_LOAD)
    assert not any(_run(program, bpf, architecture, c) for c in confine._BPF_COMMANDS.values())


def test_programs_are_whole_instructions() -> None:
    """Eight bytes each, and the last one leaves."""
    for program in (confine._devices(), confine._settings()):
        assert len(program) % 8 == 0
        assert program.endswith(confine._EXIT)
