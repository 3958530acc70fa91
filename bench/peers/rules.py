"""The rules as set-based SQL: cheap gates over all pairs first, then only what is left.

One text serves PostgreSQL and DuckDB but for the few things that they spell differently. TRUE, FALSE and NULL
are the three answers of a gate: AND is every(), OR is some(). LEAST and GREATEST pass over NULLs in both.
"""

from __future__ import annotations

from bench.answers import KEPT_PER_NEED, KEPT_PER_OFFER
from bench.peers.columns import Book
from engine import STANDARD
from engine.vocabulary import BUILD_TO_SUIT, FITTED_OUT, POWERED_SHELL

# To 1e-6 as Python rounds: by the exact value of the float, to even where that is a tie. What the product
# lost (Dekker 1971) is only asked where there seems to be a tie.
_HIGH = "(134217729 * x - (134217729 * x - x))"
_LOST = f"({_HIGH} * 1e6 - x * 1e6 + (x - {_HIGH}) * 1e6)"
_R6 = f"""(floor(x * 1e6) + CASE
    WHEN x * 1e6 - floor(x * 1e6) > 0.5 THEN 1 WHEN x * 1e6 - floor(x * 1e6) < 0.5 THEN 0
    WHEN {_LOST} > 0 THEN 1 WHEN {_LOST} < 0 THEN 0
    ELSE floor(x * 1e6) - 2 * floor(x * 1e6 / 2) END) / 1e6"""
_DAY_ONE = "DATE '0001-01-01'"
_PURE = "IMMUTABLE PARALLEL SAFE RETURN"
_MONTHS_ON_IN_POSTGRES = (
    f"({_DAY_ONE} + (day - 1)::int + make_interval(months => months::int))::date - {_DAY_ONE} + 1"
)
_MONTHS_ON = "CREATE OR REPLACE FUNCTION months_on(day bigint, months bigint) RETURNS bigint {pure} {body}"
_MONTHS_ON_IN_DUCKDB = (
    f"datediff('day', {_DAY_ONE}, CAST({_DAY_ONE} + CAST(day - 1 AS INTEGER)"
    " + to_months(CAST(months AS INTEGER)) AS DATE)) + 1"
)

DIALECTS = {
    "postgresql": (
        f"CREATE OR REPLACE FUNCTION r6(x float8) RETURNS float8 {_PURE} {_R6}",
        f"CREATE OR REPLACE FUNCTION whole(a bigint, b bigint) RETURNS bigint {_PURE} a / b",
        _MONTHS_ON.format(pure=_PURE, body=_MONTHS_ON_IN_POSTGRES),
    ),
    "duckdb": (
        f"CREATE OR REPLACE MACRO r6(x) AS {_R6}",
        "CREATE OR REPLACE MACRO whole(a, b) AS a // b",
        f"CREATE OR REPLACE MACRO months_on(day, months) AS {_MONTHS_ON_IN_DUCKDB}",
    ),
}

UNKNOWN = "CAST(NULL AS BOOLEAN)"


