import torch

from baselines.pass_through import PassThrough


def test_pass_through_returns_its_input_and_learns_nothing():
    images = torch.rand(2, 3, 5, 7, requires_grad=True)
    pred = PassThrough()(images)
    assert torch.equal(pred, images)
    pred.sum().backward()
    assert torch.equal(images.grad, torch.ones_like(images))
    assert not list(PassThrough().parameters())
