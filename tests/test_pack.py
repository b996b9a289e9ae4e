"""tools/pack.py and train.py: packed, unpacked where little else is installed, trained, stopped, handed back."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")
sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))

import export_network  # noqa: E402
import pack  # noqa: E402
from made_teachers import write_teachers  # noqa: E402

from vidcolor.research.networks.files import load_features  # noqa: E402
from vidcolor.research.training.checkpoints import save_state  # noqa: E402
from vidcolor.research.training.teachers import RESNET_FILE, VGG_FILE  # noqa: E402

NOT_THERE = ("openvino", "av", "kornia", "opentimelineio", "msgspec", "OpenImageIO", "rich", "filelock", "PIL", "lpips")
"""What the machine that trains has not; it has PyTorch, torchvision, NumPy, OpenCV, safetensors, SciPy and numba."""
THERE = """
import importlib, importlib.abc, sys
from pathlib import Path
class Blocked(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.split(".")[0] in {blocked!r}:
            raise ImportError(f"{{name}} is not on this machine")
sys.meta_path.insert(0, Blocked())
sys.path.insert(0, "")
import train, vidcolor
assert Path(vidcolor.__file__).parent == Path("vidcolor").resolve(), vidcolor.__file__
from vidcolor.research.training.kinds import KINDS
for module in KINDS.values():
    importlib.import_module(module)
recipe = ["vidcolor/configs/train/20-features-cuda.toml", "--data", "data", "--keep-data"]
recipe += ["--set", "held_clips=[\\"two\\"]"]
for change in ("steps=2", "crop=64", "stills=2", "clips=2", "queries=32", "warm=1", "measure_every=2"):
    recipe += ["--set", change]
assert train.main([*recipe, "--out", "whole", "--back", "back-whole"]) == 0
assert train.main([*recipe, "--out", "parts", "--minutes", "1e-9", "--back", "back-one", "--back-state"]) == 0
assert train.main([*recipe, "--out", "parts", "--cache", "whole/lessons", "--back", "back-parts"]) == 0
"""


def picture(seed: int, size: tuple[int, int] = (72, 88)) -> np.ndarray:
    coarse = np.random.default_rng(seed).uniform(0, 255, (6, 8, 3)).astype(np.float32)
    return np.clip(cv2.resize(coarse, size[::-1], interpolation=cv2.INTER_CUBIC), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stills, two clips in two sets, teachers with made weights, as the training's data lie."""
    root = tmp_path_factory.mktemp("data")
    folders = {"stills/train/some": 5, "clips/train/one": 8, "clips/train2/two": 27}
    for folder, count in folders.items():
        (root / folder).mkdir(parents=True)
        for n in range(count):
            moved = np.roll(picture(len(folder) + (n if "stills" in folder else 0)), n, 1)
            cv2.imwrite(str(root / folder / f"{n:05d}.webp"), moved)
    for folder in ("images", "masks"):
        (root / "stills/people-masks" / folder).mkdir(parents=True)
        cv2.imwrite(str(root / "stills/people-masks" / folder / "a.png"), picture(9))
    write_teachers(root / "teachers", torch.float16)
    return root


def packed(data: Path, out: Path, *more: str, code: int = 0) -> dict:
    assert pack.main([str(data), "-o", str(out), "--for", "features", *more]) == code
    with zipfile.ZipFile(out) as file:
        return json.loads(file.read("pack.json"))


def test_from_the_pack_to_the_weights_handed_back(data, tmp_path):
    """On a machine without the program's other needs; a run stopped by the clock ends as the one that was not."""
    packed(data, tmp_path / "pack.zip", "--every", "1")
    with zipfile.ZipFile(tmp_path / "pack.zip") as file:
        file.extractall(tmp_path / "there")
    there = tmp_path / "there"
    command = [sys.executable, "-P", "-c", THERE.format(blocked=NOT_THERE)]
    done = subprocess.run(command, cwd=there, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "time is up at step 1 of 2" in done.stderr
    whole, parts = ((there / f"back-{name}/features.safetensors").read_bytes() for name in ("whole", "parts"))
    assert whole == parts
    assert load_features(there / "back-parts/features.safetensors").config.outputs == (128, 128, 128)
    assert json.loads((there / "back-parts/clips.json").read_text()) == ["one"]
    assert json.loads((there / "back-one/run.json").read_text())["step"] == 1
    back = [path for name in ("back-whole", "back-one", "back-parts") for path in (there / name).iterdir()]
    assert max(path.stat().st_size for path in back) < 16 << 20
    state = b"".join(path.read_bytes() for path in sorted((there / "back-one").glob("state.pt.??")))
    (tmp_path / "state.pt").write_bytes(state)
    assert torch.load(tmp_path / "state.pt", weights_only=True)["step"] == 1


def test_what_a_training_looks_through_goes_along(data, tmp_path):
    """The networks that see, with the licence of one that has its own; none that is trained."""
    assert pack.main([str(data), "-o", str(tmp_path / "p.zip"), "--for", "propagator"]) == 0
    with zipfile.ZipFile(tmp_path / "p.zip") as file:
        names = {name.rpartition("/")[2] for name in file.namelist() if "/weights/" in name}
        masks = [name for name in file.namelist() if "people-masks/masks/" in name]
    assert names == {"features.safetensors", "things.safetensors", "things-LICENSE.txt"}
    assert masks == ["data/stills/people-masks/masks/a.png"]


def test_the_same_data_give_the_same_bytes(data, tmp_path):
    told = [packed(data, tmp_path / f"{name}.zip") for name in ("one", "two")]
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    assert told[0]["stills"] == 5
    assert told[0]["frames"] == 4 + 14, "every second one"
    assert told[0]["frames_left_out"] == 4 + 13
    assert not list(tmp_path.glob("*.part"))


def test_pictures_are_made_smaller_then_fewer_until_all_fits(tmp_path):
    """Large noisy pictures and no networks: with less room sides fall, then frames are left out, then it is refused."""
    for folder, count in (("stills/train/some", 3), ("clips/train/one", 12)):
        (tmp_path / folder).mkdir(parents=True)
        for n in range(count):
            noise = np.random.default_rng(n).integers(0, 255, (256, 300, 3), np.uint8)
            cv2.imwrite(str(tmp_path / folder / f"{n:05d}.webp"), noise)
    (tmp_path / "stills/people-masks").mkdir()
    wanted = pack.Wanted()
    rungs = []
    program = sum(p.stat().st_size + pack.PER_FILE for p in pack.gathered(tmp_path, wanted).plain.values())
    for room in (10**7, 350_000, 150_000):
        pack.pack(tmp_path, tmp_path / "p.zip", "features", wanted, program + room)
        assert (tmp_path / "p.zip").stat().st_size <= program + room
        with zipfile.ZipFile(tmp_path / "p.zip") as file:
            rungs.append(json.loads(file.read("pack.json")))
            frame = next(name for name in file.namelist() if "clips/train/one" in name)
            decoded = cv2.imdecode(np.frombuffer(file.read(frame), np.uint8), cv2.IMREAD_COLOR)
            assert min(decoded.shape[:2]) == min(rungs[-1]["side"], 256)
    assert [rung["every"] for rung in rungs[:2]] == [1, 1]
    assert rungs[0]["side"] > rungs[1]["side"]
    assert rungs[2]["every"] > 1
    assert rungs[2]["frames"] + rungs[2]["frames_left_out"] == 12
    with pytest.raises(pack.InputError, match="too few"):
        pack.pack(tmp_path, tmp_path / "q.zip", "features", wanted, program + 20_000)
    assert not (tmp_path / "q.zip").exists()


def test_a_pack_without_its_data_is_refused(data, tmp_path, capsys):
    assert pack.main([str(tmp_path), "-o", str(tmp_path / "p.zip"), "--for", "features"]) == 2
    assert f"{VGG_FILE}: not there" in capsys.readouterr().err.replace(RESNET_FILE, VGG_FILE)
    assert pack.main([str(data), "-o", str(tmp_path / "p.zip"), "--for", "features", "--mib", "1"]) == 2
    assert "too few" in capsys.readouterr().err


def test_long_files_are_handed_back_in_parts(tmp_path):
    recipe = tmp_path / "recipe.toml"
    recipe.write_text('kind = "unet"\n')
    save_state(tmp_path / "state.pt", {"net": {"w": torch.arange(60_000.0)}, "step": 3})
    made = export_network.hand_back(tmp_path, recipe, tmp_path / "back", with_state=True, part=50_000)
    assert [p.name for p in made if p.name.startswith("unet")] == ["unet.safetensors.00", "unet.safetensors.01",
                                                                  "unet.safetensors.02"]  # fmt: skip
    assert max(path.stat().st_size for path in made) <= 50_000
    whole = b"".join(p.read_bytes() for p in made if p.name.startswith("state"))
    assert whole == (tmp_path / "state.pt").read_bytes()
