"""What an archive says is written on containers and images: descriptions, ROIs, annotations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the columns and tables; nothing of before has any of it."""
    op.add_column("containers", sa.Column("key", sa.Text()))
    op.create_index("containers_key", "containers", ["owner_id", "key"], unique=True)
    description = sa.Column("description", sa.Text(), nullable=False, server_default="")
    op.add_column("images", description)
    op.create_table(
        "container_annotations",
        sa.Column("id", sa.Integer, primary_key=True),
        _refers("container_id", "containers"),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("namespace", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("pairs", sa.JSON, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.UniqueConstraint("container_id", "digest"),
    )
    op.create_index(
        "ix_container_annotations_container_id", "container_annotations", ["container_id"]
    )
    op.create_table(
        "rois",
        sa.Column("id", sa.Integer, primary_key=True),
        _refers("image_id", "images"),
        sa.Column("roi", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_rois_image_id", "rois", ["image_id"])


def _refers(name: str, table: str) -> sa.Column[int]:
    key = sa.ForeignKey(f"{table}.id", ondelete="CASCADE")
    return sa.Column(name, sa.Integer, key, nullable=False)
