"""What Lacuna promises of its results. A mark `fault` belongs to one of these promises."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Promise:
    """A promise in words for users, and the tests whose faults are about it by themselves."""

    name: str
    kept: str  # the promise, without a full stop
    tests: tuple[str, ...]  # regular expressions of files below tests/, or of FILE::NAME


PROMISES = {
    "inputs": Promise(
        "Inputs are their content",
        "Size and SHA-256 of a file are compared whenever a job reads it, whatever its time of "
        "modification. Another content is refused with both sums, and stays refused",
        (
            "unit/io/test_mirrors.py",
            "unit/io/test_published_sums.py",
            "unit/io/test_recorded.py",
            "unit/io/test_own_copies.py",
            "unit/io/test_links.py",
            "unit/acquire/test_files.py",
            "unit/project/test_small_data.py",
            "workflow/test_acquired.py",
            "(unit/io|workflow)/test_inputs.*.py",
            ".*::.*mirror.*",
            "unit/runtime/.*::.*file_of_the_users.*",
        ),
    ),
    "code": Promise(
        "Code is an input",
        "A change of the code, or of a package, that a job uses runs this job again, and no other; "
        "no result is of two codes without a word",
        ("(unit/project|workflow)/test_code.*.py", "unit/runtime/test_code.*.py"),
    ),
    "whole": Promise(
        "Every file between steps is whole",
        "A damaged file is noticed by what reads it, set aside and made anew by the next run; "
        "tables are joined by name",
        (
            "unit/io/test_(hdf5|atomic|unwritten|sums|tsv).*.py",
            "unit/networks/.*",
            "unit/explore/test_index.py",
            "unit/structures/test_cache.py",
            "unit/(explore|single_cell)/.*::.*(damaged|altered|cut_short|killed).*",
            "unit/tensor/test_joined.py",
            "unit/completion/test_writer.py",
            "unit/runtime/.*",
            "unit/retrieval/test_model.py",
            "workflow/test_damaged.*.py",
            "workflow/.*::.*damaged.*",
            "workflow/.*::.*reproduced.*",
        ),
    ),
    "cores": Promise(
        "The same product on any number of cores",
        "The same seed, inputs and code give the same tables and products, byte by byte, on one "
        "core or many",
        (
            "(unit/.*|workflow)/test_(.*_)?(cores|threads).*.py",
            ".*::.*any_number_of_(cores|threads).*",
        ),
    ),
    "interrupted": Promise(
        "An interrupted run goes on",
        "After a kill, a full disk or a lost right the same command finishes the run: nothing "
        "finished is lost, no half file is left, and the result is that of a run in one go",
        (
            "workflow/test_faults.py",
            "workflow/test_retrieval.py",
            "workflow/test_translation.py",
            "workflow/test_single_cell.py",
            "unit/project/test_provenance.py",
        ),
    ),
    "locks": Promise(
        "A lock knows its owner",
        "The lock of a living run is never removed, however that was started and wherever it runs; "
        "that of a dead one is",
        ("(unit/project|workflow)/test_(stale_)?locks?.*.py", "workflow/.*::.*(lock|second_run).*"),
    ),
    "downloads": Promise(
        "A download is the whole file or none",
        "A download resumes where it was cut, of the same version alone; pages of errors, short, "
        "endless or other files are refused, and nothing of them is kept",
        ("unit/io/test_(sources|download|resumed|odd_answers|redirect).*.py",),
    ),
    "accepted": Promise(
        "Nothing is accepted in silence",
        "What is wrong in files, tables and configurations is refused by file, row and key, "
        "or put right and counted; there is no traceback",
        (
            "workflow/test_(config|preflight|own_plates).py",
            "workflow/.*::.*mistake.*",
            "workflow/test_single_cell.py::.*named.*",
            "unit/retrieval/test_model.py::test_what_does_not_fit.*",
            "unit/io/test_(any_bytes|expression_damage|odd_rows).py",
            "unit/project/test_any_config.py",
            "unit/retrieval/test_(ranks|run).py",
            "unit/single_cell/.*",
            "unit/structures/.*",
            "unit/explore/.*",
        ),
    ),
    "hostile": Promise(
        "Nothing that is read is run",
        "Files and configurations that are meant to do harm run nothing, read no other file, and "
        "fill neither memory nor disk",
        ("unit/io/test_.*hostile.py", "unit/project/test_config.py"),
    ),
    "grids": Promise(
        "Odd grids end in an answer",
        "Every method gives finite predictions, or an error that says why not, for grids that are "
        "full, identical, all zero or of one drug",
        ("unit/completion/test_degenerate.py", "unit/completion/.*"),
    ),
    "old": Promise(
        "Old products are named",
        "What an earlier configuration made and this one does not is set apart or named; it never "
        "stands beside new results as if it were one of them",
        ("(unit/.*|workflow)/test_(old|former|left_over).*.py", ".*::.*older_configuration.*"),
    ),
    "supply": Promise(
        "Only known packages are installed",
        "`make` and the container install no file whose SHA-256 is not listed",
        ("unit/project/test_supply_chain.py",),
    ),
}
OTHER = "accepted"

NOT_PROMISED = """\
- That files survive a power cut: they are renamed into place, but not forced to the disk.
- A network file system that fills, lies or is lost while it is written to. None is tried at all.
- The same bytes on another type of processor, another platform or other versions of packages:
  sums of floats differ there in their last digits. The promise of cores is for one machine.
- Results on a GPU: none is used in these tests.
- An end to the reading of damaged texts of varying length in a GCTX of the user's own: HDF5 may
  loop over them for ever. Our own files hold texts of one length only.
- Safety from a configuration with `__use_yte__: true`: Snakemake evaluates it as a template, with
  Python, before Lacuna sees it.
- Safety from who may write to the results: the checksums beside them find damage, not intent.
- Packages by hash where conda makes the environments (`--sdm conda`): versions alone are pinned.
- A container by digest, until `make base-image` has written it: no registry was in reach.
- Wells and structures that are wrong but possible: what contradicts itself or the format is seen.
"""
