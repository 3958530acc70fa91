"""What we ask about posts. Who sees what is decided here and nowhere else."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Self, TypeVar

from django.apps import apps
from django.db.models import Case, Exists, F, Model, OuterRef, Prefetch, Q, QuerySet, Subquery, Value, When
from django.db.models.fields import CharField
from django.db.models.functions import Coalesce, JSONObject, TruncDate

from accounts.readers import Reader
from accounts.vocabulary import Kind
from listings.vocabulary import DisclosureMode, Face, Freshness, PostType, Status

MAX_ATTEMPTS = 5
FRESH_FOR = timedelta(days=90)
STALE_FOR = timedelta(days=365)
# The price band, with what states no price beyond every band.
PRICE_RANK = Coalesce("price_band", Value(99))

_P = TypeVar("_P", bound=Model, covariant=True)

# Which kind of organization stands on the other side of a post.
_OTHER_SIDE = {PostType.SITE: Kind.TENANT, PostType.GPU_POOL: Kind.TENANT, PostType.REQUEST: Kind.MINER}


def _other_side(reader: Reader) -> Q:
    """Posts whose other side the reader is on, as far as an operator has verified the reader."""
    kind = reader.organization.kind if reader.organization and reader.is_verified else None
    return Q(post_type__in=[post for post, other in _OTHER_SIDE.items() if other == kind])


def _rows(model: str) -> QuerySet[Any]:
    """All rows of a model that itself imports this module."""
    rows: QuerySet[Any] = apps.get_model("listings", model)._default_manager.all()
    return rows


class PostQuerySet(QuerySet[_P]):
    def open(self, today: date) -> Self:
        """On the market: open and not past its last day, even before the daily turn has marked it."""
        return self.filter(status=Status.OPEN, open_until__gte=today)

    def of(self, reader: Reader) -> Self:
        """The reader's own posts; a visitor has none."""
        return self.filter(organization=reader.organization) if reader.organization else self.none()

    def visible_to(self, reader: Reader, today: date) -> Self:
        """What the reader may know to exist, with `face` saying how much of each post may be shown.

        Owners see their own posts always; brokers and parties see whatever is not a draft; everybody else
        sees what is open.
        """
        if reader.organization is None:
            return self.with_face(reader).open(today)
        return self.with_face(reader).filter(
            Q(status=Status.OPEN, open_until__gte=today)
            | Q(face=Face.RESERVE)
            | (Q(_party=True) & ~Q(status=Status.DRAFT))
        )

    def with_face(self, reader: Reader) -> Self:
        if reader.organization is None:  # nobody has granted them anything: the database need not look
            return self.annotate(_party=Value(False), face=Value(Face.TEASER, output_field=CharField()))
        organization = reader.organization.pk
        granted = _rows("Disclosure").filter(post=OuterRef("pk"), organization=organization, revoked_at=None)
        return self.annotate(_party=Value(True) if reader.is_broker else Exists(granted)).annotate(
            face=Case(
                When(organization_id=organization, then=Value(Face.RESERVE)),
                When(_party=True, then=Value(Face.FULL)),
                When(_other_side(reader) & Q(disclosure=DisclosureMode.OPEN), then=Value(Face.FULL)),
                default=Value(Face.TEASER),
                output_field=CharField(),
            )
        )

    def teasers_to(self, reader: Reader) -> Self:
        """Posts of which the reader would see no more than the teaser."""
        return self.with_face(reader).filter(face=Face.TEASER)

    def seen_in_full(self) -> Self:
        """Of posts with a face, those that show their reader more than the teaser."""
        return self.exclude(face=Face.TEASER)

    def for_owner(self, reader: Reader) -> Self:
        """The reader's own posts of all kinds, newest first, in one query."""
        return self.of(reader).with_pending().with_title().order_by("-created_at", "uid")

    def with_title(self) -> Self:
        """Annotate `title`: the name its owner gave a post, else its code name. Not for teasers."""
        return self.annotate(title=Coalesce("site__name", "capacityrequest__title", "code_name"))

    def with_stuck(self) -> Self:
        """Annotate `stuck`: matching has failed too often to be tried again by itself."""
        parked = _rows("Change").filter(post=OuterRef("pk"), attempts__gte=MAX_ATTEMPTS)
        return self.annotate(stuck=Exists(parked))

    def with_waiting(self) -> Self:
        """Annotate `waiting`: of the changes that await matching the next one, as a dict; else None."""
        changes = (
            _rows("Change").filter(post=OuterRef("pk"), rest_only=False).order_by("in_run", "created_at")
        )
        told = JSONObject(in_run="in_run", attempts="attempts", since="created_at")
        return self.annotate(waiting=Subquery(changes.values(told=told)[:1]))

    def with_pending(self) -> Self:
        """Annotate `pending`: changes of this post still await matching."""
        return self.annotate(pending=Exists(_rows("Change").filter(post=OuterRef("pk"), rest_only=False)))


