"""A lab's file, and ways to change one thing in it."""

import tomllib
from typing import Any

from podpath.labs import reading
from podpath.labs.lab import Lab

TEXT = """
format = 1
points = 10
level = "medium"
fault = "true"

[en]
title = "The ping that works"
story = "Is it?"
[zh]
title = "能 ping 通"
story = "真的吗?"

[[task]]
id = "hop"
points = 3
answer = "missing-hop client server"
en = "Which interface?"
zh = "哪个接口?"

[[task]]
id = "path"
points = 7
conforms = ["PATH-ICMP", "TOPO-HOOKS"]
reasons = { PATH-ICMP = "missing hop" }
en = "Mend it."
zh = "修好它。"

[[hint]]
en = "Look."
zh = "看。"

[[hint]]
en = "Look again."
zh = "再看。"
cost = 2

solution = "answer hop cni0"
"""


def tables() -> dict[str, Any]:
    """The file's tables, to change."""
    return dict(reading.lifted(tomllib.loads(TEXT)))


def lab() -> Lab:
    """The lab."""
    return reading.parse("ping", tables())
