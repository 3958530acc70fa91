"""What the API answers is what its description promises."""

import json
from datetime import date

import jsonschema
import pytest
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator

from listings import services

BODIES = {"teaser": "Teaser", "full": "Full", "reserve": "Own"}
BLANKS = ("grid", "cooling", "max_rack_kw", "delivery_types", "lease_basis", "ask_usd_kw_month", "compliance")


def as_json_schema(node):
    """OpenAPI 3.0 says `nullable` where JSON Schema says "or null"."""
    if isinstance(node, list):
        return [as_json_schema(each) for each in node]
    if not isinstance(node, dict):
        return node
    plain = {name: as_json_schema(each) for name, each in node.items() if name != "nullable"}
    return {"anyOf": [plain, {"type": "null"}]} if node.get("nullable") is True else plain


@pytest.fixture(scope="module")
def components():
    description = SchemaGenerator().get_schema(request=None, public=True)
    return as_json_schema(json.loads(json.dumps(description["components"], default=str)))


@pytest.mark.parametrize(
    ("path", "name"), [("sites", "Site"), ("gpu-pools", "GpuPool"), ("requests", "Request")]
)
@pytest.mark.parametrize("who", ["visitor", "broker", "miner", "tenant"])
def test_each_face_has_exactly_the_fields_and_types_described(request, make, components, path, name, who):
    site = make.site()
    make.site(**dict.fromkeys(BLANKS))
    make.site(status="draft", phases=[])
    make.pool(at_site=site)
    make.request()
    make.gpu_request()
    services.record_evidence(
        post=site, claim="power", method="statement", verified_on=date(2026, 11, 1), now=timezone.now()
    )

    rows = request.getfixturevalue(who).api.get(f"/api/v1/{path}/").json()["results"]

    assert rows
    for row in rows:
        body = name + BODIES[row["face"]]
        jsonschema.validate(row, {"$ref": f"#/components/schemas/{body}", "components": components})
        assert set(row) == set(components["schemas"][body]["properties"])
