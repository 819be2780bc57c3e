//! Images as Pods name them: `[HOST/]NAME[:TAG][@DIGEST]`. Pure.

use crate::name::{Digest, Reference, Repository, Tag};

/// An image in this registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Image {
    pub(crate) repository: Repository,
    /// The digest if the image has one: it is exact, and a tag beside it only says how it was found.
    pub(crate) reference: Reference,
}

/// Reads an image. `None` if it names a registry that is not one of `ours`.
pub(crate) fn parse(image: &str, ours: &[String]) -> Result<Option<Image>, String> {
    let name = match image.split_once('/') {
        Some((host, rest)) if is_host(host) => {
            if !ours.iter().any(|our| our == host) {
                return Ok(None);
            }
            rest
        }
        _ => image,
    };
    let (name, digest) = match name.split_once('@') {
        Some((name, digest)) => (name, Some(digest.parse::<Digest>()?)),
        None => (name, None),
    };
    // A tag follows the last component; a colon before that belongs to a host.
    let (name, tag) = match name.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag.parse::<Tag>()?)),
        _ => (name, None),
    };
    let repository = name.parse()?;
    let reference = digest.map_or_else(|| Reference::Tag(tag.unwrap_or_else(Tag::latest)), Reference::Digest);
    Ok(Some(Image { repository, reference }))
}

/// Whether the part before the first slash is a registry's host rather than a name's first component.
fn is_host(text: &str) -> bool {
    text == "localhost" || text.contains(['.', ':'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(image: &str) -> String {
        match parse(image, &["registry.insula.dev:5000".to_owned()]) {
            Ok(Some(Image { repository, reference: Reference::Tag(tag) })) => format!("{repository} tag {tag}"),
            Ok(Some(Image { repository, reference: Reference::Digest(digest) })) => format!("{repository} {digest}"),
            Ok(None) => "elsewhere".to_owned(),
            Err(_) => "invalid".to_owned(),
        }
    }

    #[test]
    fn images_are_read_as_people_write_them() {
        let digest = format!("sha256:{}", "a".repeat(64));
        for (image, read) in [
            ("web", "web tag latest"),
            ("web:v1", "web tag v1"),
            ("shop/web:v1", "shop/web tag v1"),
            ("a/b/c", "a/b/c tag latest"),
            (&format!("web@{digest}"), &format!("web {digest}")),
            (&format!("web:v1@{digest}"), &format!("web {digest}")),
            ("registry.insula.dev:5000/shop/web:v1", "shop/web tag v1"),
            ("docker.io/library/nginx", "elsewhere"),
            ("localhost/web", "elsewhere"),
            ("localhost:5000/web:v1", "elsewhere"),
            ("ghcr.io/a/b@sha256:nonsense", "elsewhere"),
            ("", "invalid"),
            ("Web", "invalid"),
            ("web:", "invalid"),
            ("web:v1:v2", "invalid"),
            ("web@sha256:abc", "invalid"),
            ("../web", "elsewhere"),
            ("web/../x", "invalid"),
            ("web:a/b", "elsewhere"),
            ("-web", "invalid"),
        ] {
            assert_eq!(show(image), read, "{image}");
        }
    }
}
