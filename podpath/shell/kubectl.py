"""The kubectl of a shell: the few commands that a node without an API server can serve.

    python -m podpath.shell.kubectl get pods -o wide

Output and exit status are those of Kubernetes' own kubectl. Whatever else is typed gets one
sentence with what there is.
"""

import getopt
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from podpath.errors import CouldNotTest
from podpath.nodes.cri import Runtime
from podpath.nodes.embedded import containerd
from podpath.nodes.listing import ListedContainer, ListedPod
from podpath.shell import kubectl_text as text
from podpath.shell import plainly

_KNOWN = "get pods [-o wide|name] [-n NAMESPACE|-A], describe pod NAME, exec [-it] NAME -- COMMAND"
_PODS = ("pod", "pods", "po")
_SHORT, _LONG = (
    "ito:n:c:Ahq",
    (*("stdin", "tty", "output=", "namespace=", "container=", "all-namespaces", "help", "quiet"),),
)
_LETTERS = {"--stdin": "-i", "--tty": "-t", "--output": "-o", "--namespace": "-n"} | {
    "--container": "-c",
    "--all-namespaces": "-A",
    "--help": "-h",
    "--quiet": "-q",
}


class Refusal(Exception):
    """The command line asks for something that this kubectl does not do; its text is the answer."""


@dataclass(frozen=True)
class Call:
    """A command line.

    Attributes:
        words: arguments that are no options: the verb, and what it is applied to.
        options: letter of an option -> its value; empty for one without value.
        command: arguments after "--"; None without "--".
    """

    words: Sequence[str]
    options: Mapping[str, str]
    command: Sequence[str] | None


def parsed(arguments: Sequence[str]) -> Call:
    """Read a command line.

    Raises:
        Refusal: it has an option that this kubectl does not know.
    """
    arguments = list(arguments)
    command = None
    if "--" in arguments:
        place = arguments.index("--")
        arguments, command = arguments[:place], arguments[place + 1 :]
    try:
        options, words = getopt.gnu_getopt(arguments, _SHORT, _LONG)
    except getopt.GetoptError as error:
        raise Refusal(f"{error.msg}; the kubectl of this shell knows: {_KNOWN}") from None
    return Call(words, {_LETTERS.get(name, name): value for name, value in options}, command)


def main(arguments: Sequence[str]) -> int:
    """Run one command and return the exit status."""
    try:
        call = parsed(arguments)
        if not call.words or "-h" in call.options:
            sys.stdout.write(f"The kubectl of this shell knows: {_KNOWN}\n")
            return 0
        verb = _verb(call)
        with _runtime() as runtime:
            return verb(runtime, call)
    except (Refusal, CouldNotTest) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    except BrokenPipeError:  # the reader, for example head, closed the pipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


def _verb(call: Call) -> Callable[[Runtime, Call], int]:
    """Return the function of a verb.

    Raises:
        Refusal: this kubectl does not know the verb, or not for that kind of object.
    """
    verb, kinds = call.words[0], call.words[1:2]
    kind = kinds[0].partition("/")[0] if kinds else ""
    if verb == "exec":
        return _exec
    if verb == "get" and kind in _PODS:
        return _get
    if verb == "describe" and kind in _PODS:
        return _describe
    what = f"{verb} {kind}" if verb in ("get", "describe") and kind else verb
    raise Refusal(
        f'this node has no API server for "{what}"; the kubectl of this shell knows: {_KNOWN}'
    )


@contextmanager
def _runtime() -> Iterator[Runtime]:
    runtime = Runtime(containerd.SOCKET, lambda: "", lambda: "")
    try:
        yield runtime
    finally:
        runtime.close()


def _get(runtime: Runtime, call: Call) -> int:
    form = call.options.get("-o", "")
    if form not in ("", "wide", "name"):
        raise Refusal(f'this kubectl does not print "-o {form}", but -o wide and -o name')
    pods = _named(runtime, call)
    if not pods:
        where = f" in {call.options['-n']} namespace" if "-n" in call.options else ""
        sys.stderr.write(f"No resources found{where}\n")
        return 0
    if form == "name":
        sys.stdout.write("".join(f"pod/{pod.name}\n" for pod in pods))
        return 0
    shown = [_shown(runtime, pod) for pod in pods]
    wide, every = form == "wide", "-A" in call.options
    node = os.uname().nodename
    sys.stdout.write(text.table(shown, node, time.time_ns(), wide=wide, every=every))
    return 0


