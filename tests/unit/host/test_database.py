"""How a database is opened."""

from __future__ import annotations

from transferapp.host.database import open_engine


def test_postgres_connections_notice_a_silent_network() -> None:
    query = open_engine("postgresql://ada@db.example/queue").url.query
    assert 5 <= int(str(query["tcp_user_timeout"])) / 1000 <= 15
    assert int(str(query["keepalives_idle"])) <= 10
    assert "tcp_user_timeout" in query["options"]
    assert "idle_in_transaction_session_timeout" in query["options"]


def test_the_url_has_the_last_text() -> None:
    url = "postgresql://ada@db.example/queue?keepalives_idle=60&sslmode=require"
    query = open_engine(url).url.query
    assert (query["keepalives_idle"], query["sslmode"]) == ("60", "require")
