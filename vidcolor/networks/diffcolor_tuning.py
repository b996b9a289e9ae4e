"""DiffColor's two stages: a text-to-image model is tuned for one gray frame and some words.

Stage 1, the colour prior. `color`: the model learns to draw the frame (the loss of diffusion guides it) so that CLIP
finds what it draws nearer to the words than to UNWANTED (contrastive). What it then draws from the noise that the frame
itself came from, laid onto the frame (`aligned`), is the picture.
Stage 2, in context. `embedding`: what the words became is moved until the model draws the picture by it; `model`: then
the model itself is tuned until it draws just that.

Noise is drawn anew for each step by NumPy, from the step's number, so that a run that is taken up again is one that
never stopped.

Sources: Lin 2023 (DiffColor), Kim 2022 (DiffusionCLIP: inverted, tuned, drawn again), Kawar 2023 (Imagic: stage 2).
Ours: learning rates, how the two losses of stage 1 are weighed, how noisy its pictures are, two more unwanted words,
that stage 2 goes on from the model of stage 1, and alignment by our flow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import torch
from numpy import ndarray as Array
from torch import Tensor
from torch.nn import functional as F

from vidcolor.color import fit_to_rgb, rgb_to_lab
from vidcolor.errors import WeightsError
from vidcolor.flow.dis import Dis
from vidcolor.flow.warp import warp
from vidcolor.networks.diffcolor_kept import State
from vidcolor.networks.diffusion_files import Eye
from vidcolor.networks.drawing import gray_of, seen_by
from vidcolor.settings import DiffusionSettings

COLOR, EMBEDDING, MODEL, DONE = range(4)
RATES = {COLOR: 4e-6, EMBEDDING: 1e-3, MODEL: 2e-6}
"""Of Adam, by phase; of the order that tuning such models takes."""
UNWANTED = ("a grayscale image", "a black and white photo", "a sepia photo", "a scratchy photo")
"""What the picture should look like less than like the words."""
CONTRAST = 0.1
"""How much the contrastive loss counts beside the loss of diffusion, which is some ten times smaller."""
NOISIEST = 0.6
"""Share of the model's times up to which stage 1 adds noise: of more, one step guesses no picture."""
STRIDES = 30
"""Steps from the frame to its noise, and back."""
EVERY = 100
"""Steps after which what is tuned is kept."""
NEAR = 9
"""Pixels around, of those that are drawn, over which lightness must agree better for a colour to be moved."""
TEXT, PICTURE = "text", "picture"
Steps = Mapping[int, int]


