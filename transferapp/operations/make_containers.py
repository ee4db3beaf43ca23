"""Make a container for a person: a new one, or once under a key, as an archive says."""

from __future__ import annotations

from collections.abc import Sequence

from transferapp.errors import Invalid
from transferapp.model.annotations import wrong_annotations
from transferapp.model.containers import Container
from transferapp.model.images import Annotation
from transferapp.model.restoring import ContainerPlan
from transferapp.repositories.port import Capability, Repository, RepositorySession


def check_restorable(
    repository: Repository, plan: ContainerPlan, annotations: Sequence[Annotation]
) -> None:
    """Raise Invalid for what this repository cannot do, or annotations that cannot be."""
    asks = bool(plan.key or annotations)
    if asks and Capability.RESTORING not in repository.capabilities:
        raise Invalid(f"{repository.name} takes no archives.")
    if "\0" in plan.key:
        raise Invalid("The key has a character that cannot be stored.")
    if wrong := wrong_annotations(annotations):
        raise Invalid(wrong)


async def made_container(
    session: RepositorySession, plan: ContainerPlan, annotations: Sequence[Annotation]
) -> Container:
    """Make it, or return the one of its key; raises as ``Containers.create`` does."""
    if plan.key:
        made = await session.restoring.make_container(plan)
    else:
        made = await session.containers.create(
            plan.kind, plan.name, parent=plan.parent, description=plan.description
        )
    if annotations:
        await session.restoring.annotate_container(made.ref, annotations)
    return made
