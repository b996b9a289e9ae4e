"""What the file of one shot is called: a template of people's, and the facts that go into it."""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Iterator, Mapping

from vidcolor.errors import SettingsError

FIELDS = ("show", "reel", "shot", "number", "version", "delivery")
TELLS_SHOTS_APART = ("shot", "number")
BETWEEN = re.compile(r"[A-Za-z0-9._-]*")
LONGEST = 200
"""Letters of a name: file systems take 255 bytes, with what is added to it."""
STEP = 10
"""From one shot's number to the next: people number shots that come later between them."""


def check_template(template: str) -> None:
    """Refuses a template with other fields or letters, and one that would call two shots alike."""
    hint = f"write delivery.names with {', '.join(f'{{{name}}}' for name in FIELDS)}"
    try:
        parts = [*string.Formatter().parse(template)]
    except ValueError as error:
        raise SettingsError(f"delivery.names = {template!r:.80}: {error}; {hint}") from error
    for text, name, spec, conversion in parts:
        if not BETWEEN.fullmatch(text):
            raise SettingsError(
                f"delivery.names = {template!r:.80}: {text!r:.40} is not letters, digits, `.`, `_` and `-`; {hint}"
            )
        if name is not None and (name not in FIELDS or spec or conversion):
            raise SettingsError(f"delivery.names = {template!r:.80}: there is no field {{{name:.40}}}; {hint}")
    fields = {name for _, name, _, _ in parts}
    if not fields & set(TELLS_SHOTS_APART) or template.startswith((".", "-")):
        raise SettingsError(
            f"delivery.names = {template!r:.80}: two shots would be called alike, or be hidden; begin it with a field, "
            "and write {shot} or {number} in it"
        )


def numbers(count: int) -> Iterator[str]:
    """`0010`, `0020`, ... for each of `count` shots."""
    digits = max(4, len(str(STEP * count)))
    for place in range(1, count + 1):
        yield f"{STEP * place:0{digits}d}"


def file_name(template: str, values: Mapping[str, str]) -> str:
    """The name, without a suffix. Refuses one that no disk takes."""
    name = template.format(**{field: in_names(value) for field, value in values.items()})
    if len(name) > LONGEST:
        raise SettingsError(f"delivery.names: {name:.40}... is {len(name)} letters long; write a shorter delivery.show")
    return name


def in_names(text: str) -> str:
    """Text as it stands in names of files everywhere: letters without accents, digits, `.`, `_`, `-`."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9._-]+", "-", plain).strip("-.") or "x"
