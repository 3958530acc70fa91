"""What people fill in to post."""

from listings.forms.grid import GridRow, grid_of, uids_in
from listings.forms.many import ManyPosts
from listings.forms.papers import (
    COUNT,
    STAY,
    GpuPoolPaper,
    GpuRequestPaper,
    Grid,
    Line,
    Paper,
    PowerRequestPaper,
    Problem,
    SitePaper,
    Table,
)
from listings.forms.quick import QuickRequest

__all__ = [
    "COUNT",
    "STAY",
    "GpuPoolPaper",
    "GpuRequestPaper",
    "Grid",
    "GridRow",
    "Line",
    "ManyPosts",
    "Paper",
    "PowerRequestPaper",
    "Problem",
    "QuickRequest",
    "SitePaper",
    "Table",
    "grid_of",
    "uids_in",
]
