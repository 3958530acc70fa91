"""What the services of all three kinds of post share."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, TypeVar

from accounts.vocabulary import Kind
from common.errors import DomainError, NotAllowed
from listings.models import CapacityRequest, GpuPool, Post, Site
from listings.services.filling import Faults, fill, require
from listings.vocabulary import PostType, Status

MODELS: dict[str, type[Site] | type[GpuPool] | type[CapacityRequest]] = {
    PostType.SITE: Site,
    PostType.GPU_POOL: GpuPool,
    PostType.REQUEST: CapacityRequest,
}
_SIDES = {PostType.SITE: Kind.MINER, PostType.GPU_POOL: Kind.MINER, PostType.REQUEST: Kind.TENANT}
_OPENING = {Status.DRAFT, Status.OPEN}

_P = TypeVar("_P", bound=Post)


class WrongSide(NotAllowed):
    """Miners offer, tenants ask, brokers do neither."""

    code = "wrong_side"


class Withdrawn(DomainError):
    """A withdrawn post stays as it is."""

    code = "withdrawn"


def begin(
    post: Post, *, post_type: PostType, fields: Mapping[str, Any], now: datetime, faults: Faults
) -> None:
    """Fill a new post; raises WrongSide when its organization stands on the other side of the market."""
    if post.organization.kind != _SIDES[post_type]:
        raise WrongSide(f"Only a {_SIDES[post_type].label} may post a {post_type.label}.")
    post.post_type, post.created_at = post_type, now
    status = fields.get("status", Status.OPEN)
    if status not in _OPENING:
        faults.add("status", "A new post is draft or open.")
    post.status = status
    today = now.date()
    change(post, {"open_until": a_year_after(today), **without_status(fields)}, today=today, faults=faults)
    require(post, fields.keys() | {"open_until"}, faults)


def change(post: Post, fields: Mapping[str, Any], *, today: date, faults: Faults) -> None:
    """Write the named fields of a post."""
    fill(post, fields, faults)
    if "open_until" in fields and "open_until" not in faults.fields and post.open_until < today:
        faults.add("open_until", "Must not be in the past.")


def without_status(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name != "status"}


def locked(post: _P) -> _P:
    """The post as it stands now, locked against other writers; raises Withdrawn."""
    model: Any = MODELS[post.post_type]
    current: _P = model.objects.select_for_update(no_key=True).get(pk=post.pk)
    if current.status == Status.WITHDRAWN:
        raise Withdrawn("This post was withdrawn. Post a new one.")
    return current


def stored(post: _P) -> _P:
    """The post with the version that the triggers have just given it."""
    post.refresh_from_db(fields=["version", "changed_xid"])
    return post


def judge_region(place: Site | GpuPool, faults: Faults) -> None:
    """A region lies in the country, if there is one."""
    country = place.country.code
    if country and "country" not in faults.fields and place.region[:3] not in ("", f"{country}-"):
        faults.add("region", f"Must be a region of the country: a code such as {country}-….")


def a_year_after(day: date) -> date:
    last = day.replace(day=28) if (day.month, day.day) == (2, 29) else day
    return last.replace(year=day.year + 1)
