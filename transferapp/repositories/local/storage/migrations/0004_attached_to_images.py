"""A file may be attached to an image instead of a container."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Let a row name an image; SQLite makes the table anew for that."""
    key = sa.ForeignKey("images.id", name="fk_attachments_image_id", ondelete="CASCADE")
    with op.batch_alter_table(
        "attachments", recreate="always", table_kwargs={"sqlite_autoincrement": True}
    ) as table:
        table.alter_column("container_id", existing_type=sa.Integer, nullable=True)
        table.add_column(sa.Column("image_id", sa.Integer, key, nullable=True))
    op.create_index("ix_attachments_image_id", "attachments", ["image_id"])
