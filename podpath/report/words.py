"""What a run and its report say in each language. Ids and the kernel's words stay. Pure."""

from collections.abc import Mapping

from podpath.model.language import Text
from podpath.report.outcome import Verdict

#: Verdict -> its name for people. Reports for machines have the verdict itself.
_VERDICTS: Mapping[str, Text] = {
    Verdict.CONFORMS: Text("conforms", "符合"),
    Verdict.DOES_NOT_CONFORM: Text("does not conform", "不符合"),
    Verdict.COULD_NOT_TEST: Text("could not test", "无法测试"),
    Verdict.KNOWN_DEVIATION: Text("known deviation", "已知偏差"),
    Verdict.RECOMMENDED: Text("recommended", "建议项未满足"),
    Verdict.NOT_APPLICABLE: Text("not applicable", "不适用"),
    Verdict.NOT_RUN: Text("not run", "未运行"),
}

_WORDS: Mapping[str, Text] = {
    "why": Text("Why", "原因"),
    "checked": Text("Checked", "检查方法"),
    "usually": Text("Usually", "常见原因"),
    "level": Text("Level", "级别"),
    "source": Text("Source", "依据"),
    "feature": Text("Feature", "特性"),
    "on": Text("On", "适用节点"),
    "vendor's": Text("{group}: the vendor's own", "{group}：厂商自己的要求"),
    "look": Text("Look for yourself, on the node:", "在节点上自己查看："),
}


def verdict(name: str, language: str) -> str:
    """Return the name of a verdict in a language; a name that is no verdict's as it is."""
    text = _VERDICTS.get(name)
    return text.in_language(language) if text else name


def say(key: str, language: str, **values: object) -> str:
    """Return a text in a language, with values filled in."""
    return _WORDS[key].in_language(language).format(**values)
