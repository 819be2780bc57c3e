//! What an object says by saying nothing: zeros and empty lists that Kubernetes' own types leave out. Pure.
//!
//! A client with Go's types reads an object and sends it back without them. If they were stored, that round trip would
//! change the object: a rollout, or a refusal where a field may not change. So they are dropped before defaults are
//! filled in, by the rules of Go's `omitempty`: a zero that Go holds by value is absent, and so is an empty list or map
//! that is not required. A zero that Go holds by a pointer was meant (`replicas: 0`), and so was an empty object
//! (`emptyDir: {}`). Fields outside the schema are left alone, and so is `status`, which is its writer's own.

use api::Resource;
use serde_json::{Map, Value};

use crate::schema::{self, Field, Shape, Type};

/// Drops what is absent for Kubernetes. Recurses no deeper than the schema and the object do.
pub(super) fn drop_absent(resource: &Resource, object: &mut Value) {
    let Some(schema) = schema::find(resource.group, resource.version, resource.kind) else { return };
    let Value::Object(members) = object else { return };
    let fields = schema.fields.iter().filter(|field| field.name != "status");
    fields.for_each(|field| drop_in_field(field, members));
}

fn drop_in_object(schema: &Type, members: &mut Map<String, Value>) {
    schema.fields.iter().for_each(|field| drop_in_field(field, members));
}

fn drop_in_field(field: &Field, members: &mut Map<String, Value>) {
    let Some(value) = members.get_mut(field.name) else { return };
    drop_in_value(field.shape, value);
    if is_absent(field, value) {
        members.shift_remove(field.name);
    }
}

fn drop_in_value(shape: Shape, value: &mut Value) {
    match (shape, value) {
        (Shape::Object(schema), Value::Object(members)) => drop_in_object(schema, members),
        (Shape::List(inner) | Shape::Wrapped(inner), Value::Array(elements)) => {
            elements.iter_mut().for_each(|element| drop_in_value(*inner, element));
        }
        (Shape::Map(inner), Value::Object(entries)) => {
            entries.values_mut().for_each(|entry| drop_in_value(*inner, entry));
        }
        _ => {}
    }
}

/// Whether Go would leave the field out. A value of the wrong type is not judged here.
fn is_absent(field: &Field, value: &Value) -> bool {
    match (field.shape, value) {
        (Shape::List(_) | Shape::Wrapped(_), Value::Array(elements)) => elements.is_empty() && !field.required,
        (Shape::Map(_), Value::Object(entries)) => entries.is_empty() && !field.required,
        (Shape::Text | Shape::Bytes, Value::String(text)) => text.is_empty() && field.zero_is_absent,
        (Shape::Bool, Value::Bool(flag)) => !flag && field.zero_is_absent,
        (Shape::Int32 | Shape::Int64, Value::Number(number)) => number.as_i64() == Some(0) && field.zero_is_absent,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use api::resource::{CONFIG_MAPS, DEPLOYMENTS, PODS, SERVICES};
    use serde_json::json;

    use super::*;

    fn check(resource: &Resource, object: &Value, kept: &Value) {
        let mut dropped = object.clone();
        drop_absent(resource, &mut dropped);
        assert_eq!(dropped, *kept, "{object}");
    }

    #[test]
    fn what_go_leaves_out_is_dropped_and_what_it_points_to_is_kept() {
        let pod = |spec: Value| json!({"metadata": {"name": "a"}, "spec": spec});
        for (spec, kept) in [
            (json!({"volumes": [], "imagePullSecrets": [], "nodeSelector": {}}), json!({})),
            (json!({"restartPolicy": "", "hostNetwork": false, "nodeName": ""}), json!({})),
            (
                json!({"terminationGracePeriodSeconds": 0, "priority": 0}),
                json!({"terminationGracePeriodSeconds": 0, "priority": 0}),
            ),
            (json!({"securityContext": {}, "affinity": {}}), json!({"securityContext": {}, "affinity": {}})),
            (json!({"automountServiceAccountToken": false}), json!({"automountServiceAccountToken": false})),
            (
                json!({"volumes": [{"name": "a", "emptyDir": {"medium": ""}}]}),
                json!({"volumes": [{"name": "a", "emptyDir": {}}]}),
            ),
            (json!({"containers": []}), json!({"containers": []})),
            (
                json!({"volumes": "", "hostNetwork": 0, "colour": ""}),
                json!({"volumes": "", "hostNetwork": 0, "colour": ""}),
            ),
        ] {
            check(&PODS, &pod(spec), &pod(kept));
        }
        let container = |body: Value| pod(json!({"containers": [body]}));
        for (body, kept) in [
            (json!({"livenessProbe": {"initialDelaySeconds": 0}}), json!({"livenessProbe": {}})),
            (json!({"imagePullPolicy": "", "ports": [{"hostPort": 0, "protocol": ""}]}), json!({"ports": [{}]})),
            (json!({"env": [{"name": "A", "value": ""}], "args": []}), json!({"env": [{"name": "A"}]})),
            (
                json!({"envFrom": [{"configMapRef": {"name": "c", "optional": false}}]}),
                json!({"envFrom": [{"configMapRef": {"name": "c", "optional": false}}]}),
            ),
            (json!({"resources": {"limits": {}}}), json!({"resources": {}})),
        ] {
            check(&PODS, &container(body), &container(kept));
        }
    }

    #[test]
    fn kinds_follow_their_own_types() {
        let deployment = |spec: Value| json!({"spec": spec, "status": {"replicas": 0, "conditions": []}});
        check(
            &DEPLOYMENTS,
            &deployment(json!({"replicas": 0, "paused": false, "selector": {"matchExpressions": []}, "strategy": {}})),
            &deployment(json!({"replicas": 0, "selector": {}, "strategy": {}})),
        );
        let ports = json!([{"port": 0, "nodePort": 0, "targetPort": 0}]);
        check(
            &SERVICES,
            &json!({"spec": {"type": "", "clusterIP": "", "ports": ports}}),
            &json!({"spec": {"ports": [{"port": 0, "targetPort": 0}]}}),
        );
        let labelled = json!({"metadata": {"labels": {"a": ""}}, "data": {"x": ""}});
        check(&CONFIG_MAPS, &labelled, &labelled);
        check(&CONFIG_MAPS, &json!({"metadata": {"annotations": {}}, "data": {}}), &json!({"metadata": {}}));
    }
}
