"""Languages of the texts that a program around podpath prints, for example those of labs. Pure."""

from podpath.model.language import LANGUAGES, Text, choose, padded, width

__all__ = ["LANGUAGES", "Text", "choose", "padded", "width"]
