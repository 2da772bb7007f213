"""What a look at a data set before its run has to say."""

from collections.abc import Iterable
from dataclasses import dataclass, field

STOPS, WARNS = "ERROR", "WARNING"


@dataclass(frozen=True)
class Finding:
    """Something that is wrong, or likely so.

    Attributes
    ----------
    where
        The user's file, its row or column, or the key of the configuration.
    what
        What is wrong, what was expected, and what to do.
    stops
        Whether a run cannot reach its report with it.
    """

    where: str
    what: str
    stops: bool = False

    def __str__(self) -> str:
        return f"{STOPS if self.stops else WARNS}  {self.where}: {self.what}"


@dataclass
class Report:
    """Everything that was found, in the order in which data flow.

    Attributes
    ----------
    dataset
        The name of the run.
    sections
        Lines of text, by heading.
    findings
        Errors and warnings.
    """

    dataset: str
    sections: dict[str, list[str]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def say(self, heading: str, lines: Iterable[str]) -> None:
        """Add lines under a heading, if there are any."""
        if lines := list(lines):
            self.sections.setdefault(heading, []).extend(lines)

    def stop(self, where: object, what: str) -> None:
        """Add an error."""
        self.findings.append(Finding(str(where), what, stops=True))

    def warn(self, where: object, what: str) -> None:
        """Add a warning."""
        self.findings.append(Finding(str(where), what))

    @property
    def errors(self) -> list[Finding]:
        """The findings with which a run cannot reach its report."""
        return [finding for finding in self.findings if finding.stops]

    @property
    def warnings(self) -> list[Finding]:
        """The other findings."""
        return [finding for finding in self.findings if not finding.stops]

    @property
    def verdict(self) -> str:
        """One line: whether the run can reach its report."""
        can = (
            "this run cannot reach its report"
            if self.errors
            else "nothing seen here keeps this run from its report"
        )
        counts = (counted(len(self.errors), "error"), counted(len(self.warnings), "warning"))
        return f"{self.dataset}: {', '.join(counts)}: {can}."

    def lines(self, findings_only: bool = False) -> list[str]:
        """Return all as text: the sections, then errors, warnings and the verdict."""
        told: list[str] = []
        if not findings_only:
            for heading, lines in self.sections.items():
                told += [heading, *(f"  {line}" for line in lines), ""]
        return [*told, *map(str, [*self.errors, *self.warnings]), self.verdict]


def counted(number: int, what: str) -> str:
    """Return a number with its noun.

    Examples
    --------
    >>> counted(1, "well"), counted(1200, "well")
    ('1 well', '1,200 wells')
    """
    return f"{number:,} {what}{'' if number == 1 else 's'}"
