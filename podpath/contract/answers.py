"""Check the answers of plugins against the specification. Pure, but for reading the schemas' file.

Rules: CNI specification 1.1.0, section 5, and the rules for each command in sections 2 and 4.
"""

import ipaddress
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from podpath.cni.versions import since
from podpath.contract.subjects import Role
from podpath.errors import DoesNotConform, Unmet
from podpath.model import Difference, canonical, listed

if TYPE_CHECKING:
    from jsonschema import FormatChecker

#: A version that the specification will never have.
UNKNOWN_VERSION = "99.99.99"

SCHEMAS = Path(__file__).with_name("answers.schema.json")

_SHOWN = 300
#: The first version that requires a result to have the version of the configuration.
_SAME_VERSION_SINCE = "0.4.0"
#: Error codes that a version reserves; plugins define 100 and more themselves (section 5, "Error").
_CODES = {
    "0.1.0": {1, 2},
    "0.4.0": {1, 2, 3, 11},
    "1.0.0": {1, 2, 3, 4, 5, 6, 7, 11},
    "1.1.0": {1, 2, 3, 4, 5, 6, 7, 11, 50, 51},
}

#: Command -> requirement that it succeeds.
_SUCCESS = {"ADD": "CNI-ADD-RESULT", "DEL": "CNI-DEL"}

Differences = list[Difference]


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer of a plugin to one call.

    Attributes:
        plugin: type of the plugin.
        command: value of CNI_COMMAND.
        status: exit status.
        output: text on stdout.
        errors: text on stderr.
        seconds: duration of the call.
    """

    plugin: str
    command: str
    status: int
    output: str
    errors: str
    seconds: float

    @property
    def where(self) -> str:
        """Name of the call, for people: plugin and command."""
        return f"{self.plugin} {self.command}"

    @property
    def document(self) -> Any:
        """The one JSON document on stdout.

        Raises:
            ValueError: stdout has no JSON document, or more than one.
        """
        try:
            return json.loads(self.output)
        except RecursionError:
            raise ValueError("nested too deeply") from None

    @property
    def object(self) -> Mapping[str, Any]:
        """The JSON object on stdout; empty if stdout is something else."""
        try:
            document = self.document
        except ValueError:
            return {}
        return document if isinstance(document, dict) else {}

    @property
    def supported_versions(self) -> tuple[str, ...]:
        """Versions in the answer to VERSION; empty if it lists none."""
        named = self.object.get("supportedVersions")
        return tuple(v for v in named if isinstance(v, str)) if isinstance(named, list) else ()

    def __str__(self) -> str:
        printed = shown(self.output)
        if self.errors.strip():
            printed += f", stderr {shown(self.errors)}"
        return f"exit status {self.status}, stdout {printed}"


def shown(text: str) -> str:
    """Return the beginning of a plugin's output on one line."""
    flat = " ".join(text.split())
    return (flat[:_SHOWN] + ("..." if len(flat) > _SHOWN else "")) or "empty"


def succeeded(answers: Iterable[Answer]) -> Differences:
    """Check that each call exits with 0."""
    return [Difference("failure", a.where, "exit status 0", str(a)) for a in answers if a.status]


def require_success(answers: Iterable[Answer], requirement: str = "") -> None:
    """Require that each call succeeded: otherwise the state under test cannot be reached.

    Args:
        answers: the calls.
        requirement: id of the requirement that a failure violates; by default that of the command.

    Raises:
        DoesNotConform: a call failed; Unmet if one requirement is about its success.
    """
    for answer in answers:
        if answer.status:
            error = DoesNotConform(f"{answer.where} failed", str(answer))
            violated = requirement or _SUCCESS.get(answer.command)
            raise Unmet(error, violated, f"{answer.where} failed") if violated else error


def silent(answers: Iterable[Answer]) -> Differences:
    """Check that stdout of each call is empty."""
    return [
        Difference("output", a.where, "nothing on stdout", shown(a.output))
        for a in answers
        if a.output.strip()
    ]


def late(answers: Iterable[Answer], most: float) -> Differences:
    """Check that each call takes at most so many seconds.

    A call that takes much longer is killed, and has no answer at all.
    """
    return [
        Difference("time", a.where, f"at most {most:.0f} s", f"{a.seconds:.1f} s")
        for a in answers
        if a.seconds > most
    ]


def called(where: str, commands: list[str], expected: list[str]) -> Differences:
    """Check that a delegated plugin was called for exactly these commands, in this order."""
    return _unequal("delegate", where, ", ".join(expected), ", ".join(commands) or "not called")


def failing(answers: Iterable[Answer]) -> list[Answer]:
    """Return the answers of several plugins, one of which must fail: the failures, or the first."""
    all_answers = list(answers)
    return [a for a in all_answers if a.status] or all_answers[:1]


