"""After a whole climb: for each content the report of what it passed, kept under its fingerprint."""

from __future__ import annotations

from studio.core.errors import BadInput
from studio.core.report import Case, Report
from studio.core.workspace import Workspace
from studio.data.catalog import read_catalog
from studio.pipelines.specification import Pipeline
from studio.workflows.climb_targets import Targets
from studio.workflows.content_states import Content, contents_named
from studio.workflows.functional_run import NOT_STARTED
from studio.workflows.kept_reports import keep


def keep_tests(workspace: Workspace, targets: Targets, report: Report) -> None:
    """Keep what `report` says of each notebook and pipeline among `targets` that can be read."""
    found: dict[str, Content] = {}
    for name in [*(pipeline.name for pipeline in targets.judged), *targets.notebooks]:
        try:
            found |= {content.subject: content for content in contents_named(workspace, [name], workspace.root)}
        except BadInput:  # what cannot be read has failed its tests, and has no fingerprint to keep them under
            continue
    wanted = {*targets.notebooks, *(pipeline.shown for pipeline in targets.judged)}
    for content in found.values():
        if content.subject in wanted:
            keep(workspace, content, about(workspace, content, report, targets.judged))


def about(workspace: Workspace, content: Content, report: Report, pipelines: list[Pipeline]) -> Report:
    """The part of `report` that speaks of `content`: its own cases, its contracts', the steps that run it."""
    catalog = read_catalog(workspace)
    names = {catalog.datasets[name].contract for name in content.contracts if name in catalog.datasets}
    for pipeline in pipelines:
        if pipeline.shown == content.subject:
            names |= {declared.contract for declared in pipeline.inputs.values()}
    files = {f"pipelines/contracts/{name}.yml" for name in names}

    def speaks(case: Case) -> bool:
        if case.name == NOT_STARTED:  # then no step of any notebook was tried
            return True
        return (
            case.subject == content.subject or case.subject in files or case.values.get("notebook") == content.subject
        )

    return Report(tuple(case for case in report.cases if speaks(case)))
