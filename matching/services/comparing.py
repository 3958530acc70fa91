"""What a whole-market run has moved: each request's list before and after, a slice of requests at a time."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import connection
from django.db.models import Max

from matching.models import ListBefore
from matching.vocabulary import MOVE_STEP_POINTS, MOVE_STEPS, NOTED_REQUESTS

Counts = Mapping[str, int]

# The order of the rules, as `MatchQuerySet.in_order`; nulls come last by themselves.
_ORDER = "m.points DESC, m.conditional, m.utilization DESC, m.first_power_on, m.comparable_price, m.offer_id"
STEPS = range(-MOVE_STEPS, MOVE_STEPS + 1)


def note_lists() -> bool:
    """Note the lists of the next requests; False once all are noted. The notes say how far it is."""
    return _execute(_NOTE, {"after": ListBefore.objects.aggregate(last=Max("request"))["last"] or 0}) > 0


def compare_lists() -> Counts | None:
    """Compare the next noted lists with those of today and drop the notes; None once none is left."""
    slice_ = ListBefore.objects.order_by("request").values_list("request", flat=True)[:NOTED_REQUESTS]
    requests = list(slice_)
    if not requests:
        return None
    with connection.cursor() as cursor:
        cursor.execute(_COMPARE, {"first": requests[0], "last": requests[-1]})
        names = [column.name for column in cursor.description or ()]
        return dict(zip(names, cursor.fetchone(), strict=True))


def added(one: Counts, other: Counts) -> dict[str, int]:
    return {name: one.get(name, 0) + other.get(name, 0) for name in {**one, **other}}


def _execute(sql: str, values: Mapping[str, int]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.rowcount)


_NOTE = f"""
INSERT INTO matching_listbefore (request, offers, points, conditional)
SELECT r.id,
       coalesce(array_agg(m.offer_id ORDER BY {_ORDER}) FILTER (WHERE m.id IS NOT NULL), '{{}}'),
       coalesce(array_agg(m.points ORDER BY {_ORDER}) FILTER (WHERE m.id IS NOT NULL), '{{}}'),
       coalesce(array_agg(m.conditional ORDER BY {_ORDER}) FILTER (WHERE m.id IS NOT NULL), '{{}}')
  FROM (SELECT post_ptr_id AS id FROM listings_capacityrequest
         WHERE post_ptr_id > %(after)s ORDER BY 1 LIMIT {NOTED_REQUESTS}) r
  LEFT JOIN matching_match m ON m.request_id = r.id
 GROUP BY r.id
"""  # noqa: S608 - made of this file's own text

# A request that takes GPUs and hosting has two needs, so the best offer is told apart by what it offers.
_COMPARE = f"""
WITH noted AS (
    DELETE FROM matching_listbefore WHERE request BETWEEN %(first)s AND %(last)s RETURNING *
), before AS (
    SELECT n.request, b.offer, b.points, b.conditional, b.place
      FROM noted n
     CROSS JOIN unnest(n.offers, n.points, n.conditional)
           WITH ORDINALITY b (offer, points, conditional, place)
), after AS (
    SELECT m.request_id AS request, m.offer_id AS offer, m.points, m.conditional,
           row_number() OVER (PARTITION BY m.request_id ORDER BY {_ORDER}) AS place
      FROM matching_match m
     WHERE m.request_id BETWEEN %(first)s AND %(last)s AND m.request_id IN (SELECT request FROM noted)
), pair AS (
    SELECT request, offer, b.place AS was, a.place AS is_now, b.conditional AS was_conditional, a.conditional,
           sign(a.points - b.points)
           * least(abs(a.points - b.points) / {MOVE_STEP_POINTS} + 1, {MOVE_STEPS}) AS step
      FROM before b FULL JOIN after a USING (request, offer)
), best AS (
    SELECT (array_agg(offer ORDER BY was) FILTER (WHERE was IS NOT NULL))[1] AS was,
           (array_agg(offer ORDER BY is_now) FILTER (WHERE is_now IS NOT NULL))[1] AS is_now
      FROM pair JOIN listings_post p ON p.id = pair.offer
     GROUP BY request, p.post_type = 'gpu_pool'
)
SELECT (SELECT count(*) FROM noted) AS requests,
       count(was) AS matches_before,
       count(is_now) AS matches_after,
       count(*) FILTER (WHERE was IS NULL) AS matches_new,
       count(*) FILTER (WHERE is_now IS NULL) AS matches_gone,
       count(*) FILTER (WHERE conditional AND NOT was_conditional) AS turned_conditional,
       count(*) FILTER (WHERE was_conditional AND NOT conditional) AS turned_fit,
       (SELECT count(*) FROM best) AS needs,
       (SELECT count(*) FROM best WHERE was IS DISTINCT FROM is_now) AS best_changed,
       {", ".join(f'count(*) FILTER (WHERE step = {step}) AS "step_{step}"' for step in STEPS)}
  FROM pair
"""  # noqa: S608