class Tuning:
    """Tunes a pipeline's U-Net in place; what it needs of the GPU's memory it takes while it works."""

    def __init__(self, pipe: Any, eye: Eye, settings: DiffusionSettings) -> None:
        """Refuses a model that guesses something else than noise or v (Salimans 2022)."""
        self.guesses = pipe.scheduler.config.prediction_type
        if self.guesses not in ("epsilon", "v_prediction"):
            raise WeightsError(f"diffusion.base: guesses {self.guesses!r:.40}, neither noise nor v; give another model")
        self._pipe, self._eye, self._device = pipe, eye, pipe.unet.device
        self._kept = pipe.scheduler.alphas_cumprod.to(self._device)
        self.steps: Steps = {
            COLOR: settings.color_steps,
            EMBEDDING: settings.embedding_steps,
            MODEL: settings.model_steps,
        }
        for net in (pipe.unet, pipe.vae, pipe.text_encoder, eye.net):
            net.requires_grad_(False).eval()
        for net in (pipe.unet, pipe.vae):
            net.enable_gradient_checkpointing()
        self._trained = trained_of(pipe.unet, settings.tuned)
        self._base = {name: value.detach().to("cpu", copy=True) for name, value in self._trained.items()}

    def words(self, text: str) -> Tensor:
        """(1, places, numbers): what the model reads of them."""
        with torch.no_grad():
            return self._pipe.encode_prompt(text, self._device, 1, False)[0]

    def load(self, state: State) -> Tensor:
        """Puts tuned numbers into the model; answers what the words became."""
        self._fill(state.numbers)
        return state.numbers[TEXT].to(self._device, copy=True)

    def fits(self, state: State) -> bool:
        """Whether this state is of this model."""
        there = state.numbers
        return {TEXT, PICTURE} <= there.keys() and all(
            name in there and there[name].shape == value.shape for name, value in self._base.items()
        )

    def start(self, gray: Tensor, words: str) -> State:
        """Nothing tuned yet: the model as it was read, what it reads of the words, and the frame as it sees it."""
        return State(numbers={**self._base, TEXT: self.words(words).cpu(), PICTURE: gray.cpu()})

    def run(
        self,
        light: Array,
        words: str,
        state: State | None,
        keep: Callable[[State], None],
        progress: Callable[[str, int, int], None],
    ) -> State:
        """The model tuned for a frame, L* (h, w) at the size that is drawn, and words.

        state     to go on from
        keep      given the state now and then, and at the end what is answered
        progress  told the steps that are made, and of how many
        """
        gray = self._seen(gray_of(light))
        state = state or self.start(gray, words)
        text, picture = self.load(state), state.numbers[PICTURE].to(self._device)
        liked = self._features_of_words((words, *UNWANTED))
        total = sum(self.steps.values())
        for phase in range(state.phase, DONE):
            before = sum(self.steps[earlier] for earlier in range(phase))
            with self._learning(phase, text, state.numbers) as optimizer:
                for step in range(state.step, self.steps[phase]):
                    random = np.random.default_rng([phase, step])
                    if phase == COLOR:
                        loss = self._color_loss(random, gray, text, liked)
                    else:
                        loss = self._loss(random, picture, text)
                    if not bool(loss.detach().isfinite()):
                        raise WeightsError("diffusion.base: tuning ends in no numbers; give other models")
                    loss.backward()
                    optimizer.step()
                    optimizer.zero_grad(set_to_none=True)
                    if (step + 1) % EVERY == 0 and step + 1 < self.steps[phase]:
                        keep(State(phase, step + 1, self._numbers(text, picture) | _of(optimizer)))
                    progress("tune", before + step + 1, total)
            if phase == COLOR:
                picture = self._colored(light, gray, text)
            state = State(phase + 1, 0, self._numbers(text, picture))
            keep(state)
        return state

    def _numbers(self, text: Tensor, picture: Tensor) -> dict[str, Tensor]:
        found = {**self._trained, TEXT: text, PICTURE: picture}
        return {name: value.detach().to("cpu", copy=True).contiguous() for name, value in found.items()}

    def _fill(self, numbers: Mapping[str, Tensor]) -> None:
        with torch.no_grad():
            for name, value in self._trained.items():
                value.copy_(numbers[name])

    @contextmanager
    def _learning(self, phase: int, text: Tensor, kept: Mapping[str, Tensor]) -> Iterator[torch.optim.Optimizer]:
        """What moves the phase's numbers, which gather gradients within the block."""
        learning = [text] if phase == EMBEDDING else list(self._trained.values())
        optimizer = torch.optim.Adam(learning, lr=RATES[phase])
        moments = {n: _moments(n, kept) for n in range(len(learning)) if f"{n} step" in kept}
        if moments:
            optimizer.load_state_dict({**optimizer.state_dict(), "state": moments})
        for value in learning:
            value.requires_grad_(True)
        try:
            yield optimizer
        finally:
            for value in learning:
                value.requires_grad_(False)
                value.grad = None

    def _color_loss(self, random: np.random.Generator, gray: Tensor, text: Tensor, liked: Tensor) -> Tensor:
        """Stage 1's: the frame is drawn, and looks like the first of what may be liked."""
        time, noise = self._drawn(random, gray, NOISIEST)
        guess, target, noised = self._guess(gray, noise, time, text)
        rgb = self._rgb(self._split(noised, guess, time)[0])
        side = self._eye.net.config.vision_config.image_size
        small = F.interpolate(rgb, (side, side), mode="bicubic", antialias=True)
        seen = self._eye.net.vision_model(pixel_values=_whitened(small)).pooler_output
        likeness = F.normalize(self._eye.net.visual_projection(seen), dim=1) @ liked.T
        contrast = F.cross_entropy(
            likeness * self._eye.net.logit_scale.exp(), torch.zeros(1, dtype=torch.long).to(gray.device)
        )
        return F.mse_loss(guess, target) + CONTRAST * contrast

    def _loss(self, random: np.random.Generator, picture: Tensor, text: Tensor) -> Tensor:
        """Stage 2's: the picture is drawn."""
        time, noise = self._drawn(random, picture, 1.0)
        guess, target, _ = self._guess(picture, noise, time, text)
        return F.mse_loss(guess, target)

    def _drawn(self, random: np.random.Generator, picture: Tensor, noisiest: float) -> tuple[int, Tensor]:
        time = int(random.integers(max(1, round(noisiest * len(self._kept)))))
        return time, torch.from_numpy(random.standard_normal(tuple(picture.shape), np.float32)).to(self._device)

    def _guess(self, clean: Tensor, noise: Tensor, time: int, text: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What the model guesses of a noised picture, what it should, and the noised picture."""
        kept, lost = self._shares(time)
        noised = kept * clean + lost * noise
        target = noise if self.guesses == "epsilon" else kept * noise - lost * clean
        return self._pipe.unet(noised, time, encoder_hidden_states=text).sample, target, noised

    def _split(self, noised: Tensor, guess: Tensor, time: int) -> tuple[Tensor, Tensor]:
        """The picture and the noise that are in it by this guess."""
        kept, lost = self._shares(time)
        if self.guesses == "epsilon":
            return (noised - lost * guess) / kept, guess
        return kept * noised - lost * guess, lost * noised + kept * guess

    def _shares(self, time: int) -> tuple[Tensor, Tensor]:
        return self._kept[time].sqrt(), (1 - self._kept[time]).sqrt()

    @torch.no_grad()
    def _colored(self, light: Array, gray: Tensor, text: Tensor) -> Tensor:
        """The picture that stage 2 is about, as the model sees it."""
        times = np.unique(np.linspace(0, NOISIEST * (len(self._kept) - 1), STRIDES + 1).round().astype(int)).tolist()
        tuned = self._numbers(text, gray)
        self._fill(self._base)
        noised = self._moved(gray, times, text)
        self._fill(tuned)
        rgb = self._rgb(self._moved(noised, times[::-1], text))[0].float().cpu().numpy()
        lab = rgb_to_lab(np.ascontiguousarray(rgb))
        return self._seen(fit_to_rgb(np.concatenate([light[None], aligned(lab, light)])))

    def _moved(self, x: Tensor, times: list[int], text: Tensor) -> Tensor:
        """DDIM (Song 2021), either way."""
        for now, after in pairwise(times):
            guess = self._pipe.unet(x, now, encoder_hidden_states=text).sample
            clean, noise = self._split(x, guess, now)
            kept, lost = self._shares(after)
            x = kept * clean + lost * noise
        return x

    def _seen(self, rgb: Array) -> Tensor:
        with torch.no_grad():
            return seen_by(self._pipe, rgb)

    def _rgb(self, latents: Tensor) -> Tensor:
        """(1, 3, h, w), 0..1."""
        vae = self._pipe.vae
        return (vae.decode(latents / vae.config.scaling_factor).sample / 2 + 0.5).clamp(0, 1)

    @torch.no_grad()
    def _features_of_words(self, texts: tuple[str, ...]) -> Tensor:
        """(N, numbers), of length 1."""
        told = self._eye.tokenizer(
            list(texts), padding="max_length", truncation=True, max_length=77, return_tensors="pt"
        )
        net = self._eye.net
        read = net.text_model(input_ids=told.input_ids.to(net.device)).pooler_output
        return F.normalize(net.text_projection(read), dim=1)


def trained_of(unet: Any, which: str) -> dict[str, Tensor]:
    """The numbers of a U-Net that are tuned, by name: all, or those of the attention to words."""
    return {name: value for name, value in unet.named_parameters() if which == "all" or ".attn2." in name}


def aligned(lab: Array, light: Array) -> Array:
    """(2, h, w) a*b* of a drawn picture (3, h, w), laid onto the frame, L* (h, w).

    A colour comes from where flow says its place lies in the picture, if lightness agrees better there than in place.
    """
    moved = warp(lab, Dis()(light, lab[0]))
    off = [cv2.blur(np.abs(one[0] - light), (NEAR, NEAR)) for one in (moved, lab)]
    return np.where(off[0] < off[1], moved[1:], lab[1:])


def _of(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """What the optimiser keeps of each number, by the number's place."""
    state = optimizer.state_dict()["state"]
    return {f"{n} {key}": value.to("cpu", copy=True) for n, told in state.items() for key, value in told.items()}


def _moments(n: int, kept: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {key.partition(" ")[2]: value for key, value in kept.items() if key.partition(" ")[0] == str(n)}


def _whitened(rgb: Tensor) -> Tensor:
    """As CLIP takes pictures."""
    mean, spread = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
    return (rgb - rgb.new_tensor(mean)[:, None, None]) / rgb.new_tensor(spread)[:, None, None]
