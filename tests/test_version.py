"""`vidcolor --version`: short, or with all that a letter about a fault or a licence needs."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from vidcolor import __version__
from vidcolor.cli.about import SOURCES, learned_from
from vidcolor.cli.parser import main
from vidcolor.networks.shipped import FOLDER, mark_of

CARD = (Path(__file__).parents[1] / "vidcolor" / "networks" / "weights" / "README.md").read_text(encoding="utf-8")


def test_the_version_alone_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"vidcolor {__version__}\n"


def test_verbose_names_every_network_and_what_licences_it_learned_under(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version", "--verbose"]) == 0
    told = capsys.readouterr().out
    for file in FOLDER.glob("*.safetensors"):
        assert file.stem in told
        assert mark_of(file) in told
    for kind, (free, count) in learned_from().items():
        assert 0 < free < count, kind
        assert f"{free} of {count} pictures" in told


def test_the_card_says_on_its_first_screen_what_the_table_of_sources_says() -> None:
    screen = CARD[:800]
    stills, clips = learned_from()["stills"], learned_from()["clips"]
    for count in (stills[1], stills[0], clips[1]):
        assert f"{count:,}" in screen


def test_every_source_states_a_licence() -> None:
    with SOURCES.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            assert row["licence as stated"], row
            assert row["free"] in ("yes", "no"), row
            assert row["free"] == "no" or "unclear" not in row["licence as stated"], row


def test_the_version_loads_no_network() -> None:
    code = (
        "import sys; from vidcolor.cli.parser import main; main(['--version', '--verbose']);"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-P", "-c", code], check=True, capture_output=True)


def test_no_command_is_refused_with_where_to_look(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([])
    assert stopped.value.code == 2
    assert "vidcolor --help" in capsys.readouterr().err
