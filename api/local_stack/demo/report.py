"""Shows the journey: steps as they are taken, advice as it streams, findings as a table."""

from collections.abc import Mapping, Sequence
from typing import Final

from rich.console import Console
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from api.local_stack.demo.client import Answer
from dupi.knowledge.vocabulary import Condition, ScalpSite, Severity

_COLOURS: Final[Mapping[str, str]] = {
    "NONE": "green",
    "MILD": "yellow",
    "MODERATE": "dark_orange",
    "SEVERE": "red",
}
_BAR: Final = "▁▂▃▄▅▆▇█"
_WIDTH: Final = 120


class Report:
    """Watches a journey and prints it. ``titles``: section's kind to its Korean title."""

    def __init__(self, console: Console, titles: Mapping[str, str]) -> None:
        self._console = console
        self._titles = titles
        self._section = ""

    def step(self, text: str) -> None:
        self._console.print(f"  [green]✓[/] {text}", highlight=False)

    def event(self, event: Answer) -> None:
        """Show one progress event as it arrives."""
        match event["__typename"]:
            case "AnalysisStatusChanged":
                self._status(event)
            case "AnalysisFindingsReady":
                is_wide = self._console.width >= _WIDTH
                table = findings_table(event["findings"], event["photoFindings"], is_wide=is_wide)
                self._console.print(table)
            case "AnalysisPlanReady":
                self._console.print(plan_table(event["plan"]))
            case "AnalysisAdviceDelta":
                self._sentence(event)
            case "AnalysisAdviceRestarted":
                self._restarted(event)
            case "AnalysisFinished":
                self._console.print("\n")

    def _status(self, event: Answer) -> None:
        share = f"{event['progress']:.0%}"
        self._console.print(f"  [cyan]{event['status']:<12}[/] {share:>4}", highlight=False)

    def _sentence(self, event: Answer) -> None:
        if event["section"] != self._section:
            self._section = event["section"]
            title = self._titles.get(self._section, self._section)
            self._console.print(f"\n\n  [bold magenta]{title}[/]", highlight=False)
            self._console.print("  ", end="")
        self._console.print(Text(event["text"].lstrip("\n")), end="", soft_wrap=True)

    def _restarted(self, event: Answer) -> None:
        self._section = ""
        who = "The model begins anew" if event["source"] == "MODEL" else "The rules' own words"
        self._console.print(f"\n\n  [yellow]{who}:[/]")

    def closing(self, analysis: Answer) -> None:
        """Whose words the advice is, and the notice of what the models are."""
        advice = analysis["advice"] or {}
        words = f"{advice.get('model')} {advice.get('modelVersion')}"
        source = words if advice.get("source") == "MODEL" else "the rules"
        self._console.print(f"  [dim]Advice in the words of {source}.[/]\n", highlight=False)
        width = min(_WIDTH, self._console.width)
        notice = Panel(analysis["notice"], title="알림", border_style="yellow", width=width)
        self._console.print(notice)


def findings_table(
    overall: Sequence[Answer], by_photo: Sequence[Answer], *, is_wide: bool = True
) -> Table:
    """One row a condition: the overall grade, then each photo's. Where there is little room, grades
    are in Korean alone, and bars speak for the confidence."""
    table = Table(title="Findings · 상태 확인", title_justify="left")
    table.add_column("condition", no_wrap=is_wide, overflow="fold", min_width=13)
    table.add_column("overall", no_wrap=True)
    if is_wide:
        table.add_column("sure", justify="right")
    table.add_column("0 1 2 3", no_wrap=True)
    for graded in by_photo:
        table.add_column(_site(graded["photo"]["site"]), overflow="fold")
    table.add_column("model", justify="right", no_wrap=True)
    for row, finding in enumerate(overall):
        photos = (_grade(graded["findings"][row], is_wide=is_wide) for graded in by_photo)
        cells = _overall_cells(finding, is_wide=is_wide)
        table.add_row(*cells, *photos, f"v{finding['modelVersion']}")
    return table


def plan_table(plan: Answer) -> Padding:
    """What the rules decided, before the words."""
    table = Table(title="Plan · 관리 계획", title_justify="left")
    table.add_column("what", overflow="fold")
    table.add_column("why", overflow="fold", style="dim")
    referral = plan["referral"]
    if referral:
        table.add_row(Text(referral["text"], style="bold red"), "\n".join(referral["reasons"]))
    for action in plan["actions"]:
        table.add_row(action["text"], action["reason"])
    if plan["shampoo"]:
        table.add_row(plan["shampoo"]["text"], plan["shampoo"]["reason"])
    return Padding(table, (1, 0, 0, 0))


def _overall_cells(finding: Answer, *, is_wide: bool) -> list[Text]:
    condition = Condition(finding["condition"])
    english = condition.value.replace("_", " ").lower()
    name = Text.assemble(condition.korean, " ", (english, "dim"))
    sure = [Text(f"{finding['confidence']:.0%}")] if is_wide else []
    return [name, _grade(finding, is_wide=is_wide), *sure, _bars(finding)]


def _grade(finding: Answer, *, is_wide: bool) -> Text:
    severity = finding["severity"]
    if severity is None:
        return Text(f"보류 {finding['abstentionReason']}", style="dim")
    korean = Severity[severity].korean
    english = f" {severity.lower()}" if is_wide else ""
    return Text(korean + english, style=_COLOURS[severity])


def _bars(finding: Answer) -> Text:
    """The four probabilities as bars."""
    top = len(_BAR) - 1
    bars = (_BAR[round(share * top)] for share in finding["probabilities"])
    return Text(" ".join(bars), style="cyan")


def _site(site: str) -> str:
    return f"{ScalpSite(site).korean} {site.lower()}"
