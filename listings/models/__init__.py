"""What exists: posts of both sides, what belongs to them, and what changed."""

from listings.models.changes import Change
from listings.models.demand import CapacityRequest, GpuWish, Step
from listings.models.posts import Disclosure, Evidence, Post
from listings.models.saved_searches import SavedSearch, SearchDigest
from listings.models.supply import GpuModel, GpuPool, Phase, Site
from listings.models.unfinished import Unfinished

__all__ = [
    "CapacityRequest",
    "Change",
    "Disclosure",
    "Evidence",
    "GpuModel",
    "GpuPool",
    "GpuWish",
    "Phase",
    "Post",
    "SavedSearch",
    "SearchDigest",
    "Site",
    "Step",
    "Unfinished",
]
