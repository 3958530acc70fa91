"""What a probe is told."""


def test_a_living_process_says_so_without_asking_the_database(client):
    answer = client.get("/healthz", headers={"host": "10.0.0.7"})

    assert answer.json() == {"status": "alive"}


def test_ready_with_postgres_and_valkey(db, client):
    answer = client.get("/readyz", headers={"host": "10.0.0.7"})

    counts = dict.fromkeys(("changes_waiting", "changes_parked", "run_posts_waiting"), 0)
    assert answer.json() == {"status": "ready", **counts}


def test_a_lost_broker_only_degrades(db, client, valkey_server):
    valkey_server.stop()

    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json()["status"] == "degraded"
