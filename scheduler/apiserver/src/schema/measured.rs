//! The kinds of `metrics.k8s.io`, which no source of the generated table has: Kubernetes serves them from an add-on.

use super::Shape::{List, Map, Object, Quantity, Text, Time};
use super::generated::{META_V1_LIST_META, META_V1_OBJECT_META};
use super::{Kind, Type, f};

const GROUP: &str = "metrics.k8s.io";
const VERSION: &str = "v1beta1";

pub(super) static KINDS: [Kind; 4] = [
    Kind { group: GROUP, version: VERSION, kind: "NodeMetrics", schema: &NODE_METRICS },
    Kind { group: GROUP, version: VERSION, kind: "NodeMetricsList", schema: &NODE_METRICS_LIST },
    Kind { group: GROUP, version: VERSION, kind: "PodMetrics", schema: &POD_METRICS },
    Kind { group: GROUP, version: VERSION, kind: "PodMetricsList", schema: &POD_METRICS_LIST },
];

static CONTAINER_METRICS: Type = Type {
    name: "io.k8s.metrics.pkg.apis.metrics.v1beta1.ContainerMetrics",
    atomic: false,
    fields: &[f(1, "name", Text).required(), f(2, "usage", Map(&Quantity)).required()],
    inlined: &[],
};
static NODE_METRICS: Type = Type {
    name: "io.k8s.metrics.pkg.apis.metrics.v1beta1.NodeMetrics",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(2, "timestamp", Time).required(),
        f(4, "usage", Map(&Quantity)).required(),
        f(3, "window", Text).required(),
    ],
    inlined: &[],
};
static NODE_METRICS_LIST: Type = Type {
    name: "io.k8s.metrics.pkg.apis.metrics.v1beta1.NodeMetricsList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "items", List(&Object(&NODE_METRICS))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
static POD_METRICS: Type = Type {
    name: "io.k8s.metrics.pkg.apis.metrics.v1beta1.PodMetrics",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(4, "containers", List(&Object(&CONTAINER_METRICS))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_OBJECT_META)),
        f(2, "timestamp", Time).required(),
        f(3, "window", Text).required(),
    ],
    inlined: &[],
};
static POD_METRICS_LIST: Type = Type {
    name: "io.k8s.metrics.pkg.apis.metrics.v1beta1.PodMetricsList",
    atomic: false,
    fields: &[
        f(0, "apiVersion", Text),
        f(2, "items", List(&Object(&POD_METRICS))).required(),
        f(0, "kind", Text),
        f(1, "metadata", Object(&META_V1_LIST_META)),
    ],
    inlined: &[],
};
