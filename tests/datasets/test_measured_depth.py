"""Photographs with depth that was measured: NYUv2, folders of frames, and the motorcycle."""

import hashlib
import pickle

import h5py
import numpy as np
import pytest
import torch

import datasets.embedded.stereo_motorcycle as stereo_motorcycle
from datasets.degradations.hazed import Hazed
from datasets.embedded.stereo_motorcycle import StereoMotorcycle
from datasets.images import DataError, DataPaths
from datasets.nyuv2 import NYUv2
from datasets.rgbd_folder import RGBDFolder
from datasets.sampling import test_sample as whole_sample

MAT = "nyu_depth_v2_labeled.mat"


def message_of(call):
    with pytest.raises(DataError) as caught:
        call()
    return str(caught.value)


@pytest.fixture
def mat(data_paths):
    """Writes the labelled set with its axes in reverse, as MATLAB does; 5x7 pixels."""

    def write(images=(1449, 3, 7, 5), depths=(1449, 7, 5)):
        path = data_paths.root / "nyuv2" / MAT
        path.parent.mkdir(exist_ok=True)
        with h5py.File(path, "w") as file:
            file["images"] = np.random.default_rng(0).integers(0, 256, images, np.uint8)
            file["depths"] = np.random.default_rng(1).uniform(1, 9, depths).astype(np.float32)
        return path

    return write


def test_axes_of_the_matlab_file_are_turned_round(mat, data_paths):
    path = mat()
    for split, first, count in (("all", 0, 1449), ("train", 0, 1399), ("test", 1399, 50)):
        images = NYUv2(split).open(data_paths)
        assert (len(images), images.expected) == (count, count)
        assert images.names[0] == f"nyu_{first + 1:04}"
        entries = pickle.loads(pickle.dumps(images)).entries(2)
        with h5py.File(path) as file:
            planes, depth = file["images"][first + 2], file["depths"][first + 2]
        assert tuple(entries) == NYUv2.provides
        assert images.size(2) == (5, 7)
        for row, column in ((0, 0), (4, 6), (1, 5)):
            assert entries["image"][row, column].tolist() == planes[:, column, row].tolist()
            assert entries["depth"][row, column] == depth[column, row]


def test_manifest_of_the_matlab_file_is_its_hash(mat, data_paths):
    digest = hashlib.sha256(mat().read_bytes()).hexdigest()
    assert NYUv2("all").open(data_paths).manifest() == [(MAT, digest)]


def test_holes_of_the_matlab_file_are_filled_and_wrong_depth_names_the_image(mat, data_paths):
    path = mat()
    with h5py.File(path, "r+") as file:
        file["depths"][0, 3, 2] = np.nan
        file["depths"][0, 0, 0] = 0
        file["depths"][1, 3, 2] = -1
        neighbours = file["depths"][0][[2, 4, 3, 3], [2, 2, 1, 3]]
    images = NYUv2("train").open(data_paths)
    depth = images.entries(0)["depth"]
    assert depth[2, 3] in neighbours
    assert depth.min() >= 1
    message = message_of(lambda: images.entries(1))
    assert f"image 2 of {path} is negative" in message


def test_what_is_not_the_labelled_set_is_refused(mat, data_paths, tmp_path):
    assert "--data-root" in message_of(lambda: NYUv2("all").open(DataPaths(None, tmp_path)))
    assert MAT in message_of(lambda: NYUv2("all").open(data_paths))
    path = mat(depths=(1449, 5, 7))
    assert f"{path} has images" in message_of(lambda: NYUv2("all").open(data_paths))
    path.write_bytes(b"text")
    message = message_of(lambda: NYUv2("all").open(data_paths))
    assert f"{path} cannot be read as a MATLAB 7.3 (HDF5) file" in message
    path.unlink()
    assert str(path) in message_of(lambda: NYUv2("all").open(data_paths))
    with pytest.raises(ValueError, match="'all', 'train', 'test', not 'val'"):
        NYUv2("val")


@pytest.fixture
def frame(data_paths, picture, save_png):
    """Writes a photograph and its depth in millimetres, and returns both paths."""

    def write(millimetres, name="0001_", size=None):
        folder = data_paths.root / "frames"
        image = save_png(folder / f"{name}rgb.png", picture(*(size or millimetres.shape)))
        return image, save_png(folder / f"{name}depth_mm_uint16.png", millimetres)

    return write


