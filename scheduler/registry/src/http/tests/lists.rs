//! Tags, referrers and deletion.

use super::*;

#[tokio::test]
async fn tags_are_sorted_and_paged() {
    let site = Site::new();
    assert_eq!(site.get("/v2/a/tags/list").await.refusal().1, "NAME_UNKNOWN");
    for tag in ["v2", "v10", "latest", "v1"] {
        site.push_image("a", tag, b"layer").await;
    }
    let tags = |answer: &Answer| answer.json()["tags"].to_string();
    let all = site.get("/v2/a/tags/list").await;
    assert_eq!(all.json(), json!({ "name": "a", "tags": ["latest", "v1", "v10", "v2"] }));
    let first = site.get("/v2/a/tags/list?n=2").await;
    assert_eq!(tags(&first), r#"["latest","v1"]"#);
    assert_eq!(first.header("link"), r#"</v2/a/tags/list?n=2&last=v1>; rel="next""#);
    let second = site.get("/v2/a/tags/list?n=2&last=v1").await;
    assert_eq!((tags(&second), second.header("link")), (r#"["v10","v2"]"#.to_owned(), ""));
    assert_eq!(tags(&site.get("/v2/a/tags/list?n=0").await), "[]");
    assert_eq!(site.get("/v2/a/tags/list?n=x").await.status, 400);
}

#[tokio::test]
async fn deleting_by_digest_takes_the_tags_and_by_tag_only_the_tag() {
    let site = Site::new();
    let digest = site.push_image("a", "v1", b"one").await;
    assert_eq!(site.push_image("a", "also", b"one").await, digest);
    let other = site.push_image("a", "v2", b"two").await;
    let delete =
        async |reference: &str| site.send("DELETE", &format!("/v2/a/manifests/{reference}"), &[], Body::empty()).await;
    assert_eq!(delete("v1").await.status, 202);
    assert_eq!(delete("v1").await.refusal().1, "MANIFEST_UNKNOWN");
    assert_eq!(site.get(&format!("/v2/a/manifests/{digest}")).await.status, 200);
    assert_eq!(delete(&digest).await.status, 202);
    assert_eq!(site.get(&format!("/v2/a/manifests/{digest}")).await.status, 404);
    assert_eq!(site.get("/v2/a/tags/list").await.json()["tags"], json!(["v2"]));
    assert_eq!(site.get(&format!("/v2/a/manifests/{other}")).await.status, 200);
}

#[tokio::test]
async fn referrers_tell_what_is_about_a_manifest() {
    let site = Site::new();
    let subject = site.push_image("a", "v1", b"layer").await;
    let size = site.get("/v2/a/manifests/v1").await.body.len();
    let path = format!("/v2/a/referrers/{subject}");
    let none = site.get(&path).await;
    assert_eq!((none.status, none.header("content-type")), (200, OCI_INDEX));
    assert_eq!(none.json()["manifests"], json!([]));
    let mut signature = site.image("a", b"signature").await;
    signature["subject"] = json!({ "mediaType": OCI_MANIFEST, "digest": subject, "size": size });
    signature["artifactType"] = json!("application/vnd.example.signature");
    signature["annotations"] = json!({ "by": "me" });
    let digest = digest_of(signature.to_string().as_bytes());
    let pushed = site.manifest("a", &digest, &signature).await;
    assert_eq!((pushed.status, pushed.header("oci-subject")), (201, subject.as_str()));
    let told = site.get(&path).await.json()["manifests"].clone();
    assert_eq!(told.as_array().map(Vec::len), Some(1));
    assert_eq!(told[0]["digest"], digest.as_str());
    assert_eq!(told[0]["artifactType"], "application/vnd.example.signature");
    assert_eq!(told[0]["annotations"]["by"], "me");
    let other = site.get(&format!("{path}?artifactType=text/plain")).await;
    assert_eq!((other.json()["manifests"].clone(), other.header("oci-filters-applied")), (json!([]), "artifactType"));
    site.send("DELETE", &format!("/v2/a/manifests/{digest}"), &[], Body::empty()).await;
    assert_eq!(site.get(&path).await.json()["manifests"], json!([]));
}
