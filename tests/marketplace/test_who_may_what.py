"""The whole site against one declared matrix: who reaches what. A new route fails until it is declared."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from accounts import services
from accounts.models import Invitation, Membership
from accounts.vocabulary import Role
from listings.searches import save_search
from listings.vocabulary import Status
from matching.models import Match
from matching.services import decide, drain, start_run

SUPPLY = {"miner", "miner_member"}  # the site's and the pool's organization
OWNER = {"miner"}
DEMAND = {"tenant"}  # the request's organization
MINERS = {*SUPPLY, "other_miner"}
TENANTS = {*DEMAND, "other_tenant", "stranger"}
MEMBERS = {*MINERS, *TENANTS, "broker", "unverified_broker"}
OPERATORS = {"operator"}
PEOPLE = {*MEMBERS, *OPERATORS, "newcomer"}
EVERYONE = {*PEOPLE, "visitor"}
FULL = {*SUPPLY, "tenant", "other_tenant", "broker"}  # who sees more than the teaser of an open-book site
PARTIES = {*SUPPLY, *DEMAND, "broker"}  # of the match between the site and the request

Declared = dict[str, dict[str, set[str]]]

PAGES: Declared = {
    "home": {"GET": EVERYONE},
    "theme": {"POST": EVERYONE},
    "design": {"GET": EVERYONE},
    "accounts:organization": {"GET": MEMBERS, "POST": MEMBERS},  # what a member sends, the service refuses
    "accounts:start": {"GET": MEMBERS},
    "accounts:create_organization": {"GET": PEOPLE, "POST": PEOPLE},
    "accounts:members": {"GET": MEMBERS},
    "accounts:profile": {"GET": PEOPLE, "POST": PEOPLE},
    "accounts:sessions": {"GET": PEOPLE, "POST": PEOPLE},
    "accounts:switch": {"GET": PEOPLE, "POST": set()},  # only to an organization of one's own
    "accounts:invite": {"POST": MEMBERS},
    "accounts:accept_invitation": {"GET": PEOPLE, "POST": PEOPLE},
    "accounts:invitation": {"GET": EVERYONE},
    "accounts:revoke_invitation": {"POST": SUPPLY},
    "accounts:change_role": {"POST": SUPPLY},
    "accounts:remove_member": {"GET": SUPPLY, "POST": SUPPLY},
    "accounts:keys": {"GET": MEMBERS, "POST": MEMBERS},
    "accounts:revoke_key": {"POST": SUPPLY},
    "listings:sites": {"GET": EVERYONE},
    "listings:site": {"GET": EVERYONE},
    "listings:site_new": {"GET": MINERS, "POST": MINERS},
    "listings:site_grid": {"GET": MINERS, "POST": MINERS},
    "listings:site_edit": {"GET": SUPPLY, "POST": SUPPLY},
    "listings:gpu_pools": {"GET": EVERYONE},
    "listings:gpu_pool": {"GET": EVERYONE},
    "listings:gpu_pool_new": {"GET": MINERS, "POST": MINERS},
    "listings:gpu_pool_edit": {"GET": SUPPLY, "POST": SUPPLY},
    "listings:requests": {"GET": EVERYONE},
    "listings:request": {"GET": EVERYONE},
    "listings:request_new": {"GET": TENANTS, "POST": TENANTS},
    "listings:request_quick": {"GET": TENANTS, "POST": TENANTS},
    "listings:request_steps": {"GET": TENANTS, "POST": TENANTS},
    "listings:request_edit": {"GET": DEMAND, "POST": DEMAND},
    "listings:evidence": {"GET": SUPPLY, "POST": SUPPLY},
    "listings:grants": {"GET": SUPPLY, "POST": SUPPLY},
    "listings:move": {"POST": SUPPLY},
    "listings:renew": {"POST": SUPPLY},
    "listings:renew_all": {"POST": MEMBERS},  # of one's own posts alone
    "listings:saved_searches": {"GET": MEMBERS, "POST": MEMBERS},
    "listings:saved_search_new": {"POST": MEMBERS},
    "listings:saved_search": {"GET": OWNER},  # the member's own
    "listings:saved_search_change": {"POST": OWNER},
    "listings:saved_search_delete": {"POST": OWNER},
    "listings:stop_mail": {"GET": EVERYONE, "POST": EVERYONE},  # with the token of a mail
    "matching:matches": {"GET": MEMBERS},
    "matching:compare": {"GET": PEOPLE},
    "matching:what_if": {"GET": SUPPLY},
    "matching:of_post": {"GET": {*SUPPLY, "broker"}},
    "matching:plans": {"GET": {*DEMAND, "broker"}},
    "matching:match": {"GET": PARTIES},
    "matching:desk": {"GET": {"broker"}},
    "matching:decide": {"POST": {"broker"}},
    "matching:undo_review": {"POST": {"broker"}},
    "matching:runs": {"GET": {*OPERATORS, "broker"}, "POST": OPERATORS},
    "matching:run": {"GET": {*OPERATORS, "broker"}},
    "matching:cancel_run": {"POST": OPERATORS},
    "market:market": {"GET": EVERYONE},
    "market:median": {"GET": EVERYONE},
    "market:backtest": {"GET": EVERYONE},
}
API: Declared = {
    "api:api-root": {"GET": EVERYONE},
    "api:schema": {"GET": EVERYONE},
    "api:docs": {"GET": EVERYONE},
    "api:organization": {"GET": MEMBERS, "PATCH": MEMBERS},
    "api:site-list": {"GET": EVERYONE, "POST": MEMBERS},
    "api:site-detail": {"GET": EVERYONE, "PATCH": SUPPLY},
    "api:site-evidence": {"POST": SUPPLY},
    "api:site-renew": {"POST": SUPPLY},
    "api:site-status": {"PATCH": SUPPLY},
    "api:phase-list": {"GET": FULL, "POST": SUPPLY},
    "api:phase-detail": {"GET": FULL, "PATCH": SUPPLY, "DELETE": SUPPLY},
    "api:gpu-pool-list": {"GET": EVERYONE, "POST": MEMBERS},
    "api:gpu-pool-detail": {"GET": EVERYONE, "PATCH": SUPPLY},
    "api:gpu-pool-evidence": {"POST": SUPPLY},
    "api:gpu-pool-renew": {"POST": SUPPLY},
    "api:gpu-pool-status": {"PATCH": SUPPLY},
    "api:gpu-model-list": {"GET": EVERYONE},
    "api:gpu-model-detail": {"GET": EVERYONE},
    "api:request-list": {"GET": EVERYONE, "POST": MEMBERS},
    "api:request-detail": {"GET": EVERYONE, "PATCH": DEMAND},
    "api:request-renew": {"POST": DEMAND},
    "api:request-status": {"PATCH": DEMAND},
    "api:saved-search-list": {"GET": MEMBERS, "POST": MEMBERS},
    "api:saved-search-detail": {"GET": OWNER, "PATCH": OWNER, "DELETE": OWNER},
    "api:match-list": {"GET": EVERYONE},
    "api:match-detail": {"GET": PARTIES},
    "api:near-misses": {"GET": {*DEMAND, "broker"}},
    "api:site-wins": {"GET": {*SUPPLY, "broker"}},
    "api:gpu-pool-wins": {"GET": {*SUPPLY, "broker"}},
    "api:plans": {"GET": {*DEMAND, "broker"}},
    "api:review-list": {"GET": {"broker"}, "POST": {"broker"}},
    "api:review-detail": {"GET": {"broker"}},
    "api:review-undo": {"POST": {"broker"}},
    "api:rematch-run-list": {"GET": {*OPERATORS, "broker"}, "POST": OPERATORS},
    "api:rematch-run-detail": {"GET": {*OPERATORS, "broker"}},
    "api:rematch-run-cancel": {"POST": OPERATORS},
}
# The same routes to a post that is not open: there for its own organization only.
DRAFTS: Declared = {
    "listings:site": {"GET": SUPPLY},
    "listings:site_edit": {"GET": SUPPLY},
    "listings:move": {"POST": SUPPLY},
    "api:site-detail": {"GET": SUPPLY, "PATCH": SUPPLY},
    "api:phase-list": {"GET": SUPPLY, "POST": SUPPLY},
}
# Written and tested elsewhere: allauth's pages and Django's admin.
FOREIGN = ("account_", "mfa_", "usersessions_", "admin:", "operator")


def routes(resolver: Any, space: str = "") -> Iterator[str]:
    """The full names of all routes."""
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from routes(entry, entry.namespace or space)
        elif isinstance(entry, URLPattern) and entry.name:
            yield f"{space}:{entry.name}" if space else entry.name


def test_every_route_is_declared():
    found = {name for name in routes(get_resolver()) if not name.startswith(FOREIGN)}

    assert found == {*PAGES, *API}


@pytest.fixture
def market(make, miner, miner_member, tenant, broker) -> dict[str, Any]:
    """One of everything, as arguments of the routes."""
    site, pool, need = make.site(), make.pool(), make.request()
    drain()
    match = Match.objects.get(request=need, offer=site)
    review = decide(by=broker.reader, request=need, offer=site, decision="approved", now=timezone.now())
    run = start_run(by=None, now=timezone.now())
    services.invite_member(by=miner.reader, email="a@b.test", role=Role.MEMBER, now=timezone.now())
    saved = save_search(by=miner.reader, catalogue="request", name="All", query={}, now=timezone.now())
    uid = {
        "saved_search": saved.uid,
        "saved-search": saved.uid,
        "site": site.uid,
        "gpu-pool": pool.uid,
        "gpu_pool": pool.uid,
        "gpu-model": pool.model.uid,
        "request": need.uid,
        "near-misses": need.uid,
        "plans": need.uid,
        "phase": site.phases.get().uid,
        "match": match.uid,
        "decide": match.uid,
        "review": review.uid,
        "undo": review.uid,
        "run": run.uid,
        "cancel_run": run.uid,
        "rematch-run": run.uid,
        "evidence": site.uid,
        "grants": site.uid,
        "move": site.uid,
        "renew": site.uid,
        "of": site.uid,
        "what_if": site.uid,
        "change": Membership.objects.get(user=miner_member.user).uid,
        "remove": Membership.objects.get(user=miner_member.user).uid,
        "revoke_key": miner.organization.api_keys.get(created_by=miner.user).uid,
        "revoke_invitation": Invitation.objects.get().uid,
    }
    return {"uid": uid, "site_uid": site.uid}


def address(name: str, market: dict[str, Any]) -> str:
    """The route's address, to the object of the market that it is about."""
    space, _, plain = name.rpartition(":")
    options = get_resolver()
    for part in space.split(":") if space else []:
        options = options.namespace_dict[part][1]
    wanted = options.reverse_dict.getlist(plain)[0][0][0][1]
    kinds = sorted(market["uid"], key=len, reverse=True)
    arguments = {
        argument: market["site_uid"]
        if argument == "site_uid"
        else "token"
        if argument == "token"
        else market["uid"][next(kind for kind in kinds if plain.startswith(kind))]
        for argument in wanted
    }
    return reverse(name, kwargs=arguments)


