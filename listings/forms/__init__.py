"""What people fill in to post."""

from listings.forms.many import ManyPosts
from listings.forms.papers import (
    GpuPoolPaper,
    GpuRequestPaper,
    Paper,
    PowerRequestPaper,
    SitePaper,
    Table,
)

__all__ = ["GpuPoolPaper", "GpuRequestPaper", "ManyPosts", "Paper", "PowerRequestPaper", "SitePaper", "Table"]
