"""Triggers that keep a post's version and what may never be wrong across rows.

They stand in the database so that bulk updates and raw SQL are caught as well.
"""

import pgtrigger


def _tables(**names: str) -> pgtrigger.Referencing:
    return pgtrigger.Referencing(**names)  # type: ignore[no-untyped-call]  # upstream has no types


_BOTH = _tables(old="old_rows", new="new_rows")
_EVENTS = {
    "insert": (pgtrigger.Insert, _tables(new="new_rows"), "SELECT {key} FROM new_rows"),
    "delete": (pgtrigger.Delete, _tables(old="old_rows"), "SELECT {key} FROM old_rows"),
    "update": (pgtrigger.Update, _BOTH, "SELECT {key} FROM new_rows UNION SELECT {key} FROM old_rows"),
}

# Each transaction raises a version once, however many statements it takes: the first one stamps the row with
# the transaction's id and the later ones find it stamped.
_BUMP = """
WITH bumped AS (
    UPDATE listings_post SET version = version + (changed_xid <> 0)::int,
                             changed_xid = pg_current_xact_id()::text::bigint
    WHERE id IN (
        -- Locked in key order, so that two bulk writers never wait for each other in a circle.
        SELECT id FROM listings_post WHERE id IN ({posts}) ORDER BY id FOR NO KEY UPDATE
    ) AND changed_xid <> pg_current_xact_id()::text::bigint
    RETURNING id, version
)
INSERT INTO listings_change (post_id, version) SELECT id, version FROM bumped ORDER BY id;
RETURN NULL;
"""


def bump(name: str, key: str, *, is_post: bool = False) -> list[pgtrigger.Trigger]:
    """Statement triggers for a table whose column `key` holds the post's id.

    On a post's own tables deletes do not count (posts are never deleted), and neither do the updates that
    other triggers make, these here among them.
    """
    return [
        pgtrigger.Trigger(
            name=f"{name}_{event}_bumps",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=operation,
            referencing=referencing,
            condition=pgtrigger.Condition("pg_trigger_depth() = 0") if is_post else None,
            func=_BUMP.format(posts=posts.format(key=key)),
        )
        for event, (operation, referencing, posts) in _EVENTS.items()
        if not is_post or event != "delete"
    ]


def version_never_falls() -> pgtrigger.Trigger:
    """A stale object that is saved whole does not write an old version back."""
    return pgtrigger.Trigger(
        name="post_version_never_falls",
        level=pgtrigger.Row,
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        condition=pgtrigger.Condition("NEW.version < OLD.version"),
        func="NEW.version := OLD.version; NEW.changed_xid := OLD.changed_xid; RETURN NEW;",
    )


def site_moves_its_pools() -> pgtrigger.Trigger:
    """A pool without a place of its own stands where its site stands."""
    moved = """
        SELECT pool.post_ptr_id FROM listings_gpupool pool
        JOIN new_rows n ON n.post_ptr_id = pool.at_site_id
        JOIN old_rows o ON o.post_ptr_id = n.post_ptr_id
        WHERE (n.country, n.region, n.grid) IS DISTINCT FROM (o.country, o.region, o.grid)
    """
    return pgtrigger.Trigger(
        name="site_place_bumps_pools",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Update,
        referencing=_BOTH,
        func=_BUMP.format(posts=moved),
    )


def phases_fit(name: str, site: str) -> pgtrigger.Trigger:
    """At commit, the site's phases together stay within its gross power."""
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Row,
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.Update,
        timing=pgtrigger.Deferred,
        declare=[("drawn", "numeric"), ("gross", "numeric")],
        func=f"""
        SELECT sum(p.critical_mw) * coalesce(max(s.pue_peak), max(s.pue_design), 1), max(s.gross_mw)
          INTO drawn, gross
          FROM listings_site s JOIN listings_phase p ON p.site_id = s.post_ptr_id
         WHERE s.post_ptr_id = NEW.{site};
        IF drawn > gross THEN
            RAISE check_violation USING
                MESSAGE = format('phases draw %s MW of %s MW gross', round(drawn, 3), gross),
                CONSTRAINT = 'site_phases_within_gross';
        END IF;
        RETURN NULL;
        """,  # noqa: S608 - the column name is a constant of this file's callers
    )


def ramp_holds(name: str, request: str) -> pgtrigger.Trigger:
    """At commit, each later step asks for more than the one before, all in the request's unit, and the
    outside date is not before the first step."""
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Row,
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.Update,
        timing=pgtrigger.Deferred,
        func=f"""
        IF EXISTS (
            SELECT FROM listings_step a JOIN listings_step b ON b.request_id = a.request_id
             WHERE a.request_id = NEW.{request} AND b.need_on > a.need_on
               AND coalesce(b.critical_mw, b.gpus) <= coalesce(a.critical_mw, a.gpus)
        ) OR EXISTS (
            SELECT FROM listings_step s JOIN listings_capacityrequest r ON r.post_ptr_id = s.request_id
             WHERE s.request_id = NEW.{request} AND (r.kind = 'power') <> (s.critical_mw IS NOT NULL)
        ) THEN
            RAISE check_violation USING
                MESSAGE = 'step totals must rise, in the unit of the request',
                CONSTRAINT = 'request_step_totals_rise';
        END IF;
        IF (SELECT min(s.need_on) > min(r.latest_on)
              FROM listings_step s JOIN listings_capacityrequest r ON r.post_ptr_id = s.request_id
             WHERE s.request_id = NEW.{request}) THEN
            RAISE check_violation USING
                MESSAGE = 'the outside date is before the first step',
                CONSTRAINT = 'request_latest_on_after_first_step';
        END IF;
        RETURN NULL;
        """,  # noqa: S608 - the column name is a constant of this file's callers
    )