def test_millimetres_become_metres_and_zeros_their_nearest(frame, data_paths, picture):
    millimetres = np.array([[1500, 0, 0, 65535], [0, 0, 0, 40000]], np.uint16)
    frame(millimetres)
    frame(np.array([[7]], np.uint16), "")
    images = RGBDFolder("frames").open(data_paths)
    assert images.names == ["0001_rgb", "rgb"]
    entries = images.entries(0)
    assert np.array_equal(entries["image"], picture(2, 4))
    assert entries["depth"][0].tolist() == pytest.approx([1.5, 1.5, 65.535, 65.535])
    assert entries["depth"][1].tolist() == pytest.approx([1.5, 1.5, 40, 40])
    assert images.entries(1)["depth"].tolist() == [[pytest.approx(0.007)]]
    assert len(images.manifest()) == 4


def test_wrong_frames_are_named(frame, data_paths, picture, save_png):
    spec = RGBDFolder("frames")
    assert str(data_paths.root / "frames") in message_of(lambda: spec.open(data_paths))
    (data_paths.root / "frames").mkdir()
    assert "there is no file" in message_of(lambda: spec.open(data_paths))
    image, depth = frame(np.zeros((3, 5), np.uint16))
    message = message_of(lambda: spec.open(data_paths).entries(0))
    assert f"{depth} has nothing but holes" in message
    save_png(depth, picture(3, 5)[..., 0])
    message = message_of(lambda: spec.open(data_paths).entries(0))
    assert f"{depth} has mode L" in message
    save_png(depth, np.ones((5, 3), np.uint16))
    message = message_of(lambda: spec.open(data_paths))
    assert f"{depth} is 3x5, but its image {image} is 5x3" in message
    depth.unlink()
    message = message_of(lambda: spec.open(data_paths))
    assert f"{image} has no depth map: {depth} is missing" in message


def test_real_frame_under_haze_has_the_known_distance_from_clear(data_root, tmp_path):
    """In metres, with filled holes; measured by a program of its own: 10.476 dB."""
    data = RGBDFolder("nyu_rgbd")
    if not (data_root / data.place).is_dir():
        pytest.skip("the data root has no frame of NYUv2")
    images = data.open(DataPaths(data_root, tmp_path))
    sample = whole_sample(Hazed(data, 0.4, 0.8, depth="metres"), images, 0, seed=0)
    psnr = -10 * torch.log10((sample["input"] - sample["target"]).square().mean())
    assert float(psnr) == pytest.approx(10.476, abs=0.005)


@pytest.fixture
def motorcycle(tmp_path):
    pytest.importorskip("skimage")
    return StereoMotorcycle().open(DataPaths(None, tmp_path))


def test_motorcycle_is_that_of_scikit_image(motorcycle):
    skimage = pytest.importorskip("skimage.data")
    left, _, disparity = skimage.stereo_motorcycle()
    entries = motorcycle.entries(0)
    measured = np.isfinite(disparity)
    assert np.array_equal(entries["image"], left)
    assert 0.07 < 1 - measured.mean() < 0.08
    expected = 193.001 * 994.978 / (disparity[measured] + 31.086) / 1000
    assert np.allclose(entries["depth"][measured], expected)
    assert entries["depth"].min() == pytest.approx(2.11, abs=0.01)
    assert entries["depth"].max() == pytest.approx(5.02, abs=0.01)
    assert [name for name, _ in motorcycle.manifest()] == [
        "motorcycle_left.png",
        "motorcycle_disp.npz",
    ]


def test_damaged_or_missing_disparity_says_what_to_install(motorcycle, tmp_path, monkeypatch):
    motorcycle.disparity = tmp_path / "motorcycle_disp.npz"
    motorcycle.disparity.write_bytes(b"text")
    message = message_of(lambda: motorcycle.entries(0))
    assert f"{motorcycle.disparity} is damaged" in message
    assert "pip install" in message
    np.savez(motorcycle.disparity, np.ones((2, 2), np.float32))
    assert "is (2, 2), but its image" in message_of(lambda: motorcycle.entries(0))
    monkeypatch.setattr(stereo_motorcycle.Path, "is_file", lambda path: path.suffix != ".npz")
    message = message_of(lambda: StereoMotorcycle().open(DataPaths(None, tmp_path)))
    assert "motorcycle_disp.npz is missing" in message
