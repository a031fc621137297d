"""Calls of plugins that did not end in time: podpath waits for each of them once in a run."""

from podpath.errors import CouldNotTest, Unmet

#: With so many different calls that hung, no plugin is called by itself any more.
_MOST = 2

Fault = Unmet | CouldNotTest


class HungCalls:
    """The calls that did not end in time in one process, each with the violation that it is.

    To call again would take the same time again, and tell nothing new: later tests that need such a
    call are not run. All users of plugins in one run share one such object.
    """

    def __init__(self, known: "HungCalls | None" = None) -> None:
        """Begin without any, or with those that another one knows by now, and not notes later."""
        self._commands: dict[str, Fault] = dict(known._commands) if known else {}
        self._plugins: dict[tuple[str, str], Fault] = dict(known._plugins) if known else {}

    def require_none(self, command: str, plugin: str = "") -> None:
        """Require that a call can be awaited.

        Args:
            command: value of CNI_COMMAND.
            plugin: plugin that is called by itself; empty for the call of a whole chain.

        Raises:
            Unmet: the call hung before; or, by itself, several calls did.
            CouldNotTest: the same, because of something that the node lacks.
        """
        fault = self._commands.get(command) or self._plugins.get((plugin, command))
        noted = [*self._commands.values(), *self._plugins.values()]
        if plugin and len(noted) >= _MOST:
            fault = fault or noted[0]
        if fault:
            raise fault.with_traceback(None)  # else its traceback grows with each test

    def note(self, fault: Fault, command: str, plugin: str = "") -> Fault:
        """Note that a call hung, and return its fault.

        Args:
            fault: the violation, which later calls raise.
            command: value of CNI_COMMAND.
            plugin: the plugin, if only its calls in unusual cases hang; empty if those of pods do.
        """
        if plugin:
            self._plugins[plugin, command] = fault
        else:
            self._commands[command] = fault
        return fault

    def attribute(self, fault: Fault) -> None:
        """Replace the faults of all calls so far by one that explains them."""
        self._commands = dict.fromkeys(self._commands, fault)
        self._plugins = dict.fromkeys(self._plugins, fault)
