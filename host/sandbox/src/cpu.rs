//! The machine's CPU features, by the names that the code generator gives them.

/// One feature: the code generator's name, and whether this machine has it.
type Feature = (&'static str, bool);

/// The target this program was built for, and runs on.
pub(crate) const TARGET: &str = env!("SANDBOX_TARGET");

/// Every feature name known for a target. Nothing else may be asked of the code generator: other flags would change
/// what compiled code means.
pub(crate) fn known(target: &str) -> &'static [&'static str] {
    match target.split('-').next() {
        Some("x86_64") => &X86_64,
        Some("aarch64") => &AARCH64,
        _ => &[],
    }
}

const X86_64: [&str; 18] = [
    "has_avx",
    "has_avx2",
    "has_avx512bitalg",
    "has_avx512dq",
    "has_avx512f",
    "has_avx512vbmi",
    "has_avx512vl",
    "has_avx512vnni",
    "has_bmi1",
    "has_bmi2",
    "has_cmpxchg16b",
    "has_fma",
    "has_lzcnt",
    "has_popcnt",
    "has_sse3",
    "has_sse41",
    "has_sse42",
    "has_ssse3",
];

const AARCH64: [&str; 3] = ["has_dotprod", "has_fp16", "has_lse"];

/// This machine's features, sorted.
pub(crate) fn detected() -> Vec<String> {
    let mut names: Vec<String> =
        features().into_iter().filter(|(_, present)| *present).map(|(name, _)| name.to_owned()).collect();
    names.sort();
    names
}

#[cfg(target_arch = "x86_64")]
fn features() -> Vec<Feature> {
    use std::arch::is_x86_feature_detected as has;
    vec![
        ("has_avx", has!("avx")),
        ("has_avx2", has!("avx2")),
        ("has_avx512bitalg", has!("avx512bitalg")),
        ("has_avx512dq", has!("avx512dq")),
        ("has_avx512f", has!("avx512f")),
        ("has_avx512vbmi", has!("avx512vbmi")),
        ("has_avx512vl", has!("avx512vl")),
        ("has_avx512vnni", has!("avx512vnni")),
        ("has_bmi1", has!("bmi1")),
        ("has_bmi2", has!("bmi2")),
        ("has_cmpxchg16b", has!("cmpxchg16b")),
        ("has_fma", has!("fma")),
        ("has_lzcnt", has!("lzcnt")),
        ("has_popcnt", has!("popcnt")),
        ("has_sse3", has!("sse3")),
        ("has_sse41", has!("sse4.1")),
        ("has_sse42", has!("sse4.2")),
        ("has_ssse3", has!("ssse3")),
    ]
}

#[cfg(target_arch = "aarch64")]
fn features() -> Vec<Feature> {
    use std::arch::is_aarch64_feature_detected as has;
    vec![("has_dotprod", has!("dotprod")), ("has_fp16", has!("fp16")), ("has_lse", has!("lse"))]
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn features() -> Vec<Feature> {
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_detected_is_known_and_sorted() {
        let names = detected();
        assert!(names.is_sorted());
        assert!(names.iter().all(|name| known(TARGET).contains(&name.as_str())));
        assert!(known(TARGET).is_sorted());
    }
}
