//! Deployments of an image.

use serde_json::{Value, json};

use super::Making;

#[derive(Debug, clap::Args)]
pub(super) struct Deployment {
    #[command(flatten)]
    making: Making,
    /// Its name.
    name: String,
    /// The image, or component; several are containers of one Pod.
    #[arg(long, value_name = "IMAGE", required = true, value_delimiter = ',')]
    image: Vec<String>,
    /// How many replicas.
    #[arg(long, short, value_name = "COUNT", default_value_t = 1)]
    replicas: u32,
    /// The port that the first container answers on.
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
    /// The command, instead of the image's own.
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

impl Deployment {
    pub(super) fn object(self) -> (Making, Value) {
        let labels = json!({ "app": self.name });
        let mut containers: Vec<Value> = self.image.iter().map(|image| container(image)).collect();
        if let (Some(first), Some(port)) = (containers.first_mut(), self.port) {
            first["ports"] = json!([{ "containerPort": port }]);
        }
        if let (Some(first), false) = (containers.first_mut(), self.command.is_empty()) {
            first["command"] = json!(self.command);
        }
        let template = json!({ "metadata": { "labels": labels }, "spec": { "containers": containers } });
        let object = json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": { "name": self.name, "labels": labels },
            "spec": { "replicas": self.replicas, "selector": { "matchLabels": labels }, "template": template },
        });
        (self.making, object)
    }
}

/// A container named as its image is, as kubectl names it.
pub(super) fn container(image: &str) -> Value {
    let last = image.rsplit('/').next().unwrap_or(image);
    let name: String = last.split(['@', ':']).next().unwrap_or(last).to_lowercase();
    let name = name.replace(|c: char| !c.is_ascii_alphanumeric() && c != '-', "-");
    json!({ "name": name, "image": image })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_are_named_as_their_images() {
        for (image, name) in [("web", "web"), ("shop/web:v1", "web"), ("host:5000/a/my_app@sha256:1", "my-app")] {
            assert_eq!(container(image)["name"], name, "{image}");
        }
    }
}
