"""What the command says, in each language. Ids and the kernel's words stay as they are. Pure."""

from collections.abc import Mapping

from podpath.testing.language import Text

_WORDS: Mapping[str, Text] = {
    "lab": Text("LAB", "实验"),
    "level": Text("LEVEL", "难度"),
    "points": Text("POINTS", "分数"),
    "done": Text("DONE", "完成"),
    "title": Text("TITLE", "题目"),
    "easy": Text("easy", "易"),
    "medium": Text("medium", "中"),
    "hard": Text("hard", "难"),
    "yes": Text("yes", "是"),
    "begin": Text("Begin with: podpath lab start {lab}", "开始：podpath lab start {lab}"),
    "tasks": Text("Tasks", "任务"),
    "point": Text("{count} point", "{count} 分"),
    "several points": Text("{count} points", "{count} 分"),
    "of": Text("{earned} of {possible}", "得 {earned} 分，共 {possible}"),
    "commands": Text(
        "lab check                 how far you are\n"
        "lab hint                  a hint; {hints} there; {price}\n"
        "lab answer TASK VALUE     answer a question\n"
        "exit                      end; the node goes, and what you typed is kept",
        "lab check                 看看做到哪里了\n"
        "lab hint                  一个提示，共 {hints} 个；{price}\n"
        "lab answer 任务 答案      回答问题\n"
        "exit                      结束：节点消失，你输入的命令会保存",
    ),
    "plugin": Text(
        "Your plugin is {path} on this node. `lab check` tries it on a fresh node.",
        "你的插件是这个节点上的 {path}。`lab check` 会在一个新节点上测试它。",
    ),
    "right": Text("right", "对"),
    "not right": Text("not right on this node", "在这个节点上不对"),
    "no answer": Text("no answer", "还没有回答"),
    "no such task": Text(
        "this lab has no task {task}; its questions: {tasks}",
        "这个实验没有任务 {task}；问题有：{tasks}",
    ),
    "no question": Text(
        "task {task} is no question: repair the node, then run lab check",
        "任务 {task} 不是问题：先修好节点，再运行 lab check",
    ),
    "none": Text("none in this lab", "这个实验没有问题"),
    "no hint": Text("there is no further hint", "没有更多提示了"),
    "price": Text("the next one costs {points}", "下一个扣 {points}"),
    "free": Text("the next one is free", "下一个不扣分"),
    "paid": Text("costs {points}", "扣 {points}"),
    "cost": Text("{points} for hints", "提示扣 {points}"),
    "time": Text("TIME", "时间"),
    "submission": Text("SUBMISSION", "提交"),
    "problem": Text("FIRST PROBLEM", "第一个问题"),
    "interrupted": Text(
        "interrupted: {done} of {count} graded", "已中断：{count} 份中评了 {done} 份"
    ),
    "checking": Text("checking ...", "检查中 ..."),
    "solved": Text("Solved. Type exit to leave the node.", "完成了。输入 exit 离开节点。"),
    "kept": Text(
        "What you typed is in {file}. `podpath lab check {lab} {file}` replays it on a fresh node.",
        "你输入的命令在 {file} 里。`podpath lab check {lab} {file}` 会在新节点上重放它。",
    ),
    "plugin kept": Text(
        "Your plugin is in {file}. `podpath lab check {lab} {file}` grades it.",
        "你的插件在 {file} 里。`podpath lab check {lab} {file}` 给它打分。",
    ),
    "could not test": Text("could not test", "无法测试"),
}


def say(key: str, lang: str, **values: object) -> str:
    """Return a text in a language, with values filled in. Pure."""
    return _WORDS[key].in_language(lang).format(**values)


def points(count: int, lang: str) -> str:
    """Return a number of points in a language. Pure."""
    return say("point" if count == 1 else "several points", lang, count=count)
