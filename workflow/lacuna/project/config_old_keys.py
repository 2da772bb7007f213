"""Keys of the configuration that had another name before; they are read for one release."""

from collections.abc import Mapping
from typing import Any

from lacuna.project.config_schema import overlay

# Where the value of each old key stands now; what stood in a block `files` stands in `acquire`.
MOVED = {
    "source": ("acquire", "source"),
    "simulator": ("acquire", "simulator"),
    "files": ("acquire",),
    "methods": ("completion", "methods"),
    "method_options": ("completion", "options"),
    "controls": ("completion", "controls"),
    "completed": ("completion", "completed"),
    "crossval": ("evaluation",),
    "density": ("evaluation", "density"),
    "heatmaps": ("evaluation", "heatmaps"),
    "classify": ("classification",),
}
OLD_SPLIT, NEW_SPLIT = "elsewhere", "cell_transfer"


def rename_old_keys(config: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Put the values of old keys where they stand now.

    Where an old key and the new one are both given, the old one counts: it comes from a file of
    the user's that was laid over one of ours.

    Returns
    -------
    dict
        The configuration with new keys only.
    list of str
        A notice for each old key.
    """
    renamed = {key: value for key, value in config.items() if key not in MOVED}
    notices = []
    for old, path in MOVED.items():
        if old in config:
            renamed = _put(renamed, path, config[old])
            notices.append(_notice(old, ": ".join(path)))
    evaluation = renamed.get("evaluation")
    splits = evaluation.get("splits") if isinstance(evaluation, Mapping) else None
    if isinstance(evaluation, Mapping) and isinstance(splits, Mapping) and OLD_SPLIT in splits:
        new = {key: value for key, value in splits.items() if key != OLD_SPLIT}
        new[NEW_SPLIT] = overlay(new.get(NEW_SPLIT), splits[OLD_SPLIT])
        renamed["evaluation"] = {**evaluation, "splits": new}
        where = "evaluation: splits"
        notices.append(_notice(f"{where}: {OLD_SPLIT}", f"{where}: {NEW_SPLIT}"))
    return renamed, notices


def _put(config: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    for key in reversed(path):
        value = {key: value}
    return overlay(config, value)


def _notice(old: str, new: str) -> str:
    return f"Notice: {old} is now {new} in the configuration; the old key is read for one release."