def _describe(runtime: Runtime, call: Call) -> int:
    shown = [_shown(runtime, pod) for pod in _named(runtime, call)]
    node = os.uname().nodename
    sys.stdout.write("\n\n".join(text.description(pod, node) for pod in shown))
    return 0


def _shown(runtime: Runtime, pod: ListedPod) -> text.ShownPod:
    return text.ShownPod(pod, runtime.sandbox_status(pod.id)[0] if pod.running else ())


def _named(runtime: Runtime, call: Call) -> list[ListedPod]:
    """Return the pods that a command line names; all of them if it names none.

    Raises:
        Refusal: no pod has such a name.
    """
    names = [*call.words[1].split("/")[1:], *call.words[2:]]
    if not names:
        return _within(runtime, call)
    return [_pod(runtime, call, name) for name in names]


def _within(runtime: Runtime, call: Call) -> list[ListedPod]:
    """Return the pods of the namespace that a command line names, or of all."""
    only = None if "-A" in call.options else call.options.get("-n")
    return [pod for pod in runtime.listing() if only in (None, pod.namespace)]


def _pod(runtime: Runtime, call: Call, name: str) -> ListedPod:
    for pod in _within(runtime, call):
        if pod.name == name:
            return pod
    raise Refusal(f'pods "{name}" not found')


def _exec(runtime: Runtime, call: Call) -> int:
    """Run a command in a container, by containerd's own program."""
    if len(call.words) != 2 or not call.command:
        raise Refusal("write it so: kubectl exec [-it] POD [-c CONTAINER] -- COMMAND")
    pod = _pod(runtime, call, call.words[1].removeprefix("pod/").removeprefix("pods/"))
    container = _container(pod, call)
    typed, wants_terminal = "-i" in call.options, "-t" in call.options
    on_terminal = wants_terminal and typed and os.isatty(0) and os.isatty(1)
    if wants_terminal and not on_terminal:
        sys.stderr.write("Unable to use a TTY - input is not a terminal\n")
    if not typed:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.stderr.flush()
    identifier = f"kubectl-{os.getpid()}-{time.monotonic_ns()}"
    program = ["ctr", "--namespace", "k8s.io", "tasks", "exec", "--exec-id", identifier]
    if on_terminal:
        status = _on_terminal([*program, "--tty", container.id, *call.command])
    else:
        status = plainly.run([*program, container.id, *call.command])
    if status:
        sys.stderr.write(f"command terminated with exit code {status}\n")
    return status


def _on_terminal(command: Sequence[str]) -> int:
    """Run ctr on a terminal, which has all output of the pod's program: stderr is ctr's own.

    ctr reads the terminal's size before it listens for changes, and would lose one between them.
    """
    with tempfile.TemporaryFile() as errors:
        status = plainly.run(command, stderr=errors.fileno(), reminder=signal.SIGWINCH)
        errors.seek(0)
        lines = errors.read().decode(errors="replace").splitlines(keepends=True)
    # it resizes the terminal also of a program that has ended by then
    sys.stderr.write("".join(line for line in lines if "resize pty" not in line))
    return status


def _container(pod: ListedPod, call: Call) -> ListedContainer:
    """Return the running container that a command line names, or the first one.

    Raises:
        Refusal: none runs, or none has the name.
    """
    running = [c for c in pod.containers if c.running]
    if "-c" in call.options:
        name = call.options["-c"]
        if chosen := [c for c in running if c.name == name]:
            return chosen[0]
        raise Refusal(f"container {name} not found in pod {pod.name}")
    if not running:
        raise Refusal(f"no container of pod {pod.name} runs")
    if len(running) > 1 and "-q" not in call.options:
        names = ", ".join(c.name for c in running)
        sys.stderr.write(f'Defaulted container "{running[0].name}" out of: {names}\n')
    return running[0]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
