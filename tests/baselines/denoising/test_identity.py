import torch

from baselines.denoising.identity import Identity


def test_identity_returns_its_input_and_learns_nothing():
    images = torch.rand(2, 3, 5, 7, requires_grad=True)
    pred = Identity()(images)
    assert torch.equal(pred, images)
    pred.sum().backward()
    assert torch.equal(images.grad, torch.ones_like(images))
    assert not list(Identity().parameters())
