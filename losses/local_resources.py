"""What a term needs to be built outside of the suite, where no engine provides it.

    objective = L1() + 0.1 * PDL(Features("vgg16", ("relu2_2",)))
    loss = objective.build(LocalResources("weights", "cuda"))

docs/losses.md has an example that runs as it is.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn


class LocalResources:
    """`Resources` from a folder: a device, released weights, and networks that the caller makes.

    Args:
        folder: where weight files lie under their released names; by default torch's own cache,
            `$TORCH_HOME/hub/checkpoints`. It need not exist for terms that want no file.
        device: where losses and their networks are put.
    """

    def __init__(
        self, folder: str | os.PathLike[str] | None = None, device: str | torch.device = "cpu"
    ):
        self.folder = Path(torch.hub.get_dir(), "checkpoints") if folder is None else Path(folder)
        self.device = torch.device(device)

    def weights_file(self, name: str, sha256: str) -> Path:
        """The path of a released file in `folder`; nothing is downloaded.

        Args:
            name: the file's released name, such as "vgg16-397923af.pth".
            sha256: the first hex digits of its digest.

        Raises:
            FileNotFoundError: `folder` has no such file; the message says what to do.
            ValueError: the file has another digest.
        """
        path = self.folder / name
        if not path.is_file():
            source = "docs/data.md says where files come from"
            if f"-{sha256[:8]}." in name:  # so torchvision names its files
                source = f"torchvision's files come from https://download.pytorch.org/models/{name}"
            raise FileNotFoundError(
                f"{name} is not in {self.folder}. Put it there, or give LocalResources the folder "
                f'that has it; {source}. Most terms also take weights="random"'
            )
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if not found.startswith(sha256):
            raise ValueError(
                f"{path} is not the released file: its sha256 starts with "
                f"{found[: max(8, len(sha256))]}, expected {sha256}. Fetch it again"
            )
        return path

    def frozen(self, network: nn.Module | Callable[[], nn.Module]) -> nn.Module:
        """A network that judges and does not learn, on the device and in eval mode.

        Args:
            network: a module with its weights, which is itself frozen and moved, or anything that
                makes one when called.

        Raises:
            TypeError: it is neither.
        """
        module = self.fresh(network).eval().requires_grad_(False)
        module.frozen = True  # type: ignore[assignment]  # `learned_state` leaves it out
        return module

    def fresh(self, network: nn.Module | Callable[[], nn.Module]) -> nn.Module:
        """A network that the term trains itself, on the device.

        Args:
            network: a module, which is itself moved and trained, or anything that makes one when
                called, such as its class.

        Raises:
            TypeError: it is neither.
        """
        module = network if isinstance(network, nn.Module) or not callable(network) else network()
        if not isinstance(module, nn.Module):
            raise TypeError(
                f"{network!r} is neither a torch.nn.Module nor makes one when called; outside of "
                "the suite give a term the network itself, or its class"
            )
        return module.to(self.device)
