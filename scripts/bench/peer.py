#!/usr/bin/env python3
"""The works of `samclip bench` in PyTorch: transformers' SamModel, open_clip's image tower, torch's
fused AdamW, Pillow with torchvision. Measures one work and prints one line of JSON. Random weights.

    python3 scripts/bench/peer.py encoder-infer-1024 --peer sdpa --threads 2

`--peers WORK` prints the names of a work's peers instead.
"""
import argparse
import io
import json
import resource
import time
from pathlib import Path

import torch
import torch.nn.functional as F

SEED = 1
SAM_MEAN = [123.675 / 255, 116.28 / 255, 103.53 / 255]
SAM_STD = [58.395 / 255, 57.12 / 255, 57.375 / 255]
CLIP_MEAN = [0.48145466, 0.4578275, 0.40821073]
CLIP_STD = [0.26862954, 0.26130258, 0.27577711]

# What org.samclip.train.bench.BenchSetting says, and the presets' sizes.
PRESETS = {
    "tiny": dict(
        vision=dict(
            hidden_size=128, num_hidden_layers=4, num_attention_heads=4, patch_size=8,
            image_size=128, window_size=4, global_attn_indexes=[1, 3], mlp_dim=512,
            output_channels=64, num_pos_feats=32),
        decoder=dict(hidden_size=64, num_attention_heads=4, mlp_dim=128, iou_head_hidden_dim=64),
        prompt=dict(hidden_size=64, image_size=128, patch_size=8),
        teacher=dict(image_size=32, patch_size=8, width=64, layers=2, heads=2, output_dim=64),
        clip_side=64, clip_batch=4, prompts=3, epoch_images=8),
    "vit-b": dict(
        vision={}, decoder={}, prompt={},
        teacher=dict(image_size=224, patch_size=14, width=1024, layers=24, heads=16,
                     output_dim=768),
        clip_side=224, clip_batch=8, prompts=32, epoch_images=16),
}
ATTENTION = ["sdpa", "eager"]  # eager: segment-anything's own form
PEERS = {
    "encoder-infer-1024": ATTENTION,
    "encoder-train-1024": ATTENTION,
    "stage2-step": ATTENTION,
    "stage1-epoch": ATTENTION,
    "stage1-epoch-cached": ATTENTION,  # open_clip has no cache: it computes every epoch
    "adamw": ["fused"],
    "jpeg-decode": ["pil-torchvision"],
}


def sam_config(preset, side, attention):
    from transformers import SamConfig, SamMaskDecoderConfig, SamPromptEncoderConfig
    from transformers import SamVisionConfig

    sizes = PRESETS[preset]
    vision = dict(sizes["vision"])
    prompt = dict(sizes["prompt"])
    if side:
        vision["image_size"] = prompt["image_size"] = side
    config = SamConfig(
        vision_config=SamVisionConfig(**vision).to_dict(),
        prompt_encoder_config=SamPromptEncoderConfig(**prompt).to_dict(),
        mask_decoder_config=SamMaskDecoderConfig(**sizes["decoder"]).to_dict())
    for part in (config, config.vision_config, config.prompt_encoder_config,
                 config.mask_decoder_config):
        part._attn_implementation = attention
    return config


def new_sam(args):
    from transformers import SamModel

    model = SamModel(sam_config(args.preset, args.side, args.peer))
    got = model.vision_encoder.config._attn_implementation
    if got != args.peer:
        raise SystemExit(f"attention is {got}, not {args.peer}")
    return model


def new_teacher(preset):
    from open_clip.transformer import VisionTransformer

    return VisionTransformer(mlp_ratio=4, **PRESETS[preset]["teacher"]).eval()


def tokens(encoder, images):
    """The encoder's tokens before the neck, at any resolution: SamVisionEncoder itself takes one."""
    x = encoder.patch_embed.projection(images).permute(0, 2, 3, 1)
    position = encoder.pos_embed
    if position.shape[1:3] != x.shape[1:3]:
        position = F.interpolate(position.permute(0, 3, 1, 2), x.shape[1:3], mode="bicubic")
        position = position.permute(0, 2, 3, 1)
    x = x + position
    for layer in encoder.layers:
        x = layer(x)
        x = x[0] if isinstance(x, tuple) else x
    return x