class ShelfQuerySet(PostQuerySet[_P]):
    """Posts of one kind, with all that belongs to them."""

    soonest = "ready_quarter"

    def for_catalogue(self, reader: Reader, today: date) -> Self:
        """What the catalogue page and the API list show, soonest first, in at most four queries."""
        return self.visible_to(reader, today).with_all().order_by(self.soonest, "pk")

    def with_ranks(self) -> Self:
        """Annotate what lists also sort by: `listed_on`, the day of posting. Page links can be read, and the
        instant would tell which teasers were posted together."""
        return self.annotate(listed_on=TruncDate("created_at"))

    def for_page(self, reader: Reader, today: date) -> Self:
        """One post with all that its page shows."""
        return self.visible_to(reader, today).with_all().with_waiting()

    def with_all(self) -> Self:
        """Load what belongs to the posts."""
        return self.select_related("organization")


class SupplyQuerySet(ShelfQuerySet[_P]):
    def with_ranks(self) -> Self:
        """And `price_rank`: the price band, with what states no price after all that does."""
        return super().with_ranks().annotate(price_rank=PRICE_RANK)

    def with_all(self) -> Self:
        return self.with_parts().prefetch_related("evidence")

    def with_parts(self) -> Self:
        """Load what belongs to the posts but for their evidence, which sites and pools have alike."""
        return super().with_all()


class SiteQuerySet(SupplyQuerySet[_P]):
    def with_parts(self) -> Self:
        return super().with_parts().prefetch_related("phases")


class GpuPoolQuerySet(SupplyQuerySet[_P]):
    def with_parts(self) -> Self:
        return super().with_parts().select_related("model", "at_site")


class CapacityRequestQuerySet(ShelfQuerySet[_P]):
    soonest = "need_quarter"

    def with_all(self) -> Self:
        wishes = Prefetch("gpu_wishes", _rows("GpuWish").select_related("model"))
        return super().with_all().prefetch_related("steps", wishes)


class GpuModelQuerySet(QuerySet[_P]):
    def for_catalogue(self) -> Self:
        return self.order_by("vendor", "-release_year", "name", "pk")


class EvidenceQuerySet(QuerySet[_P]):
    def age(self, today: date) -> int:
        """Bring `freshness` up to today; returns how many rows changed. Fresh to 90 days from the day of
        verification, stale to 365, then none; expired is none at once."""
        due = Case(
            When(expires_on__lt=today, then=Value(Freshness.NONE)),
            When(verified_on__gte=today - FRESH_FOR, then=Value(Freshness.FRESH)),
            When(verified_on__gte=today - STALE_FOR, then=Value(Freshness.STALE)),
            default=Value(Freshness.NONE),
            output_field=CharField(),
        )
        return self.alias(due=due).exclude(freshness=F("due")).update(freshness=due)


class DisclosureQuerySet(QuerySet[_P]):
    def for_owner(self, post: int) -> Self:
        """Every grant of a post with its organization: those that stand first, then the newest."""
        grants = self.filter(post=post).select_related("organization")
        return grants.order_by(F("revoked_at").desc(nulls_first=True), "-granted_at", "pk")

    def live(self) -> Self:
        return self.filter(revoked_at=None)


class ChangeQuerySet(QuerySet[_P]):
    def waiting(self) -> Self:
        return self.filter(attempts__lt=MAX_ATTEMPTS)

    def parked(self) -> Self:
        """Changes that failed too often to be tried again by themselves."""
        return self.filter(attempts__gte=MAX_ATTEMPTS)

    def ordinary(self) -> Self:
        """What has changed, or lost so many matches that it is ranked anew."""
        return self.filter(in_run=False)

    def of_run(self) -> Self:
        """Put there by a whole-market run, one a post."""
        return self.filter(in_run=True)


class SearchDigestQuerySet(QuerySet[_P]):
    def claim(self, now: datetime) -> _P | None:
        """The member who has waited longest for a look at their searches, locked; those of other workers are
        passed over."""
        due = self.filter(due_at__lte=now).select_related("membership__user", "membership__organization")
        return due.select_for_update(skip_locked=True, of=("self",)).order_by("due_at", "pk").first()


class SavedSearchQuerySet(QuerySet[_P]):
    def of(self, reader: Reader) -> Self:
        """The reader's own, in the organization that they act for."""
        if reader.user is None or reader.organization is None:
            return self.none()
        membership = {"membership__user": reader.user, "membership__organization": reader.organization}
        return self.filter(**{f"digest__{name}": value for name, value in membership.items()})

    def for_lists(self, reader: Reader) -> Self:
        """By name, with `new`, how many posts came since the last look, and without the posts themselves."""
        mine = self.of(reader).annotate(new=F("fresh__len")).select_related("digest")
        return mine.defer("known", "fresh", "unmailed").order_by("name", "pk")
