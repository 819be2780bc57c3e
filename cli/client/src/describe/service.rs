//! The page of a Service: its addresses, its ports, and who answers behind them.

use serde_json::Value;

use super::{Page, Subject, heading, selector};
use crate::value::{items, number, plain, text};

/// Endpoints that are listed for a port; more are counted.
const ENDPOINTS_MAX: usize = 10;

pub(super) fn write(page: &mut Page, subject: &Subject<'_>) {
    let service = subject.object;
    heading(page, service, subject.now);
    page.field(0, "Selector", selector(service, "/spec/selector"));
    page.field(0, "Type", text(service, "/spec/type"));
    page.some(0, "IP Families", items(service, "/spec/ipFamilies").map(plain).collect::<Vec<_>>().join(", "));
    page.some(0, "IP", text(service, "/spec/clusterIP"));
    page.some(0, "External Name", text(service, "/spec/externalName"));
    for port in items(service, "/spec/ports") {
        let protocol = text(port, "/protocol");
        let name = if text(port, "/name").is_empty() { "<unset>" } else { text(port, "/name") };
        page.field(0, "Port", format!("{name}  {}/{protocol}", number(port, "/port")));
        page.some(0, "TargetPort", port.get("targetPort").map(plain).unwrap_or_default());
        page.some(0, "NodePort", port.get("nodePort").map(plain).unwrap_or_default());
        page.field(0, "Endpoints", endpoints(subject.related, text(port, "/name")));
    }
    page.some(0, "Session Affinity", text(service, "/spec/sessionAffinity"));
    page.some(0, "External Traffic Policy", text(service, "/spec/externalTrafficPolicy"));
    page.some(0, "Internal Traffic Policy", text(service, "/spec/internalTrafficPolicy"));
}

/// The addresses of a port's endpoints that are ready, and how many are not.
fn endpoints(slices: &[Value], port: &str) -> String {
    let (mut ready, mut not_ready) = (Vec::new(), 0_usize);
    for slice in slices {
        let Some(number) =
            items(slice, "/ports").find(|own| text(own, "/name") == port).map(|own| number(own, "/port"))
        else {
            continue;
        };
        for endpoint in items(slice, "/endpoints") {
            match endpoint.pointer("/conditions/ready") {
                Some(Value::Bool(false)) => not_ready += 1,
                _ => ready.extend(items(endpoint, "/addresses").map(|address| format!("{}:{number}", plain(address)))),
            }
        }
    }
    ready.sort();
    let more = ready.len().saturating_sub(ENDPOINTS_MAX);
    ready.truncate(ENDPOINTS_MAX);
    let mut shown = if ready.is_empty() { "<none>".to_owned() } else { ready.join(", ") };
    if more > 0 {
        shown += &format!(" and {more} more");
    }
    if not_ready > 0 {
        shown += &format!("; {not_ready} not ready");
    }
    shown
}
