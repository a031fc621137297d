"""What a run and its report say in each language. Ids and the kernel's words stay. Pure."""

from collections.abc import Mapping

from podpath.model.language import LANGUAGES, Text
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
    "comma": Text(", ", "，"),
    "separator": Text("; ", "；"),
    "of what was run": Text("of what was run, {verdict}", "就已运行的部分而言，{verdict}"),
    "requirement": Text("{count} of {all} requirement", "{count}/{all} 项要求"),
    "requirements": Text("{count} of {all} requirements", "{count}/{all} 项要求"),
    "of": Text("{count} of {all}", "{count}/{all}"),
    "could not test": Text("could not test: {count}", "无法测试：{count}"),
    "not run": Text("{count} not run", "{count} 项未运行"),
    "waived": Text("{count} waived", "{count} 项放弃"),
    "not applicable": Text("{count} not applicable", "{count} 项不适用"),
    "known deviation": Text("{count} known deviation", "{count} 项已知偏差"),
    "known deviations": Text("{count} known deviations", "{count} 项已知偏差"),
    "recommendation": Text("{count} recommendation not met", "{count} 项建议未满足"),
    "recommendations": Text("{count} recommendations not met", "{count} 项建议未满足"),
    "broken off": Text("broken off", "中途结束"),
    "begun": Text(
        "broken off: {count} of {all} requirements were begun",
        "中途结束：开始了 {count}/{all} 项要求",
    ),
    "no result": Text("a test ended without a result", "有一个测试没有得出结果就结束了"),
    "others conform": Text("the others conform", "其余符合"),
    "none conforms": Text("none conforms", "没有一项符合"),
    "none": Text("none of {all} requirements", "{all} 项要求中没有一项"),
    "and more": Text("{names} and {count} more", "{names} 等，另有 {count} 项"),
    "required": Text("Required: {text}", "要求：{text}"),
    "cause": Text("Usually: {text}", "常见原因：{text}"),
    "on purpose": Text(
        "If the plugin differs on purpose, declare a known deviation of {id} with"
        " --podpath-deviations.",
        "如果插件有意与此不同，请用 --podpath-deviations 把 {id} 声明为已知偏差。",
    ),
    "look kept": Text(
        "Look for yourself, on the node that --podpath-keep keeps:",
        "在 --podpath-keep 保留的节点上自己查看：",
    ),
    "look like": Text(
        "Look for yourself, on a new node like this one (--podpath-keep keeps this one):",
        "在一个同样的新节点上自己查看（--podpath-keep 会保留这个节点）：",
    ),
    "look here": Text("Look for yourself, on this host:", "在本机上自己查看："),
    "look while": Text(
        "Look for yourself while the node runs (a run with --pdb stops at the failure):",
        "在节点运行期间自己查看（加上 --pdb，运行会停在失败处）：",
    ),
    "in": Text("  in {test}", "  见 {test}"),
    "and more tests": Text(", and {count} more", "，另有 {count} 个测试"),
    "more failed": Text(
        "and {count} more failed tests, which -v lists", "另有 {count} 个测试失败，-v 会列出它们"
    ),
    "tests": Text("{count} tests", "{count} 个测试"),
    "test": Text("{count} test", "{count} 个测试"),
    "recommended": Text("recommended, not met", "建议项未满足"),
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


def counted(counts: Mapping[str, int], language: str = LANGUAGES[0]) -> str:
    """Put into words how many requirements have each verdict."""
    some = ((verdict(name, language), number) for name, number in counts.items() if number)
    return say("comma", language).join(f"{number} {name}" for name, number in some)


def say(key: str, language: str = LANGUAGES[0], **values: object) -> str:
    """Return a text in a language, with values filled in."""
    return _WORDS[key].in_language(language).format(**values)
