import os
import pickle
from collections import OrderedDict
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from datasets.images import DataError
from datasets.plain_pickles import plain_pickle

PATH = Path("faces.pkl")
NUMBERS = np.arange(136).reshape(68, 2)
FORMS = {
    "int64": NUMBERS,
    "float32": NUMBERS.astype(np.float32),
    "columns first": np.asfortranarray(NUMBERS.astype(float)),
    "other byte order": NUMBERS.astype(">i4"),
    "bytes": NUMBERS.astype(np.uint8),
}


def loaded(content):
    return plain_pickle(content, PATH)


def message_of(content):
    with pytest.raises(DataError) as caught:
        loaded(content)
    return str(caught.value)


def before_numpy_2(content):
    """As NumPy 1 wrote it; the names of protocols 0 to 2 have no length in front."""
    return content.replace(b"numpy._core.", b"numpy.core.")


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("form", FORMS)
def test_arrays_and_numbers_of_every_protocol(form, protocol):
    box = [np.float64(1.5), np.int64(-2), 3, 4.5]
    content = pickle.dumps({"a.jpg": {"landmark": FORMS[form], "bbox": box}}, protocol)
    for written in (content, before_numpy_2(content)) if protocol < 3 else (content,):
        face = loaded(written)["a.jpg"]
        assert np.array_equal(np.asarray(face["landmark"], float), FORMS[form])
        assert face["bbox"] == [1.5, -2, 3, 4.5]


def test_a_pickle_of_python_2():
    """Protocol 2 with byte strings, as cPickle wrote a dictionary of one float32 array (1, 2)."""
    raw = np.array((1.5, -2), "<f4").tobytes()
    content = (
        b"\x80\x02}U\x05a.pngcnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n"
        b"K\x00\x85U\x01b\x87R(K\x01K\x01K\x02\x86cnumpy\ndtype\nU\x02f4K\x00K\x01\x87R"
        b"(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89U\x08" + raw + b"tbs."
    )
    assert np.asarray(loaded(content)["a.png"]).tolist() == [[1.5, -2]]


class Calls:
    """Pickled, it is the call of a function."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    ("function", "argument", "name"),
    [
        (os.system, "touch ran", "system"),
        (eval, "open('ran', 'w')", "eval"),
        (np.load, "ran.npy", "load"),
        (np.fromfile, "ran", "fromfile"),
        (partial, print, "partial"),
    ],
)
def test_a_call_is_refused_before_it_is_made(
    tmp_path, monkeypatch, function, argument, name, protocol
):
    monkeypatch.chdir(tmp_path)
    message = message_of(pickle.dumps({"a.jpg": Calls(function, argument)}, protocol))
    assert "faces.pkl is refused" in message
    assert f".{name}, which plain data does not need" in message
    assert not list(tmp_path.iterdir())


def test_a_class_is_refused():
    assert "collections.OrderedDict" in message_of(pickle.dumps(OrderedDict(a=1)))


@pytest.mark.parametrize("module", ["numpy.core.multiarray", "numpy._core.multiarray"])
def test_what_numpy_offers_beside_arrays_is_refused(module):
    assert f"{module}.fromfile" in message_of(b"c" + module.encode() + b"\nfromfile\n.")


def test_dotted_names_reach_nothing():
    content = b"\x80\x04\x8c\x05numpy\x8c\x11ndarray.__class__\x93."
    assert "numpy.ndarray.__class__" in message_of(content)


def test_text_is_turned_into_bytes_in_one_way_alone():
    content = pickle.dumps(b"\xff\x00", 2)
    assert b"latin1" in content
    assert loaded(content) == b"\xff\x00"
    assert "_codecs.encode to utf-16" in message_of(
        content.replace(b"\x06\x00\x00\x00latin1", b"\x06\x00\x00\x00utf-16")
    )


def test_one_pickle_cannot_change_what_the_next_one_gets():
    """BUILD sets the state of whatever lies on the stack, here of what stands for a function."""
    loaded(b"c_codecs\nencode\n(cnumpy\nndarray\n(t}Ntb.")
    assert loaded(pickle.dumps(b"\xff", 2)) == b"\xff"


def test_an_array_that_its_bytes_do_not_fill_is_refused():
    content = pickle.dumps(np.zeros((2, 3)), 2)
    huge = content.replace(b"K\x02K\x03\x86", b"J\xff\xff\xff\x7fK\x03\x86")
    assert huge != content
    assert "an array of (2147483647, 3) in 48 bytes" in message_of(huge)


def test_arrays_of_objects_are_refused():
    assert "type 'O8'" in message_of(pickle.dumps(np.array([{}, []], dtype=object), 2))


@pytest.mark.parametrize("kept", [0, 1, 20, 200])
def test_a_file_that_is_cut_short_is_told(kept):
    content = pickle.dumps({"a.jpg": NUMBERS})
    assert "faces.pkl is damaged or no pickle" in message_of(content[:kept])


@pytest.mark.parametrize(
    "content",
    [b"not a pickle", b"\x80\xff.", b"]" * 10**6, b"\x80\x04\x8e" + b"\xff" * 7 + b"\x7f."],
)
def test_other_bytes_are_told(content):
    """Text, a protocol to come, lists without an end, and a string of 2^63 - 1 bytes."""
    assert "Copy or download it again" in message_of(content)