class Rules:
    """The statements for tables with these many slots."""

    def __init__(self, book: Book, dialect: str) -> None:
        self.dialect = dialect
        word = book.bits["word"].of
        self.slots, self.steps = range(1, book.phases + 1), range(1, book.steps + 1)
        self.wishes = range(1, book.wishes + 1)
        self.to_suit, self.shell = word(BUILD_TO_SUIT), word(POWERED_SHELL)
        self.fitted = word(*FITTED_OUT)

    def statements(self) -> dict[str, str]:
        """One table after the other; each is analysed before the next is made."""
        return {
            "pairs": self.pairs(),
            "fitting": self.fitting(),
            "priced": self.priced(),
            "rated": self.rated(),
            "ramped": self.ramped(),
            "kept": self.kept(),
        }

    def _chained(self, source: str, *levels: str) -> str:
        """A FROM clause in which each level of columns is worked out once, from those before it.

        PostgreSQL would paste an inner expression into each of its uses, unless the levels are lateral and
        fenced with OFFSET 0; DuckDB wants them nested.
        """
        if self.dialect == "postgresql":
            lateral = (
                f"CROSS JOIN LATERAL (SELECT {level} OFFSET 0) AS l{n}" for n, level in enumerate(levels)
            )
            return f"{source} {' '.join(lateral)}"
        for n, level in enumerate(levels):
            source = f"(SELECT *, {level} FROM {source}) AS l{n}"
        return source

    # ---- gates that look at need and offer alone

    def pairs(self) -> str:
        """Each gate is a condition of its own, so that most pairs cost no more than the first of them."""
        gates = self._gates_alone()
        loose = [  # what fails these fails timeline or delivery, whatever its phases are like one by one
            "earliest <= step_day1",
            "n_unit = 1 OR delivery_asked = 0 OR types_blank OR (types & delivery_asked) <> 0",
        ]
        return f"""
        SELECT n, o, {" AND ".join(f"({gate})" for gate in gates)} AS sure
        FROM needs JOIN offers ON o_unit = n_unit
        WHERE {" AND ".join(f"({gate}) IS NOT FALSE" for gate in (*gates, *loose))}"""

    def _gates_alone(self) -> list[str]:
        """Need and offer alone; the most selective first."""
        shortest = "GREATEST(n_term_min, COALESCE(o_term_min, 0))"
        return [
            f"""anywhere OR (countries & country) <> 0
                OR CASE WHEN region IS NOT NULL THEN (regions & region) <> 0
                        WHEN (regions & regions_there) <> 0 THEN {UNKNOWN} ELSE FALSE END
                OR CASE WHEN grid IS NOT NULL THEN (grids & grid) <> 0
                        WHEN grids <> 0 THEN {UNKNOWN} ELSE FALSE END""",
            "(excluded & country) = 0",
            "smallest_order <= quantity",
            f"free_ever >= {self._wanted()}",
            f"""{shortest} <= LEAST(n_term_max, COALESCE(o_term_max, n_term_max))
                AND CASE WHEN o_term_min IS NULL OR o_term_max IS NULL THEN {UNKNOWN} ELSE TRUE END""",
            f"""n_unit = 1 OR COALESCE(security >= security_instead, FALSE)
                OR CASE WHEN credit_asked IS NOT NULL THEN credit >= credit_asked
                        WHEN credit = 2 THEN TRUE ELSE {UNKNOWN} END""",
            "n_unit = 1 OR most_hours IS NULL OR hours <= most_hours",
            "n_unit = 1 OR most_escalator IS NULL OR escalator <= most_escalator",
            "n_unit = 1 OR bases = 0 OR (bases & basis) <> 0",
            "certificates_asked = 0 OR (certificates & certificates_asked) = certificates_asked",
            "n_unit = 0 OR models = 0 OR (models & model) <> 0",
            "n_unit = 0 OR fabrics = 0 OR (fabrics & fabric) <> 0",
            "n_unit = 0 OR least_gbps IS NULL OR gbps >= least_gbps",
            f"n_unit = 0 OR largest >= {self._wanted()}",
            f"""n_unit = 0 OR until_day IS NULL
                OR until_day >= months_on(GREATEST(start_day, first_day), {shortest})""",
        ]

    def _wanted(self) -> str:
        part = "LEAST(first, GREATEST(smallest_part, smallest_order))"
        return f"(CASE WHEN splittable THEN {part} ELSE least_quantity END)"

    # ---- gates of the halls, capacity and timeline

    def fitting(self) -> str:
        halls = self._each(
            "(n_unit = 1 OR rack_asked IS NULL OR rack{i} >= rack_asked OR built{i}) AS dense{i},"
            " (n_unit = 1 OR cooling_asked = 0 OR (cool{i} & cooling_asked) <> 0 OR built{i}) AS cooled{i},"
            " (n_unit = 1 OR redundancy_asked IS NULL OR redundant{i} >= redundancy_asked OR built{i})"
            " AS doubled{i},"
            " (n_unit = 1 OR delivery_asked = 0 OR (delivers{i} & delivery_asked) <> 0) AS delivered{i}"
        )
        counting = self._each(
            "CASE WHEN (dense{i} AND cooled{i} AND doubled{i} AND delivered{i}) IS FALSE"
            " THEN 0 ELSE free{i} END AS f{i},"
            " CASE WHEN dense{i} AND cooled{i} AND doubled{i} AND delivered{i} THEN free{i} ELSE 0 END"
            " AS s{i}"
        )
        gates = [
            *(self._any(verdict) for verdict in ("dense", "cooled", "doubled", "delivered")),
            self._reached("wanted"),
            *(self._step_met(step) for step in self.steps),
        ]
        chained = self._chained(
            "pairs JOIN needs USING (n) JOIN offers USING (o)",
            f"{self._wanted()} AS wanted, {self._each(f'{self._built()} AS built{{i}}')}",
            halls,
            counting,
            f"sure AND {' AND '.join(gates)} AS holds",
        )
        return f"SELECT n, o, holds, {self._each('f{i}, s{i}')} FROM {chained} WHERE holds IS NOT FALSE"

    def _built(self) -> str:
        return f"(may_build AND (delivers{{i}} & {self.to_suit}) <> 0)"

    def _any(self, verdict: str) -> str:
        return f"({' OR '.join(f'(free{i} > 0 AND {verdict}{i})' for i in self.slots)} OR n_unit = 1)"

    def _reached(self, wanted: str, when: str = "f{i}") -> str:
        """TRUE if phases that surely count suffice, NULL if those with blanks are needed."""
        expected, surely = self._sum(when), self._sum(when.replace("f{i}", "s{i}"))
        return (
            f"CASE WHEN LEAST(cap_mw, {surely}) >= {wanted} THEN TRUE"
            f" WHEN LEAST(cap_mw, {expected}) >= {wanted} THEN {UNKNOWN} ELSE FALSE END"
        )

    def _step_met(self, k: int) -> str:
        wanted = f"(CASE WHEN splittable THEN wanted ELSE step_least{k} END)"
        return self._reached(wanted, f"CASE WHEN day{{i}} <= step_day{k} THEN f{{i}} ELSE 0 END")

    # ---- price

    def priced(self) -> str:
        most = f"({STANDARD.dearest_ratio_pct} * room - 100 * allowance)"
        one, floored = (
            ("asks", "dearest", "ask{i}"),
            ("floor_asks", "floor_dearest", "LEAST(ask{i}, ask_floor)"),
        )
        chained = self._chained(
            "fitting JOIN needs USING (n) JOIN offers USING (o)",
            f"""{self._wanted()} AS wanted, {self._cap()} AS cap_here,
                CASE WHEN delivery_asked = 0 THEN types ELSE types & delivery_asked END AS types_met,
                GREATEST(n_term_min, o_term_min,
                  LEAST(n_term_max, o_term_max, COALESCE(term_wished, n_term_max))) AS term_months""",
            f"""{self._fit_out()} AS fit_out, {self._ask("f", *one)} AS asked,
                CASE WHEN ask_floor IS NULL THEN {self._ask("f", *one)} ELSE {self._ask("f", *floored)} END
                  AS asked_least,
                CASE WHEN ask_floor IS NULL THEN {self._ask("s", *one)} ELSE {self._ask("s", *floored)} END
                  AS asked_surely""",
            """cap_here - power - fit_out AS room,
                whole(asked * gross + 500, 1000) AS ask, whole(asked_least * gross + 500, 1000) AS lowest,
                whole(asked_surely * gross + 500, 1000) AS highest""",
            f"""CASE WHEN cap_here IS NULL THEN holds
                     WHEN room <= 0 THEN FALSE
                     WHEN room IS NULL OR lowest IS NULL OR allowance IS NULL THEN {UNKNOWN}
                     WHEN 100 * lowest > {most} THEN FALSE
                     WHEN 100 * highest <= {most} THEN holds ELSE {UNKNOWN} END AS fits""",
        )
        return f"""
        SELECT n, o, fits, {self._each("f{i}")}, cap_here, room, ask,
          ask + power + allowance + fit_out AS comparable
        FROM {chained} WHERE fits IS NOT FALSE"""

    def _cap(self) -> str:
        wished = " ".join(f"WHEN wish{k} THEN wish_cap{k}" for k in self.wishes)
        return f"CASE WHEN n_unit = 0 THEN cap ELSE CASE model {wished} END END"

    def _fit_out(self) -> str:
        rate = float(STANDARD.capital_rate)
        shell = f"CASE WHEN (types_met & {self.shell}) <> 0 THEN {STANDARD.powered_shell_capex_usd_mw} END"
        recovery = f"{rate} / (1 - power({real(1 + rate)}, -{real('term_months')} / 12))"
        yearly = f"{real(f'COALESCE(capex, {shell}) * paid')} / 2 * {recovery}"
        return f"""
            CASE WHEN paid = 0 THEN 0
                 WHEN paid IS NOT NULL THEN CAST(floor({yearly} / 1.2 + 0.5) AS BIGINT)
                 WHEN types_met <> 0 AND NOT types_blank AND (types_met & {self.fitted}) = types_met
                 THEN 0 END"""

    def _ask(self, free: str, state: str, dearest: str, ask: str) -> str:
        """The one ask, or the mean of the cheapest that make the quantity wanted, half up."""
        taken, cost = [], []
        for i in self.slots:
            before = " + ".join([f"{free}{j} * before{j}_{i}" for j in self.slots if j != i] or ["0"])
            take = f"LEAST({free}{i}, GREATEST(0, wanted - ({before})))"
            taken.append(take)
            cost.append(f"COALESCE({ask.format(i=i)}, 0) * {take}")
        lacking = f"(wanted - ({' + '.join(taken)}))"
        mean = f"whole(2 * ({' + '.join(cost)} + {lacking} * {dearest}) + wanted, 2 * wanted)"
        return f"CASE {state} WHEN 1 THEN {dearest} WHEN 2 THEN {mean} END"

    # ---- scores, the ramp apart

    def rated(self) -> str:
        least = float(STANDARD.least_dimension)
        rack = "CASE WHEN rack{i} IS NOT NULL THEN LEAST(1.0, rack{i} / rack_wished) END"
        cooling = _preferred("cool{i}", "cooling_wished")
        delivery = _preferred("delivers{i}", "delivery_wished")
        late = real("LEAST(slack, GREATEST(0, COALESCE(first_on - start_day, slack)))")
        chained = self._chained(
            "priced JOIN needs USING (n) JOIN offers USING (o)",
            f"""{self._first_on()} AS first_on,
                {self._each("CASE WHEN day{i} <= last_granted THEN f{i} ELSE 0 END AS l{i}")},
                {self._each("CASE WHEN day{i} <= start_day + slack THEN f{i} ELSE 0 END AS x{i}")},
                {self._each(f"{self._hall(rack)} AS dense{{i}}, {self._hall(cooling)} AS cooled{{i}}")},
                {self._each(f"{delivery} AS delivered{{i}}")}""",
            f"""(1 - {late} / (2 * GREATEST(1, slack)))
                  * ({self._dependable("x{i}", "LEAST(first, cap_mw)")} / {real("first * 1000")})
                  AS s_first_power,
                {self._dependable("l{i}", "LEAST(quantity, cap_mw)")} / {real("quantity * 1000")}
                  AS s_capacity,
                CASE WHEN hours IS NULL THEN 0.25
                     ELSE 1 - LEAST(1.0, {real("hours")} / {STANDARD.firmness_zero_hours}) END AS s_firmness,
                {self._best("dense{i}")} AS s_density,
                {self._best("cooled{i}")} AS s_cooling,
                {self._best("delivered{i}")} AS s_delivery,
                evidence AS s_evidence,
                {self._price_score()} AS s_price,
                CASE WHEN credit > credit_asked THEN 1 WHEN security_asked IS NULL THEN 0.25
                     WHEN security_asked <= security THEN 1 ELSE security / security_asked END AS s_security,
                CASE WHEN o_term_min IS NULL OR o_term_max IS NULL THEN 0.25
                     ELSE GREATEST(0.0, 1 - GREATEST(0, GREATEST(n_term_min, o_term_min) - term_wished,
                          term_wished - LEAST(n_term_max, o_term_max)) / {real("term_wished")}) END AS s_term,
                CASE WHEN escalator IS NULL THEN 0.25
                     ELSE GREATEST(0.0, 1 - GREATEST(0, escalator - {STANDARD.free_escalator_pct})
                                   / {STANDARD.escalator_span_pct}) END AS s_escalator""",
            f"""LEAST(1.0, quantity / {real(f"LEAST(cap_mw, {self._sum('f{i}')})")}) AS used,
                GREATEST({least}, LEAST(1.0, {weighed(POWER)})) AS power_sum,
                GREATEST({least}, LEAST(1.0, CASE n_unit WHEN 0 THEN {weighed(TERMS)}
                  ELSE {weighed(TERMS_OF_GPUS)} END)) AS terms_sum,
                r6(s_first_power) * c_first_power AS first_power_part""",
        )
        return f"""
        SELECT n, o, fits, {self._each("f{i}")}, first_on, comparable, r6(used) AS utilization,
          r6(power_sum) AS power_score, r6(terms_sum) AS terms_score, first_power_part, c_ramp,
          w_power, w_timeline, w_terms, needed_ever, cap_mw, {self._each("day{i}, sure{i}")}
        FROM {chained}
        WHERE 100 * power(power_sum, w_power) * power(terms_sum, w_terms)
              * power(LEAST(1.0, c_ramp + first_power_part), w_timeline) >= {STANDARD.keep_score} - 0.001"""

    def _hall(self, met: str) -> str:
        """A hall fact of one slot; what can be built to suit is worth at least 0.8."""
        return f"CASE WHEN {self._built()} THEN GREATEST(0.8, COALESCE({met}, 0.8)) ELSE {met} END"

    def _best(self, score: str) -> str:
        """The best of the slots that count; a blank among them counts as unknown if none is better."""
        each = [score.format(i=i) for i in self.slots]
        known = ", ".join(
            f"CASE WHEN f{i} > 0 THEN COALESCE({one}, 0.0) ELSE 0.0 END"
            for i, one in zip(self.slots, each, strict=True)
        )
        blank = " OR ".join(f"(f{i} > 0 AND {one} IS NULL)" for i, one in zip(self.slots, each, strict=True))
        return f"GREATEST({known}, CASE WHEN {blank} THEN 0.25 ELSE 0.0 END)"

    def _first_on(self) -> str:
        """The first day on which the phases that count reach first power."""
        wanted = f"(CASE WHEN splittable THEN {self._wanted()} ELSE least_first END)"
        days = ", ".join(
            f"CASE WHEN {self._sum(f'CASE WHEN day{{i}} <= day{i} THEN f{{i}} ELSE 0 END')} >= {wanted}"
            f" THEN day{i} END"
            for i in self.slots
        )
        return f"CASE WHEN cap_mw >= {wanted} THEN LEAST({days}) END"

    def _dependable(self, free: str, most: str) -> str:
        """The surest way to take so much: slots stand surest first."""
        terms = []
        for i in self.slots:
            reached = " + ".join(free.format(i=j) for j in range(1, i + 1))
            before = " + ".join(free.format(i=j) for j in range(1, i)) or "0"
            terms.append(f"sure{i} * (LEAST({most}, {reached}) - LEAST({most}, {before}))")
        return f"({' + '.join(terms)})"

    def _price_score(self) -> str:
        (x0, y0), (x1, y1), (x2, y2) = [(float(x), float(y)) for x, y in STANDARD.price_curve]
        r = f"((ask + allowance) / {real('room')})"
        return f"""
            CASE WHEN room <= 0 THEN {y2}
                 WHEN room IS NULL OR ask IS NULL OR allowance IS NULL THEN 0.25
                 WHEN {r} <= {x0} THEN {y0}
                 WHEN {r} <= {x1} THEN {y0} + ({y1 - y0}) * ({r} - {x0}) / {x1 - x0}
                 WHEN {r} <= {x2} THEN {y1} + ({y2 - y1}) * ({r} - {x1}) / {x2 - x1} ELSE {y2} END"""

    # ---- the ramp, month by month

    def ramped(self) -> str:
        ready = "(f{i} * GREATEST(0, LEAST(days, last_day - day{i} + 1)))"
        taken = self._dependable(ready, "LEAST(needed, cap_mw * days)")
        delivered = f"""rated JOIN (
            SELECT n, o, SUM({real(taken)} * share) AS ramp FROM rated JOIN months USING (n) GROUP BY n, o
          ) AS delivered USING (n, o)"""
        chained = self._chained(
            delivered,
            f"""GREATEST({float(STANDARD.least_dimension)}, LEAST(1.0,
                  first_power_part + c_ramp * r6(ramp / (needed_ever * 1000)))) AS timeline_sum""",
            """100 * power(power_score, w_power) * power(r6(timeline_sum), w_timeline)
                  * power(terms_score, w_terms) AS total""",
        )
        return f"""
        SELECT n, o, r6(total) AS score, fits IS NULL AS conditional, utilization, first_on, comparable
        FROM {chained} WHERE r6(total) >= {STANDARD.keep_score}"""

    # ---- the lists

    def kept(self) -> str:
        order = """floor(score + 0.5) DESC, conditional, utilization DESC, COALESCE(first_on, 9999999),
            COALESCE(comparable, 9000000000000)"""
        return f"""
        SELECT n, o, score, conditional, for_need <= {KEPT_PER_NEED} AS for_need,
          for_offer <= {KEPT_PER_OFFER} AS for_offer
        FROM (
          SELECT *, ROW_NUMBER() OVER (PARTITION BY n ORDER BY {order}, o) AS for_need,
            ROW_NUMBER() OVER (PARTITION BY o ORDER BY {order}, n) AS for_offer
          FROM ramped
        ) AS numbered WHERE for_need <= {KEPT_PER_NEED} OR for_offer <= {KEPT_PER_OFFER}"""

    # ---- slots

    def _each(self, text: str) -> str:
        return ", ".join(text.format(i=i) for i in self.slots)

    def _sum(self, text: str) -> str:
        return f"({' + '.join(text.format(i=i) for i in self.slots)})"


POWER = ("capacity", "firmness", "density", "evidence", "cooling")
TERMS = ("price", "security", "term", "delivery", "escalator")
TERMS_OF_GPUS = ("price", "term", "security")  # floats are added in the engine's order


def real(number: object) -> str:
    return f"CAST({number} AS double precision)"


def weighed(keys: tuple[str, ...]) -> str:
    """Σ score × weight; without a cap the price has no weight and the others have more."""
    return " + ".join(
        f"(CASE WHEN c_{key} = 0 THEN 0.0 WHEN cap_here IS NULL THEN f_{key} * r6(s_{key})"
        f" ELSE c_{key} * r6(s_{key}) END)"
        for key in keys
    )


def _preferred(has: str, wished: str) -> str:
    return f"CASE WHEN ({has} & {wished}) <> 0 THEN 1.0 WHEN {has} IS NOT NULL THEN 0.6 END"
