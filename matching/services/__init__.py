"""What happens: posts are claimed, ranked and written."""

from matching.services.work import drain, rematch_everything, work_for

__all__ = ["drain", "rematch_everything", "work_for"]
