"""The folder in a cloud that holds lists, weights and crops of DIC's authors, for the user to copy.

Ma et al. (CVPR 2020), see `datasets.faces`.
"""

from __future__ import annotations

DIC_TERMS = "stated nowhere that was found; the code beside them is MIT"
DIC_DRIVE = "https://drive.google.com/drive/folders/1Q1T1smMDRMO1NcjkxbZvotOX93YIVp5e"
DIC_STEPS = (
    f"Maclory/Deep-Iterative-Collaboration links one folder with all of its files: {DIC_DRIVE}.",
    f"python -m venv gdenv && gdenv/bin/pip install gdown && gdenv/bin/gdown --folder {DIC_DRIVE} "
    "-O DIR/dic",
)
"""How the files of DIC's authors are had; `dic_copied` is what follows for each."""


def dic_copied(name: str, place: str) -> str:
    """The command that copies one of DIC's files to a folder below the data root."""
    return f"mkdir -p DIR/{place} && find DIR/dic -name {name} -exec cp {{}} DIR/{place}/ ';'"
