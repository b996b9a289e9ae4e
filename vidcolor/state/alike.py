"""What machines that render one film together must have alike, so that a shot is the same bytes wherever it is made."""

from __future__ import annotations

import vidcolor
from vidcolor.machine import version_of
from vidcolor.state.cached import PACKAGES
from vidcolor.state.film import Film
from vidcolor.state.made_of import film_ingredients, is_the_machines, told_name


def alike(film: Film) -> dict[str, str]:
    """By its name for people: versions of software, stages and weights, processor and number type.

    Where renders of any machine are taken (`export.machines`), the machine does not count.
    """
    counts = ("stage.", "weights.")
    any_machine = film.settings.export.machines == "any"
    made_of = {
        told_name(name): str(value)
        for name, value in film_ingredients(film).items()
        if name.startswith(counts) or (is_the_machines(name) and not any_machine)
    }
    return {"vidcolor": vidcolor.__version__, **{name: version_of(name) for name in PACKAGES}, **made_of}
