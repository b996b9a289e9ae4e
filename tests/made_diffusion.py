"""A Stable Diffusion and a ControlNet of random numbers, tiny, as diffusers saves them: for tests offline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import torch
from transformers import (
    CLIPConfig,
    CLIPModel,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    CLIPVisionConfig,
)

WIDTHS, TOLD = (8, 16), 16
LIGHT = np.clip(50 + 20 * np.random.default_rng(0).standard_normal((60, 90)), 0, 100).astype(np.float32)
"""A frame, as L*"""


def tokenizer() -> CLIPTokenizer:
    """Reads letters: two marks, every byte's symbol, and each again as a word's end."""
    symbols = [chr(code) for code in (*range(33, 127), *range(161, 173), *range(174, 256))]
    symbols += [chr(256 + n) for n in range(256 - len(symbols))]
    names = ["<|startoftext|>", "<|endoftext|>", *symbols, *(f"{s}</w>" for s in symbols)]
    return CLIPTokenizer(vocab={name: n for n, name in enumerate(names)}, merges=[], model_max_length=77)


def text_config() -> CLIPTextConfig:
    """For what the tokenizer reads."""
    return CLIPTextConfig(
        vocab_size=514, hidden_size=TOLD, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
        projection_dim=TOLD, eos_token_id=1, bos_token_id=0, pad_token_id=1,
    )  # fmt: skip


def text_encoder(kind: Any = CLIPTextModel) -> Any:
    """Random numbers for what the tokenizer reads."""
    return kind(text_config())


def unet(told: int = TOLD, **more: Any) -> Any:
    return diffusers.UNet2DConditionModel(
        sample_size=8, block_out_channels=WIDTHS, layers_per_block=1, norm_num_groups=4, cross_attention_dim=told,
        attention_head_dim=4, down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"), **more,
    )  # fmt: skip


def control(of: Any, channels: int = 3) -> Any:
    """A ControlNet for a U-Net, whose last layers say something (they begin as zeros)."""
    net = diffusers.ControlNetModel.from_unet(
        of, conditioning_channels=channels, conditioning_embedding_out_channels=(8, 16, 16, 16)
    )
    for layer in (*net.controlnet_down_blocks, net.controlnet_mid_block, net.controlnet_cond_embedding.conv_out):
        torch.nn.init.normal_(layer.weight, std=0.3)
    return net


def save_models(folder: Path) -> tuple[Path, Path]:
    """A base model and its ControlNet, in folders."""
    torch.manual_seed(5)
    net = unet()
    vae = diffusers.AutoencoderKL(
        block_out_channels=(8, 8, 8, 8), down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4, latent_channels=4, norm_num_groups=4, sample_size=64,
    )  # fmt: skip
    scheduler = diffusers.DDIMScheduler(beta_schedule="scaled_linear", clip_sample=False, set_alpha_to_one=False)
    diffusers.StableDiffusionPipeline(
        vae=vae, text_encoder=text_encoder(), tokenizer=tokenizer(), unet=net, scheduler=scheduler,
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    ).save_pretrained(folder / "base")  # fmt: skip
    control(net).save_pretrained(folder / "control")
    return folder / "base", folder / "control"


def save_clip(folder: Path) -> Path:
    """A CLIP model, as transformers saves it."""
    torch.manual_seed(7)
    sight = CLIPVisionConfig(
        hidden_size=TOLD, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2, image_size=32, patch_size=8,
        projection_dim=TOLD,
    )  # fmt: skip
    CLIPModel(CLIPConfig(text_config=text_config(), vision_config=sight, projection_dim=TOLD)).save_pretrained(
        folder / "clip"
    )
    tokenizer().save_pretrained(folder / "clip")
    return folder / "clip"


def save_large_models(folder: Path) -> tuple[Path, Path]:
    """The same of XL's kind: two text encoders, and sizes told."""
    torch.manual_seed(6)
    net = unet(2 * TOLD, addition_embed_type="text_time", addition_time_embed_dim=8,
               projection_class_embeddings_input_dim=6 * 8 + TOLD)  # fmt: skip
    vae = diffusers.AutoencoderKL.from_pretrained(folder / "base/vae")
    diffusers.StableDiffusionXLPipeline(
        vae=vae, text_encoder=text_encoder(), text_encoder_2=text_encoder(CLIPTextModelWithProjection),
        tokenizer=tokenizer(), tokenizer_2=tokenizer(), unet=net, scheduler=diffusers.EulerDiscreteScheduler(),
    ).save_pretrained(folder / "large")  # fmt: skip
    control(net).save_pretrained(folder / "large-control")
    return folder / "large", folder / "large-control"
