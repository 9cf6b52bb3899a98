"""Train the paper's DCGANs: one for MNIST digits (latent 100), one for distortions (latent 50).

    python examples/train_dcgan.py --mnist FOLDER --output dcgan/

Adam with a learning rate of 2e-4, as in Section 4 of the paper, and the loss without saturation.
The paper's networks have 128 base channels; the width here trains in less than two hours on two
cores. Writes digits.safetensors and bells.safetensors, to be used in evaluation mode, and a log.
Needs gendemod[demo,torch].
"""

import argparse
import hashlib
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F
from training import Checkpoint, Log, Say

from gendemod import data
from gendemod._dcgan import dcgan_generator
from gendemod._files import replacing

SIZE = 64
DIGITS_LATENT, BELLS_LATENT = 100, 50
BATCH = 64
RATE, BETAS = 2e-4, (0.5, 0.999)


def discriminator(width: int) -> nn.Sequential:
    """Return the network that maps (batch, 1, 64, 64) to one number for each picture."""
    channels = (1, width, 2 * width, 4 * width, 8 * width)
    layers: list[nn.Module] = []
    for i in range(4):
        layers.append(nn.Conv2d(channels[i], channels[i + 1], 4, 2, 1, bias=False))
        if i > 0:
            layers.append(nn.BatchNorm2d(channels[i + 1]))
        layers.append(nn.LeakyReLU(0.2))
    return nn.Sequential(*layers, nn.Conv2d(8 * width, 1, 4), nn.Flatten(0))


def started(module: nn.Module) -> nn.Module:
    """Return `module` with the DCGAN's start: N(0, 0.02^2) weights, N(1, 0.02^2) gains."""
    for part in module.modules():
        if isinstance(part, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(part.weight, 0.0, 0.02)
        elif isinstance(part, nn.BatchNorm2d):
            nn.init.normal_(part.weight, 1.0, 0.02)
    return module.to(memory_format=torch.channels_last)


def train(
    pictures: Tensor, latent: int, width: int, epochs: int, seed: int, checkpoint: Path, say: Say
) -> nn.Module:
    """Return the generator after `epochs` passes over `pictures`, (count, 1, 64, 64)."""
    torch.manual_seed(seed)
    g, d = started(dcgan_generator(latent, width)), started(discriminator(width))
    optimizers = [torch.optim.Adam(net.parameters(), RATE, BETAS) for net in (g, d)]
    parts = {"g": g, "d": d, "g optimizer": optimizers[0], "d optimizer": optimizers[1]}
    settings = {"latent": latent, "width": width, "seed": seed}
    state = Checkpoint(checkpoint, settings, parts)
    for epoch in range(state.resume(say) + 1, epochs + 1):
        losses = [
            step(g, d, optimizers, pictures[chosen], latent)
            for chosen in torch.randperm(len(pictures)).split(BATCH)
            if len(chosen) > 1
        ]
        mean_g, mean_d = np.mean(losses, axis=0)
        say(f"  epoch {epoch:3d}  generator loss {mean_g:.3f}  discriminator loss {mean_d:.3f}")
        state.save(epoch)
    return g.eval()


def step(
    g: nn.Module,
    d: nn.Module,
    optimizers: list[torch.optim.Optimizer],
    real: Tensor,
    latent: int,
) -> tuple[float, float]:
    """Train both networks on one batch, in bfloat16 where that is exact enough."""
    with torch.autocast("cpu", torch.bfloat16):
        fake = g(torch.randn(len(real), latent, 1, 1))
        loss_d = F.softplus(-d(real).float()).mean() + F.softplus(d(fake.detach()).float()).mean()
    optimizers[1].zero_grad()
    loss_d.backward()
    optimizers[1].step()
    with torch.autocast("cpu", torch.bfloat16):
        loss_g = F.softplus(-d(fake).float()).mean()
    optimizers[0].zero_grad()
    loss_g.backward()
    optimizers[0].step()
    return loss_g.item(), loss_d.item()


def write_generator(target: Path, g: nn.Module, say: Say) -> None:
    """Write all that `g` holds, and say the checksum."""
    with replacing(target) as beside:
        save_file({key: value.contiguous() for key, value in g.state_dict().items()}, beside)
    say(f"  {target.name}: SHA-256 {hashlib.sha256(target.read_bytes()).hexdigest()}")


def main() -> None:
    """Train both generators."""
    parser = argparse.ArgumentParser(description="Train the DCGANs of the paper's experiment.")
    parser.add_argument("--mnist", type=Path, help="folder of the IDX files (download them)")
    parser.add_argument("--output", type=Path, required=True, help="folder to write to")
    parser.add_argument("--width", type=int, default=32, help="base channels (32)")
    parser.add_argument("--epochs", type=int, default=5, help="passes over the digits (5)")
    parser.add_argument("--bell-epochs", type=int, default=12, help="passes over the bells (12)")
    parser.add_argument("--seed", type=int, default=0, help="of starts, batches and bells (0)")
    parser.add_argument("--threads", type=int, default=2, help="of PyTorch (2)")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    log = Log()
    torch.set_num_threads(options.threads)
    digits, _ = data.mnist(options.mnist, part="train", size=SIZE)
    bells = data.paper_bells(size=SIZE, reading="grid")
    log(f"seed {options.seed}, batches of {BATCH}, Adam, rate {RATE:g}, width {options.width}")
    log.versions(options.threads)
    jobs = (
        ("bells", bells, BELLS_LATENT, options.bell_epochs),
        ("digits", digits, DIGITS_LATENT, options.epochs),
    )
    for name, rows, latent, epochs in jobs:
        log(f"{name}: latent {latent}, {len(rows)} pictures, {epochs} epochs")
        pictures = torch.from_numpy(rows.astype(np.float32)).view(-1, 1, SIZE, SIZE)
        checkpoint = options.output / f"{name}.checkpoint.pt"
        g = train(pictures, latent, options.width, epochs, options.seed, checkpoint, log)
        write_generator(options.output / f"{name}.safetensors", g, log)
    log.write(options.output / "train_dcgan.log")


if __name__ == "__main__":
    main()
