"""Sentences in Chinese: none that a person reads is without its translation."""

import ast
import re
from collections.abc import Iterator
from itertools import product, zip_longest
from pathlib import Path

import pytest

import podpath
from podpath.model import translation, zh
from podpath.model.translation import translated
from podpath.requirements import REQUIREMENTS, Level

_PACKAGE = Path(podpath.__file__).parent
_CHINESE = re.compile("[\u4e00-\u9fff]")
_HALF_WIDTH = re.compile("[\u4e00-\u9fff][,;:!?]|[,;!?][\u4e00-\u9fff]")
#: Modules whose texts all go to people: every text of several words in them has a translation.
_WHOLE = (
    "trace/text.py",
    "trace/legs.py",
    "check/addresses.py",
    "check/chain.py",
    "check/document.py",
    "check/explain.py",
    "check/keys.py",
    "check/plugins.py",
    "check/review.py",
    "check/syntax.py",
    "check/templates.py",
    "check/way.py",
    "run/needs.py",
    "run/checks.py",
    "cni/unsupported.py",
    "cni/fields.py",
)
#: Parts of sentences, of which _COMPOSED has each as a whole, and texts that are no sentences.
_PARTS = frozenset(
    {
        "{} more packet{} {}",
        "  {}: {} of {} took the same steps",
        "missed nothing",
        "may have missed something",
        "{}: canaries {} of {}, frames dropped {}",
        "{}  {} ({} s)",
        "+{} ms",
        "ttl {}",
        "mtu {}",
        "{}   profile {}",
        " ({} mistake{})",
        "{}; no path is drawn",
        "; the node decides on {}",
        "asks host-local for an address of ",
        " by {}",
        ", gateway {}",
        "more than {} pods",
        "{} pods",
        'in "ipam"',
        'beside "ipam", not in it',
        '{} does not read "{}" here: it belongs {}',
        "Move it {}",
        '"{}" of {}',
        "it is {}",
        "pod A",
        "pod B",
        "the pod",
        "the node",
        ", a port of {}",
        "podpath doctor --install",
        "does not have",
        "gives each pod the same addresses",
        "gives each pod what its runtime requests, and containerd requests none",
        "set of ranges",
        '{} {} "{}", and the paths of the profile {} are those {} it',
        'the IPAM plugin "static" of {} {}; the suite needs {} different ones',
        "the IPv{} {} of {} has {} addresses for pods, and the suite needs {}",
        "makes eth0, VLAN {} on {} of {}{}",
        "limits what a pod may {} to {} bit/s",
        "Or leave it out",
        "a port of {}{}{}",
        "{} in {} {}",
        "Name its directory with --podpath-cni-bin, or correct the conflist{}",
        "pod {}: {}",
    }
)
#: Sentences that are composed of parts, with values.
_COMPOSED = (
    "  3 more packets there: 3 of 3 took the same steps",
    "  1 more packet back: 1 of 1 took the same steps",
    "missed nothing: canaries 16 of 16, frames dropped 0",
    "may have missed something: canaries 16 of 15, frames dropped 0",
    "wrong (1 mistake)",
    "wrong (2 mistakes)",
    "no mistakes; no path is drawn",
    "  profile bridge; features: core; the node decides on ipv6",
    "asks host-local for an address of 10.88.0.0/24 (253 pods, gateway 10.88.0.1)",
    'bridge does not read "subnet" here: it belongs in "ipam"',
    'bridge does not read "bridge" here: it belongs beside "ipam", not in it',
    'Move it in "ipam"',
    'Move it beside "ipam", not in it',
    '"mac" of the plugin "tuning"',
    '"mac" of the plugin "tuning" in /a.conflist gives every pod the same MAC address',
    "the other end of pod A's eth0, a port of cni0",
    'a.conflist does not have "vlan", and the paths of the profile x are those with it',
    'a.conflist has "vlan", and the paths of the profile x are those without it',
    'the IPAM plugin "static" of a gives each pod the same addresses; the suite needs 12 different'
    " ones",
    'the IPAM plugin "static" of a gives each pod what its runtime requests, and containerd'
    " requests none; the suite needs 12 different ones",
    "the IPv4 range of a has 2 addresses for pods, and the suite needs 12",
    'a set of ranges of a has the subnets 10.1.0.0/24, 10.2.0.0/24, and "ipMasq" masquerades what'
    " pods of one send to pods of another",
    "the IPv6 set of ranges of a has 2 addresses for pods, and the suite needs 12",
    "makes eth0, VLAN 5 on eth1 of the node, MTU 1400",
    "makes eth0, VLAN 5 on eth1 of the pod",
    "limits what a pod may receive to 8000 bit/s",
    "makes eth0, one end of a veth pair; the other one is a port of cni0, MTU 1400, VLAN 5",
    "Name its directory with --podpath-cni-bin, or correct the conflist",
    "pod a: b",
    "this user may not use docker (x)",
    "docker has no daemon running",
    "Start it: systemctl start docker",
    "docker does not work: x",
    "kind could not create the cluster a: x",
    "the kind configuration a.yaml has no networks as podSubnet: x",
    "the node has ended: its containerd exited with status 2. That was during ADD",
    "Did you mean portmap?",
    "There are: ipmasq, portmap",
)


