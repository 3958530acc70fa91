"""How long from posting a site by REST until its matches are readable by REST?

Posts a site, asks for its matches until they are there and not refreshing, withdraws the site again, and
repeats. Prints the times in seconds. Standard library only, so it runs anywhere against any address.

    bench/post_to_match.py --key KEY [--url http://localhost:8000] [--rounds 20]
"""

import argparse
import json
import statistics
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

GIVE_UP_SECONDS = 30
PAUSE_SECONDS = 0.02


def main() -> None:
    asked = _arguments()
    print(told(list(rounds(asked.url, asked.key, asked.rounds))))


def told(found: list[float]) -> str:
    """The distribution in one line."""
    times = sorted(found)
    p95 = times[min(len(times) - 1, round(0.95 * len(times)))]
    spread = f"min {times[0]:.2f}  median {statistics.median(times):.2f}  p95 {p95:.2f}  max {times[-1]:.2f}"
    return f"post to readable match, {len(times)} rounds, seconds: {spread}"


def rounds(url: str, key: str, count: int, patience_seconds: float = GIVE_UP_SECONDS) -> Iterator[float]:
    """The seconds that each post took."""
    api = url.rstrip("/") + "/api/v1"
    return (_one_round(api, key, number, patience_seconds) for number in range(count))


def _one_round(api: str, key: str, number: int, patience_seconds: float) -> float:
    site = _call("POST", f"{api}/sites/", key, _site(number))[0]
    started = time.perf_counter()
    try:
        while not _matched(api, key, site["uid"]):
            if time.perf_counter() - started > patience_seconds:
                raise SystemExit(f"No match within {patience_seconds:.0f} s: does the worker run?")
            time.sleep(PAUSE_SECONDS)
        return time.perf_counter() - started
    finally:
        url = f"{api}/sites/{site['uid']}/"
        _, etag = _call("GET", url, key)
        _call("PATCH", f"{url}status/", key, {"status": "withdrawn"}, etag)


def _matched(api: str, key: str, uid: str) -> bool:
    found = _call("GET", f"{api}/matches/?site={uid}", key)[0]["results"]
    return bool(found) and not any(match["refreshing"] for match in found)


def _site(number: int) -> dict[str, Any]:
    """A turnkey site that several requests of the demo market take."""
    ready = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
    return {
        "name": f"Stopwatch {number} {time.time_ns()}",
        "country": "US",
        "region": "US-TX",
        "grid": "ERCOT",
        "gross_mw": "150",
        "interconnection_stage": "in_service",
        "power_price_usd_mwh": "45",
        "interruptible_hours_per_year": 20,
        "cooling": ["direct_to_chip", "air"],
        "max_rack_kw": "132",
        "power_redundancy": "n_plus_1",
        "delivery_types": ["turnkey"],
        "lease_basis": "modified_gross",
        "ask_usd_kw_month": "130",
        "term_min_months": 60,
        "term_max_months": 240,
        "required_credit": "unrated",
        "phases": [{"ready_on": ready, "critical_mw": "100", "stage": "ready_for_service"}],
    }


def _call(method: str, url: str, key: str, body: Any = None, etag: str | None = None) -> tuple[Any, str]:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    if method in ("POST", "PATCH"):
        headers["Idempotency-Key"] = f"stopwatch-{time.time_ns()}"
    if etag:
        headers["If-Match"] = etag
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310 - an address the user gave
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        return json.loads(answer.read() or b"null"), answer.headers.get("ETag", "")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--key", required=True, help="an API key of a miner, with the write scope")
    parser.add_argument("--url", default="http://localhost:8000")
    parser.add_argument("--rounds", type=int, default=20)
    return parser.parse_args()


if __name__ == "__main__":
    main()
