"""Whatever is private is written nowhere that it does not belong: pages, API, mail, logs, tasks.

A word or a figure that occurs nowhere else is put into each private field. Then everybody calls every
declared route in every way.
"""

import base64
import json
import logging
from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

import pytest
import redis
from django.core import mail
from django.db import transaction
from django.utils import timezone

from accounts import services as accounts
from listings import services
from matching.models import Match
from matching.services import decide, drain, explain_losses
from tests.factories import phase
from tests.marketplace.test_who_may_what import (
    API,
    DEMAND,
    EVERYONE,
    PAGES,
    SUPPLY,
    Declared,
    address,
    market,
)
from tests.plugins.servers import ValkeyServer

__all__ = ["market"]
pytestmark = pytest.mark.django_db(transaction=True)
NOW = timezone.now()


class Canary(NamedTuple):
    """A private value as it may be written, and who may read it."""

    field: str
    written: tuple[str, ...]
    readers: set[str]


SITE = {
    "name": "canary-name",
    "external_id": "canary-external",
    "nearest_town": "canary-town",
    "notes": "canary-site-notes",
}
REQUEST = {"title": "canary-title", "notes": "canary-request-notes"}
BOTH_SIDES = {
    "site": (SITE, {*SUPPLY, "broker"}),
    "request": (REQUEST, {*DEMAND, "broker"}),
    "pool": ({"notes": "canary-pool-notes"}, {*SUPPLY, "broker"}),
}
CANARIES = [
    *(
        Canary(f"{kind} {field}", (word,), readers)
        for kind, (fields, readers) in BOTH_SIDES.items()
        for field, word in fields.items()
    ),
    Canary("carrier", ("canary-fibre",), {*SUPPLY, "broker"}),
    Canary("latitude", ("31.41537",), {*SUPPLY, "broker"}),
    Canary("document", ("canary-document",), {*SUPPLY, "broker"}),
    Canary("ask floor", ("113.77",), SUPPLY),
    Canary("price cap", ("197.31",), DEMAND),
    Canary("outside date", ("2027-11-17", "17 November 2027", "Nov. 17, 2027", "17 Nov"), DEMAND),
    Canary("broker's note", ("canary-broker-note",), {"broker"}),
]


@pytest.fixture
def sown(market: dict[str, Any], miner, tenant, broker) -> dict[str, Any]:
    """The market of the matrix, blind, with a canary in each private field; matched and reviewed."""
    match = Match.objects.select_related("request", "offer__site").get(uid=market["uid"]["match"])
    site, request = match.offer.site, match.request
    blind: dict[str, Any] = {"disclosure": "blind"}
    place = {"latitude": "31.41537", "longitude": "-103.27182", "carriers": ["canary-fibre"]}
    services.update_site(
        site=site,
        fields={**blind, **SITE, **place, "ask_floor_usd_kw_month": "113.77"},
        phases=[phase(ready_on=date(2027, 7, 1))],
        now=NOW,
    )
    limits = {"price_cap_usd_kw_month": "197.31", "latest_on": date(2027, 11, 17)}
    services.update_request(request=request, fields={**blind, **REQUEST, **limits}, now=NOW)
    pool = miner.organization.posts.get(post_type="gpu_pool").gpupool
    services.update_gpu_pool(pool=pool, fields={**blind, "notes": "canary-pool-notes"}, now=NOW)
    services.record_evidence(
        post=site,
        claim="power",
        method="document",
        document="canary-document",
        verified_on=NOW.date(),
        now=NOW,
    )
    drain()
    note = "canary-broker-note"
    review = decide(by=broker.reader, request=request, offer=site, decision="none", note=note, now=NOW)
    phases = {"phase": site.phases.get().uid, "match": Match.objects.get(request=request, offer=site).uid}
    market["uid"] |= phases | {"review": review.uid, "undo": review.uid, "decide": phases["match"]}
    return market


def answers(declared: Declared, client: Any, market: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(route and method, all that came back) of each route in each declared way, an empty body sent along."""
    for name, methods in declared.items():
        for method in methods:
            with transaction.atomic():  # every call finds the market as it was
                answer = client.generic(method, address(name, market), "{}", "application/json")
                transaction.set_rollback(True)
            yield f"{method} {name}", f"{answer.headers}\n{answer.content.decode(errors='replace')}"


def seen(text: str, who: str = "") -> set[str]:
    """The private fields that a text gives away to this person."""
    return {
        canary.field
        for canary in CANARIES
        if who not in canary.readers and any(word in text for word in canary.written)
    }


def test_nobody_reads_on_any_route_what_is_not_theirs(sown, request):
    told: dict[tuple[str, str], set[str]] = {}
    for who in sorted(EVERYONE):
        actor = request.getfixturevalue(who)
        for declared, client in ((PAGES, actor.client), (API, actor.api)):
            told |= {(who, route): seen(text, who) for route, text in answers(declared, client, sown)}

    assert len(told) > 1_000
    assert {where: fields for where, fields in told.items() if fields} == {}


@pytest.mark.parametrize(
    ("who", "owner_reads"),
    [
        ("miner", {"site name", "ask floor", "carrier", "document", "latitude", "pool notes"}),
        ("tenant", {"request title", "price cap", "outside date"}),
        ("broker", {"site name", "request title", "broker's note"}),
    ],
)
def test_the_canaries_sing_to_those_who_may_hear_them(sown, request, who, owner_reads):
    """The control: what is sown does come out, so that a leak would be seen."""
    actor = request.getfixturevalue(who)
    both = ((PAGES, actor.client), (API, actor.api))
    text = "".join(text for declared, client in both for _, text in answers(declared, client, sown))

    assert owner_reads <= seen(text)


def test_neither_logs_nor_mail_nor_tasks_carry_them(
    sown, miner, tenant, broker, caplog, valkey_server: ValkeyServer
):
    """Posts are edited, refused, matched, lost and reviewed while everything that is logged is kept."""
    caplog.set_level(logging.INFO)
    match = Match.objects.select_related("offer__site").get(uid=sown["uid"]["match"])
    for actor in (miner, tenant, broker):
        list(answers(PAGES, actor.client, sown)), list(answers(API, actor.api, sown))
    typed = {**SITE, "gross_mw": "canary-gross", "ask_floor_usd_kw_month": "113.77"}
    refused = miner.api.post("/api/v1/sites/", typed, format="json")
    miner.client.post("/sites/new/", typed)
    services.move_post(post=match.offer.site, to="withdrawn", now=NOW)
    drain()
    explain_losses()
    accounts.invite_member(by=miner.reader, email="c@d.test", role="member", now=NOW)

    assert refused.status_code == 400
    assert caplog.records
    assert seen("\n".join(said(record) for record in caplog.records)) == set()
    assert mail.outbox
    assert seen("\n".join(one.message().as_string() for one in mail.outbox)) == set()
    tasks = messages(valkey_server)
    assert tasks
    assert seen("\n".join(tasks)) == set()
    assert {json.dumps(json.loads(task)[:2]) for task in tasks} == {"[[], {}]"}  # a bell says nothing


CLOCKS = {"created", "msecs", "relativeCreated"}  # their digits may be those of a canary by chance


def said(record: logging.LogRecord) -> str:
    told = {name: value for name, value in vars(record).items() if name not in CLOCKS}
    return f"{record.getMessage()} {told}"


def messages(server: ValkeyServer) -> list[str]:
    """The arguments of every task that waits in the broker."""
    waiting: Any = redis.Redis(unix_socket_path=str(server.socket_path)).lrange("celery", 0, -1)
    return [base64.b64decode(json.loads(one)["body"]).decode() for one in waiting]
