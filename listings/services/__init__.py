"""What happens to posts: one function for each action, each in one transaction that rings the bell."""

from listings.services.gpu_models import load_gpu_models
from listings.services.gpu_pools import check_gpu_pool, create_gpu_pool, update_gpu_pool
from listings.services.life_cycle import MoveRefused, move_post, renew_post, renew_posts, turn_the_day
from listings.services.posts import Withdrawn, WrongSide
from listings.services.requests import check_request, create_request, update_request
from listings.services.sites import (
    CapacityReserved,
    PhaseGone,
    add_phase,
    check_site,
    create_site,
    remove_phase,
    update_phase,
    update_site,
)
from listings.services.trust import (
    OwnPost,
    grant_by_name,
    grant_disclosure,
    record_evidence,
    revoke_disclosure,
)
from listings.services.unfinished import drop_unfinished, forget_unfinished, keep_unfinished

__all__ = [
    "CapacityReserved",
    "MoveRefused",
    "OwnPost",
    "PhaseGone",
    "Withdrawn",
    "WrongSide",
    "add_phase",
    "check_gpu_pool",
    "check_request",
    "check_site",
    "create_gpu_pool",
    "create_request",
    "create_site",
    "drop_unfinished",
    "forget_unfinished",
    "grant_by_name",
    "grant_disclosure",
    "keep_unfinished",
    "load_gpu_models",
    "move_post",
    "record_evidence",
    "remove_phase",
    "renew_post",
    "renew_posts",
    "revoke_disclosure",
    "turn_the_day",
    "update_gpu_pool",
    "update_phase",
    "update_request",
    "update_site",
]
