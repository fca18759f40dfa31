"""The commands that copy files of DIC's authors, as a user pastes them."""

import subprocess

from datasets.dic_drive import dic_copied


def test_files_are_copied_into_folders_that_are_not_there_yet(tmp_path):
    drive = tmp_path / "dic" / "CelebA"
    drive.mkdir(parents=True)
    names = ("train_info_list.pkl", "val_info_list.pkl")
    for name in names:
        (drive / name).write_text(name)
        command = dic_copied(name, "celeba/annotations").replace("DIR", str(tmp_path))
        subprocess.run(command, shell=True, check=True)
    copied = sorted((tmp_path / "celeba" / "annotations").iterdir())
    assert [path.read_text() for path in copied] == list(names)
