"""Holds what the API returned in the tests against Kubernetes' own schemas in their strict form.

Reads a folder of files with one JSON document a line: `{"test": ..., "asked": ..., "document": ...}`, as `returned.rs`
of the tests writes them. Of objects that are alike in shape only the first is judged. Says how many there were, and of
each that fails the kind, the name, the place, the reason, the test, and what was asked.
"""

import functools
import json
import pathlib
import re
import sys

import kubernetes_validate
from kubernetes_validate import utils

VERSION = "1.37"
# Groups whose kinds Kubernetes defines, and those of them that it publishes no schemas of.
GROUPS = (".k8s.io", "apps", "batch", "autoscaling", "policy", "v1")
WITHOUT_SCHEMAS = ("metrics.k8s.io", "meta.k8s.io", "apidiscovery.k8s.io")
# Tests that send, on purpose, what Kubernetes' schemas do not know, and get it back: stored objects lose nothing.
ON_PURPOSE = ("unknown_fields_are_kept_and_told",)
# Fewer objects are of no test: something is not written down any more.
OBJECTS_MIN = 40

# What is of no group lies under `meta` among the schemas.
GROUPLESS = re.compile("/(status|apiversions|api(group|resource)(list)?)-v1.json$")
read = utils.schema_contents


@functools.lru_cache(maxsize=None)
def schema(name, version):
    return read(GROUPLESS.sub(r"/\1-meta-v1.json", name), version)


utils.schema_contents = schema


def objects(document):
    """The objects in a document: in a list, in a table, in an event of a watch, or itself."""
    kind, version = document.get("kind"), document.get("apiVersion")
    if isinstance(document.get("object"), dict) and "type" in document:
        yield from objects(document["object"])
    elif kind == "Table":
        for row in document.get("rows") or []:
            yield from objects(row.get("object") or {})
    elif isinstance(kind, str) and kind.endswith("List") and isinstance(document.get("items"), list):
        for item in document["items"]:
            yield from objects({"kind": kind.removesuffix("List"), "apiVersion": version, **item})
    elif isinstance(kind, str) and isinstance(version, str):
        yield document


def is_judged(document):
    group = document["apiVersion"].partition("/")[0]
    return group.endswith(GROUPS) and group not in WITHOUT_SCHEMAS


def shape(value):
    """What is left of a value without its scalars: objects of one shape are all right, or none."""
    if isinstance(value, dict):
        return frozenset((key, shape(inner)) for key, inner in value.items())
    if isinstance(value, list):
        return ("list", frozenset(map(shape, value)))
    return type(value).__name__


def wrong(document):
    """Why an object is not as its schema says, or nothing."""
    try:
        kubernetes_validate.validate(document, VERSION, strict=True)
    except kubernetes_validate.ValidationError as error:
        return "/".join(map(str, error.path)) + ": " + error.message[:300]
    except kubernetes_validate.SchemaNotFoundError:
        return "there is no schema"
    return None


def told(document, why, line):
    meta = document.get("metadata") or {}
    name = f"{meta.get('namespace', '')}/{meta.get('name', '')}"
    return f"{document['apiVersion']} {document['kind']} {name}: {why}\n    {line['test']}: {line['asked']}"


count, tests, seen, bad = 0, set(), set(), []
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.json")):
    with path.open() as lines:
        for line in map(json.loads, lines):
            tests.add(line["test"])
            for document in filter(is_judged, objects(line["document"])):
                count += 1
                alike = (document["apiVersion"], document["kind"], shape(document))
                if alike in seen or line["test"].endswith(ON_PURPOSE):
                    continue
                seen.add(alike)
                if why := wrong(document):
                    bad.append(told(document, why, line))
print("\n".join(bad))
print(f"{count} objects of {len(tests)} tests in {len(seen)} shapes, {len(bad)} bad")
if count < OBJECTS_MIN:
    sys.exit(f"too few to judge: set INSULA_RETURNED={sys.argv[1]} for the tests")
sys.exit(bool(bad))
