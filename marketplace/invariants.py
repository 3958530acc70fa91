"""What must always be true, one query each; a row that comes back breaks it."""

from typing import Any

from django.db import connection

_WAITS = "EXISTS (SELECT FROM listings_change c WHERE c.post_id IN (m.request_id, m.offer_id))"

INVARIANTS = {
    "capacity is never let twice": """
        SELECT 'phase', id FROM listings_phase WHERE reserved_mw < 0 OR reserved_mw > critical_mw
        UNION ALL
        SELECT 'gpu pool', post_ptr_id FROM listings_gpupool WHERE reserved_gpus > gpus
    """,
    "the phases of a site stay within its gross power": """
        SELECT s.post_ptr_id, sum(p.critical_mw) FROM listings_site s
          JOIN listings_phase p ON p.site_id = s.post_ptr_id
         GROUP BY s.post_ptr_id
        HAVING sum(p.critical_mw) * coalesce(s.pue_peak, s.pue_design, 1) > s.gross_mw
    """,
    "every change is matched within a minute, parked ones apart": """
        SELECT post_id, version, created_at FROM listings_change
         WHERE attempts < 5 AND NOT in_run AND created_at < now() - interval '60 seconds'
    """,
    "a match belongs to the versions that stand, or awaits matching": f"""
        SELECT m.request_id, m.offer_id FROM matching_match m
          JOIN listings_post r ON r.id = m.request_id
          JOIN listings_post o ON o.id = m.offer_id
         WHERE (m.request_version <> r.version OR m.offer_version <> o.version) AND NOT {_WAITS}
    """,  # noqa: S608 - made of this file's own text
    "a post that left the market has no match, or awaits matching": f"""
        SELECT m.request_id, m.offer_id FROM matching_match m
          JOIN listings_post p ON p.id IN (m.request_id, m.offer_id)
         WHERE p.status <> 'open' AND NOT {_WAITS}
    """,  # noqa: S608
    "a request matches offers, and only these": """
        SELECT m.request_id, m.offer_id FROM matching_match m
          JOIN listings_post r ON r.id = m.request_id
          JOIN listings_post o ON o.id = m.offer_id
         WHERE r.post_type <> 'request' OR o.post_type = 'request'
    """,
}


def violations() -> dict[str, list[Any]]:
    """{invariant: the rows that break it}; empty when all hold."""
    found = {}
    with connection.cursor() as cursor:
        for name, sql in INVARIANTS.items():
            cursor.execute(sql)
            found[name] = cursor.fetchall()
    return {name: rows for name, rows in found.items() if rows}
