"""Pages of posts."""

from listings.views.catalogue import gpu_pool_list, request_list, site_list
from listings.views.editing import (
    gpu_pool_edit,
    gpu_pool_new,
    request_edit,
    request_new,
    site_edit,
    site_new,
)
from listings.views.grid import site_grid
from listings.views.moves import move, renew, renew_all
from listings.views.pages import gpu_pool_page, request_page, site_page
from listings.views.quick import request_quick
from listings.views.stepwise import request_steps
from listings.views.trust import evidence, grants

__all__ = [
    "evidence",
    "gpu_pool_edit",
    "gpu_pool_list",
    "gpu_pool_new",
    "gpu_pool_page",
    "grants",
    "move",
    "renew",
    "renew_all",
    "request_edit",
    "request_list",
    "request_new",
    "request_page",
    "request_quick",
    "request_steps",
    "site_edit",
    "site_grid",
    "site_list",
    "site_new",
    "site_page",
]
