"""The GPUs that a driver sees without CUDA, and that no two drivers have the same."""

import pytest
from children import fake_nvidia_smi

from benchmarks.declare.errors import UsageError
from benchmarks.parallel.gpus import Gpu, Slot, cpu_slots, give_back, gpu_slots, taken, visible_gpus

UUIDS = ["GPU-aaaa1111-0", "GPU-aaaa2222-0", "GPU-bbbb3333-0", "GPU-cccc4444-0"]
LISTED = "".join(f"{number}, {uuid}\n" for number, uuid in enumerate(UUIDS))


@pytest.fixture
def four(tmp_path, monkeypatch):
    """Four GPUs, as nvidia-smi lists them."""
    monkeypatch.setenv("PATH", fake_nvidia_smi(tmp_path / "bin", LISTED))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)  # it is asked once
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


@pytest.mark.usefixtures("four")
@pytest.mark.parametrize(
    ("narrowed", "names"),
    [
        (None, "0123"),
        ("", ""),
        ("2", "2"),
        ("3, 0", "30"),
        ("GPU-bbbb3333-0,1", "21"),
        ("GPU-bb", "2"),
        ("GPU-aaaa1111-0-and-more,1", ""),
        ("1,-1,2", "1"),
        ("1,7,2", "1"),
        ("NoDevFiles", ""),
        ("GPU-", ""),
    ],
)
def test_what_is_visible_is_what_cuda_would_see(monkeypatch, narrowed, names):
    if narrowed is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", narrowed)
    gpus = visible_gpus()
    assert "".join(gpu.name for gpu in gpus) == names
    assert [gpu.uuid for gpu in gpus] == [UUIDS[int(name)] for name in names]


@pytest.mark.usefixtures("four")
def test_a_part_of_a_gpu_is_known_by_its_own_name(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "MIG-5c89852c,1")
    assert visible_gpus() == [Gpu("MIG-5c89852c", "MIG-5c89852c"), Gpu("1", UUIDS[1])]


@pytest.mark.usefixtures("four")
def test_slots_are_groups_of_neighbours():
    whole = [gpu.name for slot in gpu_slots(1) for gpu in slot.gpus]
    assert whole == ["0", "1", "2", "3"]
    assert [slot.where for slot in gpu_slots(2)] == ["here, GPUs 0 and 1", "here, GPUs 2 and 3"]
    assert [slot.where for slot in gpu_slots(3)] == ["here, GPUs 0 and 1 and 2"]
    assert [slot.where for slot in gpu_slots(1, 2)] == ["here, GPU 0", "here, GPU 1"]
    assert [slot.where for slot in cpu_slots(2)] == ["here", "here"]


@pytest.mark.usefixtures("four")
@pytest.mark.parametrize(
    ("each", "number", "said"),
    [
        (1, 5, "--parallel 5 with 1 GPU per run needs 5 in all, and there are 4, enough for 4"),
        (2, 3, "--parallel 3 with 2 GPUs per run needs 6 in all, and there are 4, enough for 2"),
        (5, 0, "5 GPUs per run needs 5 in all, and there are 4, enough for 0"),
    ],
)
def test_too_few_gpus_are_refused_with_the_numbers(each, number, said):
    with pytest.raises(UsageError) as error:
        gpu_slots(each, number)
    assert str(error.value).startswith(said)


@pytest.mark.usefixtures("four")
def test_too_few_that_are_visible_are_refused_with_the_reason(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3")
    with pytest.raises(UsageError, match=r"there are 1 \(CUDA_VISIBLE_DEVICES is '3'\), enough"):
        gpu_slots(1, 2)


def test_without_nvidia_smi_one_line_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match=r"nvidia-smi, .* is not there; --device cpu"):
        gpu_slots(1)


def test_an_nvidia_smi_that_fails_is_cited_in_one_line(tmp_path, monkeypatch):
    fails = fake_nvidia_smi(tmp_path, "NVIDIA-SMI has failed: no driver.\nMore.\n", 9)
    monkeypatch.setenv("PATH", fails)
    with pytest.raises(UsageError, match=r"fails: NVIDIA-SMI has failed: no driver\.$"):
        gpu_slots(1)


@pytest.mark.usefixtures("four")
def test_a_gpu_is_taken_once_and_a_group_whole_or_not_at_all():
    first, second, third = (slot.gpus for slot in gpu_slots(1, 3))
    held = taken(second)
    assert held is not None
    assert taken(second) is None
    assert taken(first + second + third) is None
    for free in (first, third):  # what was taken before the one that is held is free again
        again = taken(free)
        assert again is not None
        give_back(again)
    give_back(held)
    held = taken(first + second + third)
    assert held is not None
    give_back(held)


def test_a_cpu_is_always_there():
    assert taken(Slot().gpus) == []


@pytest.mark.usefixtures("four")
def test_lock_files_of_one_user_can_be_taken_by_another(tmp_path):
    give_back(taken(gpu_slots(1, 1)[0].gpus))
    assert (tmp_path / f"retable-gpu-{UUIDS[0]}.lock").stat().st_mode & 0o777 == 0o644
