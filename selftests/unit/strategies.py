"""What others may write: any JSON, any bytes, a good document with one thing wrong in it."""

import copy
import json
import re
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from hypothesis import strategies as st

from podpath.errors import CouldNotTest, DoesNotConform

T = TypeVar("T")
Place = tuple[str | int, ...]

#: What a parser of numbers, texts and nesting may stumble over.
ODD_DOCUMENTS = (
    b"",
    b"null",
    b"\xff\xfe{}",
    b"\xef\xbb\xbf{}",
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b"1" * 5000,
    b"1e999",
    b"NaN",
    b'{"result": {}, "result": []}',
    b'"\\ud800"',
)

numbers = (
    st.integers() | st.floats() | st.sampled_from([-1, 0, 5, 255, 2**31, 2**32, 2**64, 10**400])
)
#: Surrogates included: JSON's escapes can give them, and undecodable names become them.
texts = st.text(st.characters(), max_size=8) | st.sampled_from(
    ["", "\ud800", "\x00", "\x1b[31m", "..", "/", "a/b", "eth0", "::", "10.0.0.1", "10.0.0.0/33"]
)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


def encoded(value: object) -> bytes:
    """A value as JSON; what JSON has no way to say is said as Python does."""
    return json.dumps(value).encode()


documents = values.map(encoded) | st.binary(max_size=60) | st.sampled_from(ODD_DOCUMENTS)


def places(document: object, above: Place = ()) -> Iterator[Place]:
    """Every place of a document, its top included."""
    yield above
    inner: Iterator[tuple[str | int, object]] = iter(())
    if isinstance(document, dict):
        inner = iter(document.items())
    elif isinstance(document, list):
        inner = iter(enumerate(document))
    for key, value in inner:
        yield from places(value, (*above, key))


def replaced(document: Any, place: Place, value: object) -> Any:
    """A copy of the document with another value at one place."""
    if not place:
        return value
    changed = copy.deepcopy(document)
    inner = changed
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return changed


def near(document: Any, anything: st.SearchStrategy[Any] = values) -> st.SearchStrategy[Any]:
    """A good document with another value at some place."""
    return st.builds(
        lambda place, value: replaced(document, place, value),
        st.sampled_from(list(places(document))),
        anything,
    )


#: Words of Python's own errors, none of them spelt out: Hypothesis tries each text of this module.
_PYTHONS = re.compile(r"object has no attribut[e]|__init[_]_|NoneTyp[e]|subscriptabl[e]")


def soundly(call: Callable[..., T], *arguments: object) -> T | None:
    """What a call returns, or None if it raises a clean error; any other exception is a bug."""
    try:
        return call(*arguments)
    except (CouldNotTest, DoesNotConform) as error:
        message = error.message
    assert is_clear(message), message
    return None


def is_clear(message: str) -> bool:
    """Whether a message is one sentence that was written for people, and can be printed."""
    return 10 < len(message) < 1000 and message.isprintable() and not _PYTHONS.search(message)
