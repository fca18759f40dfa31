"""What losses have in common that train a network of their own beside the restoring one.

The network belongs to the term: it makes one step per step of the restoring network, in
`before`, on the same batch, and travels with its optimiser in the term's `state_dict`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from losses.objective import Loss


class SelfTrained(Loss):
    """A loss with a network of its own, whose parameters are all that it has.

    They require gradients only inside `own_step`, so that the restoring network's step neither
    computes nor leaves any in them.
    """

    optimizer: torch.optim.Optimizer

    def trains(
        self,
        lr: float,
        betas: tuple[float, float] = (0.9, 0.999),
        halve_every: int = 0,
        rms: float | None = None,
    ) -> None:
        """Give the network, which is there by now, its Adam.

        Args:
            halve_every: steps after which the learning rate is halved, again and again; 0 for a
                constant one.
            rms: decay of the mean of squared gradients of an RMSprop in Adam's place.
        """
        if rms is None:
            betas = (float(betas[0]), float(betas[1]))
            self.optimizer = torch.optim.Adam(self.parameters(), lr=float(lr), betas=betas)
        else:
            self.optimizer = torch.optim.RMSprop(self.parameters(), float(lr), float(rms))
        every = int(halve_every)
        self.scheduler = (
            torch.optim.lr_scheduler.StepLR(self.optimizer, every, 0.5) if every else None
        )
        self.requires_grad_(False)

    def own_step(self, loss: Callable[[], Tensor | None]) -> None:
        """Lower a 0-d loss by one step of the own network; `loss` is called once.

        Where it gives None, the weights and the optimiser's averages stay as they are.
        """
        self.requires_grad_(True)
        value = loss()
        self.optimizer.zero_grad()
        if value is not None:
            value.backward()
            self.optimizer.step()
        self.optimizer.zero_grad()
        if self.scheduler is not None:
            self.scheduler.step()
        self.requires_grad_(False)

    def get_extra_state(self) -> dict[str, Any]:
        """The states of optimiser and schedule, which modules do not save by themselves."""
        schedule = {} if self.scheduler is None else self.scheduler.state_dict()
        return {"optimizer": self.optimizer.state_dict(), "schedule": schedule}

    def set_extra_state(self, state: dict[str, Any]) -> None:
        """Restore them from a copy: the optimiser would else write into the caller's tensors."""
        self.optimizer.load_state_dict(copy.deepcopy(state["optimizer"]))
        if self.scheduler is not None:
            self.scheduler.load_state_dict(state["schedule"])
