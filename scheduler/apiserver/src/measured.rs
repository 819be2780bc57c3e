//! What the API server asks of whoever measures: objects that are made when somebody looks, and never stored.

use api::Resource;
use serde_json::Value;

/// Has the objects of the kinds that are measured. The table of kinds says which those are.
pub trait Measured: Send + Sync + 'static {
    /// All objects of a kind as they are now, whole, ordered by namespace and name: in a namespace, or everywhere.
    fn list(&self, resource: &Resource, namespace: Option<&str>) -> Vec<Value>;

    /// One object; none if it is not there, or nothing is known of it yet. The namespace is empty for what has none.
    fn get(&self, resource: &Resource, namespace: &str, name: &str) -> Option<Value>;
}
