"""A miner keeps sites through the API."""

from tests.factories import phase, site_fields


def body(**other):
    phases = other.pop("phases", [phase(ready_on="2027-03-01")])
    return {**site_fields(**other), "phases": phases}


def errors_of(answer):
    return {error["pointer"]: error["detail"] for error in answer.json()["errors"]}


def test_a_posted_site_can_be_read_where_the_answer_says(miner):
    posted = miner.api.post("/api/v1/sites/", body(ask_floor_usd_kw_month=120))

    read = miner.api.get(posted["Location"])

    assert posted.status_code == 201
    assert read.json() == posted.json()
    assert read["ETag"] == posted["ETag"]
    assert read.json()["ask_floor_usd_kw_month"] == "120"
