"""The rules as SQL are worth comparing with only if they answer the same."""

import pytest

from bench.answers import differences, reference
from bench.market import needs, offers
from bench.peers.engines import DuckDB, PostgreSQL, Tables
from bench.with_servers import throw_away_servers


@pytest.fixture(scope="module")
def market():
    return list(offers(150, seed=5)), list(needs(150, seed=5))


@pytest.fixture(scope="module")
def right(market):
    return reference(*market)


@pytest.fixture(params=["duckdb", "postgresql"])
def engine(request):
    if request.param == "duckdb":
        yield DuckDB(threads=2, seconds=60)
    else:
        where: dict[str, str] = {}
        with throw_away_servers(where):
            yield PostgreSQL(where["DATABASE_URL"], cores=2, seconds=60)


def test_sql_keeps_the_same_pairs_with_the_same_scores(engine, market, right):
    tables = Tables(*market)
    engine.fill(tables)
    engine.match(tables)
    assert len(right) > 300
    assert not differences(engine.kept(), right)
