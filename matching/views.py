"""Matches: of all of one's posts, of one post in rank order, and one match with its reasons."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.readers import PageRequest
from accounts.vocabulary import Kind
from common.tables import Cell, Column, Table
from listings.models import Post
from listings.vocabulary import PostType, Status
from matching.models import Match


@require_safe
@login_required
def matches(request: PageRequest) -> HttpResponse:
    """The organization's posts, each with how many matches it has and the best score."""
    if request.reader.organization is None:
        return redirect("accounts:create_organization")
    return render(request, "matching/matches.html", {"table": None})


@require_safe
@login_required
def of_post(request: PageRequest, uid: str) -> HttpResponse:
    return render(request, "matching/matches.html", {"table": None})


@require_safe
@login_required
def match(request: PageRequest, uid: str) -> HttpResponse:
    return render(request, "matching/matches.html", {"table": None})