def _template(node: ast.expr) -> str | None:
    """Return a text of the source, with {} for each value; None for what is no text."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(v.value if isinstance(v, ast.Constant) else "{}" for v in node.values)  # type: ignore[misc]
    return None


def _texts(tree: ast.AST) -> Iterator[str]:
    """Yield the texts of a module, without its docstrings and patterns."""
    if isinstance(tree, ast.Expr) and isinstance(tree.value, ast.Constant):
        return
    if isinstance(tree, ast.Call) and ast.unparse(tree.func).startswith("re."):
        return
    text = _template(tree) if isinstance(tree, ast.expr) else None
    if text is not None:
        yield text
        parts = tree.values if isinstance(tree, ast.JoinedStr) else []
        for part in parts:
            if isinstance(part, ast.FormattedValue):
                yield from _texts(part.value)
        return
    for child in ast.iter_child_nodes(tree):
        yield from _texts(child)


def _errors() -> Iterator[str]:
    """Yield the messages and remedies of all CouldNotTest that podpath raises, but for parts."""
    for file in sorted(_PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("CouldNotTest"):
                yield from {*filter(None, map(_template, node.args))} - _PARTS


def _is_remedy(node: ast.Assign) -> bool:
    return any("remed" in ast.unparse(target).lower() for target in node.targets)


def _named() -> Iterator[str]:
    """Yield the remedies that have a name, in the source or in a table of causes."""
    for file in sorted(_PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Assign) or not _is_remedy(node):
                continue
            value = node.value
            yield from filter(
                None, map(_template, value.values if isinstance(value, ast.Dict) else [value])
            )


def _of_modules() -> Iterator[str]:
    """Yield the texts of several words of the modules whose texts all go to people."""
    for name in _WHOLE:
        for text in _texts(ast.parse((_PACKAGE / name).read_text(encoding="utf-8"))):
            if " " in text.strip() and re.search("[a-z]{2}", text) and text not in _PARTS:
                yield text


def _is_known(template: str) -> bool:
    """Return whether a sentence with such values is translated."""
    if not re.search("[a-z]{2}", template.replace("{}", "")):
        return True  # only values, which are translated by themselves
    literals = template.split("{}")
    for values in product(("V", ""), repeat=len(literals) - 1):
        text = "".join(map("".join, zip_longest(literals, values, fillvalue="")))
        for beginning in ("", "V in V "):  # of the sentences in podpath.cni.unsupported
            if _CHINESE.search(translated(f"{beginning}{text}", "zh")):
                return True
    return False


@pytest.mark.parametrize("template", sorted({*_errors(), *_named()}))
def test_each_error_and_remedy_is_translated(template: str) -> None:
    """A reader of Chinese meets no English sentence where something stands in the way."""
    assert _is_known(template)


@pytest.mark.parametrize("template", sorted(set(_of_modules())))
def test_each_sentence_of_commands_is_translated(template: str) -> None:
    """`podpath trace`, `check` and `doctor` print them."""
    assert _is_known(template)


@pytest.mark.parametrize("sentence", _COMPOSED)
def test_sentences_of_several_parts_are_translated(sentence: str) -> None:
    """All of their words: what is left in Latin letters are names."""
    other = translated(sentence, "zh")

    assert other != sentence
    assert not re.search(r"\b(the|of|to|and|with|has|are|it|in|on|or)\b", other)


@pytest.mark.parametrize("identifier", REQUIREMENTS)
def test_each_judgement_is_translated(identifier: str) -> None:
    """Whose rule it is decides how a failure is read. Names of documents stay as they are."""
    one = REQUIREMENTS[identifier]
    if one.level is Level.JUDGEMENT:
        assert _CHINESE.search(translated(one.source, "zh"))
    assert _CHINESE.search(translated(one.about_level, "zh"))


@pytest.mark.parametrize("text", zh.TEXTS)
def test_translation_has_the_values_of_the_sentence(text: str) -> None:
    ((_, count, used),) = translation.templates({text: zh.TEXTS[text]})

    assert used == set(range(count))
    assert zh.TEXTS[text] != text or text in ("profile {}", "profile")
    assert not _HALF_WIDTH.search(zh.TEXTS[text])


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("", ""),
        ("a sentence that nobody knows", "a sentence that nobody knows"),
        ("Run it with sudo", "用 sudo 运行"),
        (
            "the plugin directory /x. y does not exist. Correct --podpath-cni-bin",
            "插件目录 /x. y 不存在。改正 --podpath-cni-bin",
        ),
        (
            "2 things stand in the way:\n- libpcap is missing. Run it with sudo\n- unknown. Words",
            "有 2 个障碍：\n- 缺少 libpcap。用 sudo 运行\n- unknown. Words",
        ),
        (
            "containerd did not answer in 5 s (x). The end of its log:\na. b\nc. Run it with sudo",
            "containerd 在 5 s 内没有应答（x）。日志的结尾：\na. b\nc。用 sudo 运行",
        ),
    ],
)
def test_texts_are_translated_as_far_as_they_are_known(text: str, other: str) -> None:
    """A value at the end of a sentence does not take the next sentence."""
    assert translated(text, "zh") == other
    assert translated(text, "en") == text


def test_braces_of_a_value_stay() -> None:
    assert translated("libpcap{0} is missing", "zh") == "缺少 libpcap{0}"
