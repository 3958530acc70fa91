"""The three kinds of posts, as the pages treat them alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from accounts.readers import Reader
from accounts.vocabulary import Kind
from common.errors import NotAllowed
from listings import forms, services
from listings.models import CapacityRequest, GpuPool, Post, Site
from listings.vocabulary import PostType, RequestKind


@dataclass(frozen=True)
class Shelf:
    """One kind of post: its model, who may post it, its form and its services.

    `one` and `many` are its URL names; `argument` is what the update service calls the post.
    """

    post_type: PostType
    model: type[Site] | type[GpuPool] | type[CapacityRequest]
    side: Kind
    one: str
    many: str
    argument: str
    title: str
    noun: str
    lead: str
    create: Callable[..., Post]
    check: Callable[..., dict[str, str]]
    update: Callable[..., Post]

    def is_for(self, reader: Reader) -> bool:
        """Whether the reader stands on the side that posts this."""
        return reader.organization is not None and reader.organization.kind == self.side

    def require_side(self, reader: Reader) -> None:
        """Refuse whoever does not."""
        if not self.is_for(reader):
            raise NotAllowed(f"Only {self.side.label.lower()}s post {self.title.lower()}.")

    def url(self, uid: Any) -> str:
        return reverse(f"listings:{self.one}", args=[uid])

    @property
    def nouns(self) -> str:
        return f"{self.noun}s"

    @property
    def list_url(self) -> str:
        return reverse(f"listings:{self.many}")

    @property
    def new_url(self) -> str:
        """Where posting one begins; a request's page also leads to the other ways to post it."""
        return reverse("listings:request_steps" if self is REQUESTS else f"listings:{self.one}_new")


SITES = Shelf(
    post_type=PostType.SITE,
    model=Site,
    side=Kind.MINER,
    one="site",
    many="sites",
    argument="site",
    title="Sites",
    noun="site",
    lead="Energized sites of miners, with dated phases of convertible megawatts.",
    create=services.create_site,
    check=services.check_site,
    update=services.update_site,
)
GPU_POOLS = Shelf(
    post_type=PostType.GPU_POOL,
    model=GpuPool,
    side=Kind.MINER,
    one="gpu_pool",
    many="gpu_pools",
    argument="pool",
    title="GPU pools",
    noun="GPU pool",
    lead="Blocks of identical GPUs that miners rent out.",
    create=services.create_gpu_pool,
    check=services.check_gpu_pool,
    update=services.update_gpu_pool,
)
REQUESTS = Shelf(
    post_type=PostType.REQUEST,
    model=CapacityRequest,
    side=Kind.TENANT,
    one="request",
    many="requests",
    argument="request",
    title="Requests",
    noun="request",
    lead="What AI tenants need: megawatts or GPUs, by when and where.",
    create=services.create_request,
    check=services.check_request,
    update=services.update_request,
)
SHELVES = {shelf.post_type: shelf for shelf in (SITES, GPU_POOLS, REQUESTS)}


def paper_of(shelf: Shelf, kind: str) -> type[forms.Paper]:
    """The form of a kind of post; a request's depends on whether it needs megawatts or GPUs."""
    if shelf is SITES:
        return forms.SitePaper
    if shelf is GPU_POOLS:
        return forms.GpuPoolPaper
    return forms.GpuRequestPaper if kind == RequestKind.GPU else forms.PowerRequestPaper