def refused(
    answer: Answer, version: str, codes: Iterable[int] = (), naming: str = ""
) -> Differences:
    """Check that a call fails with a valid error document.

    Args:
        answer: answer to the call.
        version: version of the configuration.
        codes: error codes that are allowed; if empty, each code that the version defines.
        naming: text that the message or its details must contain.

    Returns:
        The differences; empty if the call fails as it must.
    """
    if answer.status == 0:
        return [Difference("success", answer.where, "an error, exit status not 0", str(answer))]
    differences = error_document(answer, version)
    document = answer.object
    if (allowed := tuple(codes)) and document.get("code") not in allowed:
        text = f"{document.get('code')}: {document.get('msg')}"
        differences.append(Difference("error code", answer.where, listed(allowed), text))
    text = f"{document.get('msg')} {document.get('details', '')}"
    if naming not in text:
        differences.append(
            Difference("error message", answer.where, f"{naming} in it", shown(text))
        )
    return differences


def error_document(answer: Answer, version: str) -> Differences:
    """Check that stdout is one error document whose code the version defines, or is 100 or more."""
    differences = _valid(answer, "error")
    code = answer.object.get("code")
    known = next(_CODES[v] for v in reversed(_CODES) if version in since(v))
    if not differences and isinstance(code, int) and code < 100 and code not in known:
        text = f"{listed(known)}, or 100 and more"
        differences.append(Difference("error code", answer.where, text, str(code)))
    return differences


def version(answer: Answer, configured: str) -> Differences:
    """Check that VERSION lists the supported versions, the configured one among them."""
    differences = succeeded([answer]) + _valid(answer, "version")
    if not differences and configured not in answer.supported_versions:
        seen = ", ".join(answer.supported_versions)
        differences.append(Difference("supported versions", answer.where, configured, seen))
    return differences


def echo(answer: Answer, given: str) -> Differences:
    """Check that the answer to VERSION has the cniVersion of its input."""
    return _unequal("cniVersion", answer.where, given, answer.object.get("cniVersion"))


def result(answer: Answer, version: str, role: Role) -> Differences:
    """Check that ADD prints one result of the version of its configuration."""
    differences = succeeded([answer]) or _valid(answer, version)
    if differences:
        return differences
    if role is Role.IPAM:
        differences = _valid(answer, "ipam")
    if version in since(_SAME_VERSION_SINCE):
        differences += _unequal(
            "cniVersion", answer.where, version, answer.object.get("cniVersion")
        )
    return differences


def kept(answer: Answer, previous: Mapping[str, Any] | None) -> Differences:
    """Check that the interfaces and addresses of the previous result are in the result, too."""
    differences = []
    for key, names in (("interfaces", ("name", "sandbox")), ("ips", ("address",))):
        now = [_of(entry, names) for entry in entries(answer.object, key, names[0])]
        for entry in entries(previous or {}, key, names[0]):
            if _of(entry, names) not in now:
                seen = listed(" ".join(words) for words in now)
                expected = " ".join(_of(entry, names))
                differences.append(Difference("lost", f"{answer.where} {key}", expected, seen))
    return differences


def _of(entry: Mapping[str, Any], names: Iterable[str]) -> list[str]:
    texts = {n: str(entry[n]) for n in names if entry.get(n)}
    return [canonical(text) if n == "address" else text for n, text in texts.items()]


def entries(result: Mapping[str, Any], key: str, *texts: str) -> list[Mapping[str, Any]]:
    """Return the objects in one list of a result that have all the named texts.

    result() reports the other entries of the list.

    Args:
        result: result of a plugin.
        key: key of the list in the result.
        texts: keys that an object must have, each with a text that is not empty.
    """
    value = result.get(key)
    objects = value if isinstance(value, list) else []
    return [e for e in objects if isinstance(e, dict) and all(_is_text(e.get(t)) for t in texts)]


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _valid(answer: Answer, schema: str) -> Differences:
    """Check that stdout is exactly one JSON document, valid against the schema of that name."""
    try:
        document = answer.document
    except ValueError as error:
        seen = f"{shown(answer.output)} ({error})"
        return [Difference("output", answer.where, "one JSON document on stdout", seen)]
    from jsonschema import Draft202012Validator

    schema_document = _schemas() | {"$ref": f"#/$defs/{schema}"}
    errors = Draft202012Validator(schema_document, format_checker=_formats()).iter_errors(document)
    return [
        Difference(
            "document",
            f"{answer.where} {problem.json_path}",
            f"as schema {schema} has it",
            problem.message,
        )
        for problem in errors
    ]


@cache
def _schemas() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(SCHEMAS.read_text())
    return document


@cache
def _formats() -> "FormatChecker":
    """Return the formats of the schemas that JSON Schema itself does not define."""
    from jsonschema import FormatChecker

    formats = FormatChecker(formats=())

    @formats.checks("ip", ValueError)
    def is_address(value: object) -> bool:
        return not isinstance(value, str) or bool(ipaddress.ip_address(value))

    @formats.checks("cidr", ValueError)
    def has_prefix(value: object) -> bool:
        return not isinstance(value, str) or ("/" in value and bool(ipaddress.ip_interface(value)))

    return formats


def _unequal(kind: str, where: str, expected: str, seen: object) -> Differences:
    return [] if expected == seen else [Difference(kind, where, expected, str(seen))]
