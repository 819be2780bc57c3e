//! A cluster, the kinds it has, and the namespace a command works in.

use anyhow::Result;

use crate::client::Client;
use crate::discovery::{Discovery, Resource};
use crate::place::Place;

/// What every verb over kinds works with.
pub(crate) struct Session {
    pub(crate) client: Client,
    pub(crate) kinds: Discovery,
    /// The namespace of objects that name none.
    pub(crate) namespace: String,
    /// Whether the command line named it.
    pub(crate) namespace_given: bool,
}

impl Session {
    /// Finds the cluster and asks for its kinds.
    pub(crate) async fn open(place: &Place) -> Result<Self> {
        let client = Client::new(&place.target).await?;
        let kinds = Discovery::ask(&client).await?;
        let namespace = client.namespace(place.namespace.as_deref());
        Ok(Self { client, kinds, namespace, namespace_given: place.namespace.is_some() })
    }

    /// The namespace of a resource's objects; none if they have none.
    pub(crate) fn namespace_of(&self, resource: &Resource) -> Option<&str> {
        resource.namespaced.then_some(self.namespace.as_str())
    }
}
