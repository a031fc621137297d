"""Self-tests of the shell's kubectl: how it reads a command line, and what it prints."""

import pytest

from podpath.nodes.listing import ListedContainer, ListedPod
from podpath.shell import kubectl
from podpath.shell import kubectl_text as text

_SECOND = 10**9


def container(name: str = "main", *, running: bool = True, restarts: int = 0) -> ListedContainer:
    return ListedContainer("c0ffee", name, "podpath.invalid/pod:1", running, 0, restarts)


def pod(
    name: str = "client", *containers: ListedContainer, running: bool = True, created: int = 0
) -> ListedPod:
    return ListedPod("5a4d", name, "podpath", running, created, containers or (container(),))


@pytest.mark.parametrize(
    ("line", "words", "options", "command"),
    [
        ("get pods", ["get", "pods"], {}, None),
        ("get pods -o wide", ["get", "pods"], {"-o": "wide"}, None),
        ("get -owide pods -A", ["get", "pods"], {"-o": "wide", "-A": ""}, None),
        ("-n x get po", ["get", "po"], {"-n": "x"}, None),
        ("get po --namespace=x --output wide", ["get", "po"], {"-n": "x", "-o": "wide"}, None),
        ("exec -it a -- ls -l", ["exec", "a"], {"-i": "", "-t": ""}, ["ls", "-l"]),
        ("exec a -i -c b -- sh -c x", ["exec", "a"], {"-i": "", "-c": "b"}, ["sh", "-c", "x"]),
        ("exec a -- x -- y", ["exec", "a"], {}, ["x", "--", "y"]),
    ],
)
def test_command_line_is_read(
    line: str, words: list[str], options: dict[str, str], command: list[str] | None
) -> None:
    """Options may stand anywhere before "--", as kubectl takes them."""
    call = kubectl.parsed(line.split())

    assert (call.words, call.options, call.command) == (words, options, command)


def test_unknown_option_is_refused_with_what_there_is() -> None:
    """One sentence names the option and the commands."""
    with pytest.raises(kubectl.Refusal, match=r"watch.*get pods.*describe pod.*exec"):
        kubectl.parsed(["get", "pods", "--watch"])


@pytest.mark.parametrize("line", ["get svc", "logs client", "apply -f x", "get", "delete pod a"])
def test_other_commands_are_refused_in_one_sentence(
    line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """So are those that need an API server, without one being looked for."""
    assert kubectl.main(line.split()) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_table_has_kubectl_s_columns() -> None:
    """The table is kubectl's, column by column."""
    shown = [
        text.ShownPod(pod("client"), ["10.88.0.2", "fd00::2"]),
        text.ShownPod(pod("server", container(), container("x", running=False, restarts=2)), []),
    ]

    assert text.table(shown, "n1", 90 * _SECOND, wide=True, every=True).splitlines() == [
        "NAMESPACE   NAME     READY   STATUS    RESTARTS   AGE   IP          NODE"
        "   NOMINATED NODE   READINESS GATES",
        "podpath     client   1/1     Running   0          90s   10.88.0.2   n1"
        "     <none>           <none>",
        "podpath     server   1/2     Running   2          90s   <none>      n1"
        "     <none>           <none>",
    ]
    assert text.table(shown[:1], "n1", 0, wide=False, every=False).splitlines() == [
        "NAME     READY   STATUS    RESTARTS   AGE",
        "client   1/1     Running   0          0s",
    ]


@pytest.mark.parametrize(
    ("listed", "status"),
    [
        (pod(), "Running"),
        (pod("a", container(running=False)), "Completed"),
        (pod(running=False), "Error"),
    ],
)
def test_status_is_one_word(listed: ListedPod, status: str) -> None:
    """A pod without a sandbox has failed; one without a running container has ended."""
    assert text.status(listed) == status


@pytest.mark.parametrize(
    ("seconds", "age"),
    [(-1, "0s"), (119, "119s"), (120, "2m"), (150, "2m30s"), (3600, "60m"), (7200 * 5, "10h")],
)
def test_age_is_kubectl_s(seconds: int, age: str) -> None:
    """Ages are as short as kubectl's."""
    assert text.age(seconds * _SECOND) == age


def test_description_names_every_container_and_address() -> None:
    """The description has all addresses, and each container with its state."""
    shown = text.ShownPod(pod("a", container(), container("b", running=False)), ["10.0.0.2", "::2"])
    lines = text.description(shown, "n1").splitlines()

    assert lines[0].split() == ["Name:", "a"]
    assert [line.split()[-1] for line in lines if "IP:" in line] == ["10.0.0.2", "10.0.0.2", "::2"]
    assert [line.split()[-1] for line in lines if "State:" in line] == ["Running", "Terminated"]
