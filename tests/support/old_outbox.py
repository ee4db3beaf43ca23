"""The workstation service's outbox as the first release made it, before it had a version."""

from __future__ import annotations

import sqlalchemy as sa

_TABLES = """
CREATE TABLE submissions (transfer_id VARCHAR NOT NULL, kind VARCHAR NOT NULL,
  name VARCHAR NOT NULL, owner VARCHAR NOT NULL, server_url VARCHAR NOT NULL,
  grant_token VARCHAR NOT NULL, destination VARCHAR NOT NULL, state VARCHAR NOT NULL,
  trouble_code VARCHAR DEFAULT '' NOT NULL, trouble VARCHAR DEFAULT '' NOT NULL,
  ended BOOLEAN NOT NULL, created_at VARCHAR NOT NULL, updated_at VARCHAR NOT NULL,
  PRIMARY KEY (transfer_id));
CREATE INDEX ix_submissions_owner ON submissions (owner);
CREATE TABLE items (item_id VARCHAR NOT NULL, transfer_id VARCHAR NOT NULL,
  position INTEGER NOT NULL, name VARCHAR NOT NULL, stage VARCHAR NOT NULL,
  trouble_code VARCHAR DEFAULT '' NOT NULL, trouble VARCHAR DEFAULT '' NOT NULL,
  PRIMARY KEY (item_id),
  FOREIGN KEY(transfer_id) REFERENCES submissions (transfer_id) ON DELETE CASCADE);
CREATE INDEX ix_items_transfer_id ON items (transfer_id);
CREATE TABLE files (file_id VARCHAR NOT NULL, item_id VARCHAR NOT NULL,
  transfer_id VARCHAR NOT NULL, position INTEGER NOT NULL, client_path VARCHAR NOT NULL,
  path VARCHAR NOT NULL, size_bytes BIGINT NOT NULL, modified_ns BIGINT NOT NULL,
  "offset" BIGINT NOT NULL, sha1 VARCHAR NOT NULL, done BOOLEAN NOT NULL,
  PRIMARY KEY (file_id),
  FOREIGN KEY(item_id) REFERENCES items (item_id) ON DELETE CASCADE);
CREATE INDEX ix_files_item_id ON files (item_id);
CREATE INDEX ix_files_transfer_id ON files (transfer_id);
INSERT INTO submissions VALUES ('t', 'import', 'exp', 'ada@s', 's', 'ta1_x', '', 'queued',
  '', '', 0, '2026-11-01T10:00:00+00:00', '2026-11-01T10:00:00+00:00');
INSERT INTO items VALUES ('i', 't', 0, 'one', 'open', '', '');
INSERT INTO files VALUES ('f', 'i', 't', 0, 'exp/a.tif', '/data/exp/a.tif', 10, 5, 0, '', 0);
"""


def make_old_outbox(engine: sa.Engine) -> None:
    """Make its tables with one submission of one file."""
    with engine.begin() as connection:
        for statement in _TABLES.strip().split(";\n"):
            connection.exec_driver_sql(statement.rstrip(";"))
