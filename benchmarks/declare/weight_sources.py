"""Every weights file that a table may ask for: where it comes from, its size, digest and terms.

Sizes and digests are printed by public source files or were computed at the commit that the address
names; where none was found the digest is recorded at the first fetch.
"""

from __future__ import annotations

from datasets.dic_drive import DIC_STEPS, DIC_TERMS, dic_copied
from datasets.sources import RemoteFile, Source

_TORCH = "https://download.pytorch.org/models/"
_RAW = "https://raw.githubusercontent.com/"
_GITHUB = "https://github.com/"

_TORCHVISION = "BSD-3-Clause (torchvision); trained on ImageNet"
_UNSTATED = "stated nowhere that was found"


def _weights(
    name: str, url: str = "", size: int | None = None, sha256: str = "", terms: str = _UNSTATED
) -> Source:
    """One file below `weights/`; without an address it is one of DIC's drive."""
    file = RemoteFile(f"weights/{name}", (url,) if url else (), size, sha256)
    return Source(name, (file,), terms, () if url else (*DIC_STEPS, dic_copied(name, "weights")))


def _torchvision(name: str, size: int | None, sha256: str) -> Source:
    return _weights(name, _TORCH + name, size, sha256, _TORCHVISION)


_ALL = (
    _torchvision(
        "vgg16-397923af.pth",
        553_433_881,
        "397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
    ),
    _torchvision(
        "vgg19-dcbb9e9d.pth",
        574_673_361,
        "dcbb9e9dad569fff7a846263a77324fc34978fea2bfb039c012d710e1776ae44",
    ),
    _torchvision(
        "alexnet-owt-7be5be79.pth",
        244_408_911,
        "7be5be791159472b1fbf3c69796f7cb30dca7ad8466c2df70058c37116cdee02",
    ),
    _torchvision(
        "squeezenet1_1-b8a52dc0.pth",
        4_958_839,
        "b8a52dc049b60e4b6ab68ad0df457362afab8b6304b2febdc1650a5dab4d7e7b",
    ),
    _weights(
        "vgg19_normalised_conv3_1.pth",
        f"{_RAW}pietrocarbo/deep-transfer/30b40b175d0d4afa19789fd57b5439aed125c1a5/"
        "models/autoencoder_vgg19/vgg19_3/vgg_normalised_conv3_1.pth",
        2_223_308,
        "ff8506173d3a17e7b0fbfbff242c00b6827cfbcd7c21852b46806ae6a3fd7b09",
    ),
    _weights(
        "pt_inception-2015-12-05-6726825d.pth",
        f"{_GITHUB}mseitzer/pytorch-fid/releases/download/fid_weights/"
        "pt_inception-2015-12-05-6726825d.pth",
        95_628_359,
        "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
        "Apache-2.0 (pytorch-fid)",
    ),
    _weights(
        "niqe_pris_params.npz",
        f"{_RAW}XPixelGroup/BasicSR/8d56e3a045f9fb3e1d8872f92ee4a4f07f886b0a/"
        "basicsr/metrics/niqe_pris_params.npz",
        11_850,
        "2a7c182a68c9e7f1b2e2e5ec723279d6f65d912b6fcaf37eb2bf03d7367c4296",
        "Apache-2.0 (BasicSR); the values are those of LIVE's authors",
    ),
    _weights(
        "FFDNet_color.mat",
        f"{_RAW}cszn/FFDNet/e787f46df2f374ff3591186706229cb9a0591fea/models/FFDNet_color.mat",
        3_373_400,
        "a4b5a9da21294ab9ba6ed5c6cc459c46dff20c025eb7d3ab82e8e0bb00541793",
    ),
    _weights(
        "DnCNN_color_sigma25.mat",
        f"{_RAW}cszn/DnCNN/e93b27812d3ff523a3a79d19e5e50d233d7a8d0a/"
        "model/specifics_color/color_sigma%3D25.mat",
        2_778_060,
        "99ac1aaaa4f851a48e5a686d13de05cf8dd8863606b477d1a917e8004e9e42cf",
    ),
    _weights(
        "DnCNN3.mat",
        f"{_RAW}cszn/DnCNN/e93b27812d3ff523a3a79d19e5e50d233d7a8d0a/model/DnCNN3.mat",
        2_771_543,
        "3962377d522b6728417e364bf7a589cf34ddfb592af0bd9769e53f8123d17677",
    ),
    _weights(
        "aod_dehazer.pth",
        f"{_RAW}MayankSingal/PyTorch-Image-Dehazing/dc26717cde24748e27ffc9d050564e295654b90d/"
        "snapshots/dehazer.pth",
        8_613,
        "79409b63bf019d6c7ca6903883a8635d5723c25406f74903751bd7459462a53b",
        "MIT",
    ),
    _weights(
        "hrnet_cs_8090_torch11.pth",
        f"{_GITHUB}hsfzxjy/models.storage/releases/download/HRNet-OCR/hrnet_cs_8090_torch11.pth",
        terms=f"{_UNSTATED}; Cityscapes, which it was trained on, is non-commercial",
    ),
    _weights(
        "espnet_p_2_q_8.pth",
        f"{_RAW}sacmehta/ESPNet/f35e34e4fa03b0bfb97464263ae38c6236ddb5c1/"
        "pretrained/decoder/espnet_p_2_q_8.pth",
        1_501_621,
        "343b0e77e8545d36113c4f3efbf1ee349256f25c97c9f9d5ddefe45f2f49763e",
        "MIT; Cityscapes, which it was trained on, is non-commercial",
    ),
    _weights("HG_68_CelebA.pth", terms=DIC_TERMS),
    _weights("FB_HG_68_CelebA.pth", terms=DIC_TERMS),
    _weights("LightCNN_feature.pth", terms=DIC_TERMS),
)

WEIGHT_SOURCES = {source.name: source for source in _ALL}
"""By the name of the file, under which it lies in `weights/` of the data root."""