def reached(answer: Any) -> bool:
    """Neither refused, nor hidden, nor sent away to sign in or to found an organization."""
    sent_to = answer.headers.get("Location", "")
    return answer.status_code not in (401, 403, 404) and not sent_to.startswith(
        ("/accounts/login/", "/organization/create/")
    )


def reach(declared: Declared, client: Client, market: dict[str, Any]) -> set[str]:
    """The routes that answer this client, as "METHOD name"."""
    found = set()
    for name, methods in declared.items():
        for method in methods:
            with transaction.atomic():  # every call finds the market as it was
                answer = client.generic(method, address(name, market), "{}", "application/json")
                transaction.set_rollback(True)
            assert answer.status_code < 500, (method, name)
            if reached(answer):
                found.add(f"{method} {name}")
    return found


def may(declared: Declared, who: str) -> set[str]:
    return {f"{method} {name}" for name, all_ in declared.items() for method in all_ if who in all_[method]}


@pytest.mark.parametrize("who", sorted(EVERYONE))
class TestEachReachesExactlyWhatIsDeclared:
    def test_pages(self, who, market, request):
        actor = request.getfixturevalue(who)

        assert reach(PAGES, actor.client, market) == may(PAGES, who)

    def test_api(self, who, market, request):
        actor = request.getfixturevalue(who)

        assert reach(API, actor.api, market) == may(API, who)

    def test_what_is_not_open(self, who, market, request, make):
        actor = request.getfixturevalue(who)
        draft = make.site(name="Draft", status=Status.DRAFT)
        market["site_uid"] = market["uid"]["site"] = market["uid"]["move"] = draft.uid
        pages = {name: DRAFTS[name] for name in DRAFTS if name in PAGES}
        api = {name: DRAFTS[name] for name in DRAFTS if name in API}

        found = reach(pages, actor.client, market) | reach(api, actor.api, market)

        assert found == may(DRAFTS, who)
