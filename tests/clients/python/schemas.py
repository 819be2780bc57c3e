"""Holds objects, one JSON document a line on standard input, against Kubernetes' own schemas in their strict form.

Says how many it judged. An object that fails is told with its kind, name, the place and the reason; all of them.
"""

import json
import sys

import kubernetes_validate

# Kinds whose schemas are not those of the newest release, or that other people define, are told apart by group.
OWN_GROUPS = (".k8s.io", "apps", "batch", "autoscaling", "policy", "v1")


def judged(document):
    group = document["apiVersion"].partition("/")[0]
    return group.endswith(OWN_GROUPS) and group != "metrics.k8s.io"


count, bad = 0, []
for line in sys.stdin:
    document = json.loads(line)
    if not judged(document):
        continue
    count += 1
    try:
        kubernetes_validate.validate(document, "1.37", strict=True)
    except kubernetes_validate.ValidationError as error:
        meta = document["metadata"]
        place = "/".join(str(part) for part in error.path)
        bad.append(f"{document['kind']} {meta.get('namespace', '')}/{meta['name']}: {place}: {error.message[:300]}")
    except kubernetes_validate.SchemaNotFoundError:
        bad.append(f"{document['apiVersion']} {document['kind']}: there is no schema")
print("\n".join(sorted(set(bad))))
print(f"{count} objects, {len(bad)} bad")
sys.exit(bool(bad))