class ClipHead(torch.nn.Module):
    """Three blocks of SAM's kind with global attention, max pooling, norm, MLP."""

    def __init__(self, config, embed):
        super().__init__()
        from transformers.models.sam.modeling_sam import SamVisionLayer

        c = config.hidden_size
        self.blocks = torch.nn.ModuleList(SamVisionLayer(config, window_size=0) for _ in range(3))
        self.norm = torch.nn.LayerNorm(c, eps=1e-6)
        self.mlp = torch.nn.Sequential(
            torch.nn.Linear(c, c), torch.nn.GELU(), torch.nn.Linear(c, c), torch.nn.GELU(),
            torch.nn.Linear(c, embed))

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
            x = x[0] if isinstance(x, tuple) else x
        return self.mlp(self.norm(x.flatten(1, 2).amax(1)))


def adamw(modules):
    decayed, plain = [], []
    for module in modules:
        for name, p in module.named_parameters():
            position = "pos_embed" in name or "rel_pos" in name
            (decayed if p.ndim > 1 and not position else plain).append(p)
    return torch.optim.AdamW(
        [dict(params=decayed, weight_decay=0.1), dict(params=plain, weight_decay=0.0)],
        lr=1e-6, betas=(0.9, 0.98), eps=1e-6, fused=True)


def encoder_work(args, backward):
    encoder = new_sam(args).vision_encoder
    side = encoder.config.image_size
    image = torch.randn(1, 3, side, side)
    grid = side // encoder.config.patch_size
    upstream = torch.randn(1, encoder.config.output_channels, grid, grid)

    def infer():
        with torch.inference_mode():
            encoder(image)

    def train():
        encoder.zero_grad(set_to_none=True)
        encoder(image).last_hidden_state.backward(upstream)

    return train if backward else infer


def cosine_loss(embedding, target):
    return (1 - F.cosine_similarity(embedding, target, dim=-1)).mean()


def mask_loss(logits, target):
    """20 quality focal + 1 squared dice for each mask, [B, P, n, h, w] to [B, P, n]."""
    p = torch.sigmoid(logits)
    entropy = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    alpha = 0.25 * target + 0.75 * (1 - target)
    focal = (alpha * (p - target).abs() ** 2 * entropy).mean((-2, -1))
    squares = (p * p).sum((-2, -1)) + (target * target).sum((-2, -1))
    dice = ((p - target) ** 2).sum((-2, -1)) / (squares + 1)
    return 20 * focal + dice


def masks(sam, embedding, points, labels):
    """The three masks of each prompt. SamModel leaves the single one out; samclip learns all four."""
    out = sam(image_embeddings=embedding, input_points=points, input_labels=labels,
              multimask_output=True)
    return out.pred_masks


def stage2_step(args):
    sizes = PRESETS[args.preset]
    student, sam_teacher, clip_teacher = new_sam(args), new_sam(args).eval(), new_teacher(args.preset)
    head = ClipHead(student.config.vision_config, sizes["teacher"]["output_dim"])
    encoder = student.vision_encoder
    student.prompt_encoder.requires_grad_(False)
    learning = [encoder, head, student.mask_decoder]
    optimizer = adamw(learning)
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    batch, side = sizes["clip_batch"], encoder.config.image_size
    for_student = torch.randn(batch, 3, sizes["clip_side"], sizes["clip_side"])
    teacher_side = sizes["teacher"]["image_size"]
    for_teacher = torch.randn(batch, 3, teacher_side, teacher_side)
    image = torch.randn(1, 3, side, side)
    points = torch.rand(1, sizes["prompts"], 1, 2) * side
    labels = torch.ones(1, sizes["prompts"], 1, dtype=torch.int64)

    def run():
        optimizer.zero_grad(set_to_none=True)
        with torch.no_grad():
            target = F.normalize(clip_teacher(for_teacher), dim=-1)
        loss = cosine_loss(head(tokens(encoder, for_student)), target)
        loss.backward()
        del loss, target
        with torch.no_grad():
            embedding = sam_teacher.vision_encoder(image).last_hidden_state
            target = torch.sigmoid(masks(sam_teacher, embedding, points, labels))
        each = mask_loss(masks(student, encoder(image).last_hidden_state, points, labels), target)
        (10 * each.amin(-1).mean()).backward()
        del each, target
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()

    return run


