//! `insula doctor`: whether this machine can do what is wanted of it, and the command that mends what is not so.
//!
//! Facts are gathered in one place (`facts`), judged by a pure function (`judge`), and printed here. It changes nothing.

mod facts;
mod judge;

use anyhow::Result;
use client::failure::{FAILED, Told};
use client::say::{self, Colour};

use crate::args::{self, Form};
use judge::{Finding, Level};

pub(crate) use judge::Purpose;

pub(crate) async fn run(args: args::Doctor) -> Result<()> {
    let facts = facts::gather(&args.target).await;
    let asked = if args.purposes.is_empty() { Purpose::USUAL.to_vec() } else { args.purposes };
    let findings = judge::judge(&facts, &asked);
    match args.output {
        Form::Json => say::line(serde_json::to_string_pretty(&json(&findings))?)?,
        Form::Text => say::lines(findings.iter().map(text))?,
    }
    let problems = findings.iter().filter(|finding| finding.level == Level::Problem).count();
    if problems == 0 {
        return Ok(());
    }
    say::note(format!("{problems} to mend"));
    Err(Told(FAILED).into())
}

fn text(finding: &Finding) -> String {
    let colour = match finding.level {
        Level::Ok => Colour::Green,
        Level::Note => Colour::Yellow,
        Level::Problem => Colour::Red,
    };
    let level = say::coloured(&format!("{:<8}", finding.level.name()), colour);
    let mend = finding.mend.as_ref().map(|mend| format!("\n{:26}→ {mend}", "")).unwrap_or_default();
    format!("{level} {:<16} {}{mend}", finding.about, finding.says)
}

fn json(findings: &[Finding]) -> serde_json::Value {
    let one = |finding: &Finding| {
        serde_json::json!({
            "about": finding.about, "level": finding.level.name(), "says": finding.says, "mend": finding.mend,
        })
    };
    serde_json::json!({ "findings": findings.iter().map(one).collect::<Vec<_>>() })
}
