"""What a machine computes with, told from its own words; renders of machines that differ are never mixed in silence."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from tiny import write_gray_film, write_picture

from vidcolor import machine
from vidcolor.cli.parser import main
from vidcolor.networks import graph
from vidcolor.project import Project
from vidcolor.settings import load_settings
from vidcolor.stages import STAGES
from vidcolor.state import made_of
from vidcolor.state.made_of import shot_ingredients
from vidcolor.state.read import load_film

LAPTOP = """processor\t: 0
vendor_id\t: GenuineIntel
cpu family\t: 6
model\t\t: 142
flags\t\t: fpu sse4_2 avx avx2 fma f16c

processor\t: 1
vendor_id\t: GenuineIntel
flags\t\t: amx_tile
"""
SERVER = LAPTOP.replace(": 142", ": 143").replace("fma f16c", "fma avx512f avx512_bf16 amx_tile amx_bf16")
ARM = "processor\t: 0\nFeatures\t: fp asimd asimddp bf16 sve\nCPU implementer\t: 0x41\nCPU part\t: 0xd40\n"
NONE = ["--set", "propagate.network=none", "--set", "colorize.network=none"]


def use(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    found = machine.parse_cpuinfo(text)
    monkeypatch.setattr(machine, "processor", lambda: found)


def test_the_kernels_words_become_ours():
    assert str(machine.parse_cpuinfo(LAPTOP)) == "Intel 6.142 (AVX2, FMA)"
    assert "AMX" in str(machine.parse_cpuinfo(SERVER))
    assert str(machine.parse_cpuinfo(ARM)).endswith("0x41.0xd40 (NEON, DOT, BF16, SVE)")
    assert "nothing beyond" in str(machine.parse_cpuinfo(""))


def test_numpy_tells_where_the_kernel_does_not():
    told = machine._told_by_numpy()
    here = machine.processor()
    for ability in ("avx2", "fma", "avx512f", "asimd"):
        assert (ability in told.abilities) == (ability in here.abilities)


def test_networks_run_in_the_number_type_that_is_told(monkeypatch):
    """Where the processor has bfloat16, a number is rounded to eight bits on its way through a convolution."""
    given, able = np.full((1, 1, 1, 1), 1 + 2**-12, np.float32), machine.number_type() == "bfloat16"
    for text, told in ((LAPTOP, "float32 by OpenVINO"), (SERVER, "bfloat16 by OpenVINO")):
        use(monkeypatch, text)
        assert machine.networks_compute_in() == told
        net = graph.Graph({"one.weight": np.ones((1, 1, 1, 1), np.float32)}, "a test")
        answer = net.made([net.conv("one", net.given(1, 1, -1, -1), 1, 1, bias=False)])(given)[0]
        assert (answer == (1 if able and told.startswith("bfloat16") else given)).all()


def test_the_gpu_told_is_the_gpu_that_is_used():
    torch = pytest.importorskip("torch")
    assert bool(machine.graphics()) == torch.cuda.is_available()


@pytest.fixture(scope="module")
def rendered(tmp_path_factory) -> Path:
    """A film of one shot, rendered without networks on a laptop."""
    folder = tmp_path_factory.mktemp("machines")
    colors = write_gray_film(folder / "film.mkv", 5)
    (folder / "refs").mkdir()
    write_picture(folder / "refs" / "000001.png", colors=colors[1])
    found = machine.parse_cpuinfo(LAPTOP)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(machine, "processor", lambda: found)
        line = ["new", str(folder / "p"), "--reel", str(folder / "film.mkv"), "--keyframes", str(folder / "refs")]
        assert main(line) == 0
        assert main(["render", str(folder / "p"), *NONE]) == 0
    return folder


@pytest.fixture
def project(rendered, tmp_path) -> Path:
    shutil.copytree(rendered, tmp_path / "copy")
    return tmp_path / "copy" / "p"


def told(capsys: pytest.CaptureFixture[str], *line: str) -> str:
    capsys.readouterr()
    assert main(list(line)) == 0
    return capsys.readouterr().out


def versions(project: Path) -> list[str]:
    return sorted(p.name for p in project.glob("shots/*/v*"))


def test_another_processor_is_another_version_and_why_says_so(project, monkeypatch, capsys):
    use(monkeypatch, SERVER)
    said = told(capsys, "why", str(project), "r1-000000", *NONE)
    assert "rendered on Intel 6.142" in said
    assert "this machine is Intel 6.143" in said
    assert len(said.splitlines()) == 2, "nothing else has changed"
    assert main(["render", str(project), *NONE]) == 0
    assert versions(project) == ["v001", "v002"]
    goes = told(capsys, "prune", str(project), "--dry-run", *NONE).splitlines()[:-1]
    assert all(line.startswith("would remove cache ") for line in goes), "the laptop's version is in force there"
    use(monkeypatch, LAPTOP)
    assert "1 fresh" in told(capsys, "status", str(project), *NONE), "back on the laptop its own version is in force"


def test_what_another_machine_rendered_may_be_taken(project, monkeypatch, capsys):
    """Moved to another machine, a finished film is delivered without rendering it again, and the manifest says so."""
    use(monkeypatch, SERVER)
    line = ["export", str(project), "-o", str(project.parent / "out.mkv"), "--delivery", "ffv1", *NONE]
    assert main(line) == 2
    assert main([*line, "--set", "export.machines=any"]) == 0
    manifest = json.loads((project.parent / "out.mkv.manifest.json").read_text())
    assert manifest["shots"][0]["computed_on"].startswith("Intel 6.142")
    changed = ["--set", "propagate.keyframes=3", "--set", "export.machines=any"]
    assert "1 stale" in told(capsys, "status", str(project), *NONE, *changed), "only the machine may differ"


def test_libraries_held_back_are_another_machine(project, monkeypatch, capsys):
    use(monkeypatch, LAPTOP)
    assert "1 fresh" in told(capsys, "status", str(project), *NONE)
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    assert "with OPENBLAS_CORETYPE=Haswell" in told(capsys, "why", str(project), "r1-000000", *NONE)


def ingredients(project: Path, device: str = "cpu", **propagate: object) -> dict:
    tables = {"propagate": {"network": "none", **propagate}, "colorize": {"network": "none"}}
    film = load_film(Project.open(project), load_settings([("test", tables)]), device=device)
    return shot_ingredients(film, film.plan.shots[0])


def test_weights_count_by_what_they_hold(project, tmp_path):
    for name, content in (("a.pth", b"one"), ("moved.pth", b"one"), ("b.pth", b"two")):
        (tmp_path / name).write_bytes(content)
    one, moved, two = (
        ingredients(project, flow="raft", raft_weights=str(tmp_path / name)) for name in ("a.pth", "moved.pth", "b.pth")
    )
    assert one == moved
    assert one != two
    (tmp_path / "a.pth").write_bytes(b"two")
    assert ingredients(project, flow="raft", raft_weights=str(tmp_path / "a.pth")) == two
    small, large = (ingredients(project, flow="raft", raft_size=size)["weights.raft"] for size in ("small", "large"))
    assert small != large
    assert "01064c6d" in small, "torchvision's own count by what they hold too"


def test_flow_on_a_gpu_is_another_version(project, monkeypatch):
    use(monkeypatch, SERVER)
    on_processor = ingredients(project, "cpu", flow="raft")
    assert on_processor["flow.computed on"] == "the processor, in bfloat16"
    monkeypatch.setattr(made_of, "graphics", lambda: "NVIDIA H100")
    assert ingredients(project, "cpu", flow="raft") == on_processor
    assert ingredients(project, "auto", flow="raft")["flow.computed on"] == "NVIDIA H100"
    assert ingredients(project, "auto", flow="dis") == ingredients(project, "cpu", flow="dis")


def test_networks_count_by_their_code_and_number_type_where_they_are_asked(project, monkeypatch):
    use(monkeypatch, LAPTOP)
    asked = ingredients(project, network="shipped")
    assert (asked["stage.networks"], asked["networks.numbers"]) == (STAGES["networks"], "float32 by OpenVINO")
    assert not {"stage.networks", "networks.numbers"} & set(ingredients(project))