def stage1_epoch(args):
    from PIL import Image
    from torchvision import transforms as T

    sizes = PRESETS[args.preset]
    sam, teacher = new_sam(args), new_teacher(args.preset)
    encoder = sam.vision_encoder.requires_grad_(False)
    head = ClipHead(sam.config.vision_config, sizes["teacher"]["output_dim"])
    optimizer = adamw([head])
    pixels = torch.randint(0, 256, (sizes["epoch_images"], 240, 320, 3), dtype=torch.uint8)
    images = [Image.fromarray(p) for p in pixels.numpy()]
    crop = T.RandomResizedCrop(
        sizes["clip_side"], (0.9, 1), interpolation=T.InterpolationMode.BICUBIC)
    shrink = T.Resize(sizes["teacher"]["image_size"], T.InterpolationMode.BICUBIC)
    for_student = T.Compose([T.ToTensor(), T.Normalize(SAM_MEAN, SAM_STD)])
    for_teacher = T.Compose([shrink, T.ToTensor(), T.Normalize(CLIP_MEAN, CLIP_STD)])

    def run():
        for start in range(0, len(images), sizes["clip_batch"]):
            crops = [crop(image) for image in images[start:start + sizes["clip_batch"]]]
            optimizer.zero_grad(set_to_none=True)
            with torch.no_grad():
                target = F.normalize(teacher(torch.stack([for_teacher(c) for c in crops])), dim=-1)
                features = tokens(encoder, torch.stack([for_student(c) for c in crops]))
            cosine_loss(head(features), target).backward()
            torch.nn.utils.clip_grad_norm_(head.parameters(), 1.0)
            optimizer.step()

    return run


def adamw_step(args):
    args.peer = "sdpa"  # the encoder's parameters; nothing is run through it
    encoder = new_sam(args).vision_encoder
    optimizer = adamw([encoder])
    for p in encoder.parameters():
        p.grad = torch.randn_like(p)
    return optimizer.step


def jpeg_decode(args):
    from PIL import Image
    from torchvision.transforms import functional as T

    torch.set_num_threads(1)  # images a second and core
    side = args.side or PRESETS[args.preset]["vision"].get("image_size", 1024)
    files = [p.read_bytes() for p in sorted(Path(args.photos).iterdir())
             if p.suffix.lower() in (".jpg", ".jpeg")]

    def run():
        for data in files:
            image = Image.open(io.BytesIO(data)).convert("RGB")
            scale = side / max(image.size)
            width, height = (int(s * scale + 0.5) for s in image.size)
            x = T.to_tensor(T.resize(image, [height, width]))
            x = T.normalize(x, SAM_MEAN, SAM_STD, inplace=True)
            F.pad(x, (0, side - width, 0, side - height))

    return run


WORKS = {
    "encoder-infer-1024": lambda args: encoder_work(args, False),
    "encoder-train-1024": lambda args: encoder_work(args, True),
    "stage2-step": stage2_step,
    "stage1-epoch": stage1_epoch,
    "stage1-epoch-cached": stage1_epoch,
    "adamw": adamw_step,
    "jpeg-decode": jpeg_decode,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", choices=WORKS)
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--peer")
    parser.add_argument("--preset", choices=PRESETS, default="vit-b")
    parser.add_argument("--side", type=int)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--warm-up", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--photos")
    args = parser.parse_args()
    if args.peers:
        print(*PEERS[args.work])
        return
    if args.peer not in PEERS[args.work]:
        parser.error(f"--peer {args.peer}: allowed for {args.work}: {', '.join(PEERS[args.work])}")
    peer = args.peer
    torch.manual_seed(SEED)
    torch.set_num_threads(args.threads)
    run = WORKS[args.work](args)
    for _ in range(args.warm_up):
        run()
    seconds = []
    for _ in range(args.repeats):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    print(json.dumps(dict(
        work=args.work, peer=peer, seconds=seconds, peak_mb=peak, torch=torch.__version__)))


if __name__ == "__main__":
    main()
