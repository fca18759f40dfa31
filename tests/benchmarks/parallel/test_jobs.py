"""Jobs by name: the same for every process, in order, each once."""

from dataclasses import replace

import quick

from benchmarks.declare.column import Column
from benchmarks.parallel.jobs import named_jobs


def jobs_of(out, *works):
    works = works or (quick.quick_work(out),)
    return named_jobs(works, works[0].plan.status)


def test_names_are_the_same_in_every_process_and_stand_for_one_job_each(tmp_path):
    first, second = jobs_of(tmp_path / "a"), jobs_of(tmp_path / "b")
    assert [job.name for job in first] == [job.name for job in second]
    assert len({job.name for job in first}) == len(first)


def test_a_training_is_named_by_its_run(tmp_path):
    work = quick.quick_work(tmp_path)
    run = work.plan.rows[0].providers[0]
    names = {job.name for job in jobs_of(tmp_path, work) if not job.scores}
    assert work.plan.status.ids.run_id(run) in names


def test_jobs_come_after_what_they_need(tmp_path):
    known = set()
    for job in jobs_of(tmp_path):
        assert job.needs <= known, job.label
        known.add(job.name)
    assert any(job.needs for job in jobs_of(tmp_path))


def test_tables_that_share_a_training_have_it_once(tmp_path):
    work = quick.quick_work(tmp_path)
    other = quick.quick_work(tmp_path, replace(quick.TABLE, name="other"))
    other.plan.status = other.engine.status = work.plan.status
    assert len(jobs_of(tmp_path, work, other)) == len(jobs_of(tmp_path, work))


def test_what_lacks_data_is_left_out_with_what_needs_it(tmp_path):
    absent = replace(quick.TEST, data=replace(quick.TEST.data, present=False))
    psnr, judged, fid = quick.TABLE.columns
    table = replace(quick.TABLE, columns=(replace(psnr, data=absent), judged, fid))
    found = jobs_of(tmp_path, quick.quick_work(tmp_path, table))
    whole = jobs_of(tmp_path)
    assert len(found) == len(whole)
    assert all(score.metric == judged.metric for job in found for score in job.scores)
    judge = replace(quick.JUDGE, data=replace(quick.TRAIN, data=absent.data))
    columns = (replace(psnr, data=absent), Column(quick.Judged(judge), quick.TEST, "x"), fid)
    none = jobs_of(tmp_path, quick.quick_work(tmp_path, replace(quick.TABLE, columns=columns)))
    assert not [job for job in none if job.scores]


def test_what_is_left_without_a_judge(tmp_path):
    work = quick.quick_work(tmp_path)
    jobs = jobs_of(tmp_path, work)
    judge = work.plan.status.ids.run_id(quick.JUDGE)
    measured = next(job for job in jobs if job.scores and len(job.needs) > 1)
    left = measured.without({judge})
    assert left.name == measured.name
    assert judge not in left.needs
    assert {type(score.metric).__name__ for score in left.scores} == {"PSNR"}
    assert measured.without(measured.needs) is None
    assert measured.without({"something else"}) is measured


def test_done_is_what_the_store_says(copied):
    work = quick.quick_work(copied)
    jobs = jobs_of(copied, work)
    assert all(job.done() for job in jobs)
    training = next(job for job in jobs if not job.scores)
    (training.folder.path / "weights.safetensors").write_bytes(b"torn")
    work.plan.status.forget()
    assert not training.done()
