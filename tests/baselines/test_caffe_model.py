import numpy as np
import pytest
from caffe_files import counted, layer, save_caffe

from baselines.caffe_model import read_caffe_model


def test_blobs_are_read_by_the_names_of_their_layers(tmp_path):
    rng = np.random.default_rng(0)
    layers = {
        "conv1": (rng.random((200, 3, 1, 5, 2)), rng.random(200)),
        "conv2": (rng.random((2, 4)),),
    }
    save_caffe(tmp_path / "net.caffemodel", layers)
    read = read_caffe_model(tmp_path / "net.caffemodel")
    assert list(read) == ["conv1", "conv2"]
    for name, blobs in layers.items():
        for ours, theirs in zip(read[name], blobs, strict=True):
            np.testing.assert_array_equal(ours.numpy(), theirs.astype("f4"))


def test_a_file_cut_off_anywhere_is_refused_or_ends_between_layers(tmp_path):
    path = tmp_path / "net.caffemodel"
    save_caffe(path, {"conv": (np.zeros((2, 3)), np.zeros(2))})
    content = path.read_bytes()
    for length in range(len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(ValueError, match=r"net\.caffemodel (is damaged|holds no Caffe)"):
            read_caffe_model(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "holds no Caffe network"),
        (b"<html>404</html>", "a field of unknown kind"),
        (b"\xff" * 40, "a number that does not end"),
        (b"\xa2\x06\xff\xff\xff\xff\x7f", "where 0 are left"),
        (layer("conv", np.zeros(2)) * 2, "two layers are called 'conv'"),
        (counted(100, counted(7, counted(5, b"abcd"))), r"4 bytes of numbers for .* shape \(\)"),
        (counted(100, counted(7, counted(7, counted(1, b"\x90\x4e")))), r"shape \(10000,\)"),
    ],
    ids=["empty", "html", "endless", "longer_than_the_file", "twice", "no_shape", "no_numbers"],
)
def test_what_is_no_network_is_refused(tmp_path, content, message):
    path = tmp_path / "net.caffemodel"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=rf"net\.caffemodel .*{message}"):
        read_caffe_model(path)


def test_missing_files_are_not_called_damaged(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_caffe_model(tmp_path / "absent.caffemodel")
