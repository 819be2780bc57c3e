//! One module per command.

pub(crate) mod admit;
pub(crate) mod build;
pub(crate) mod compile;
pub(crate) mod compose;
pub(crate) mod deploy;
pub(crate) mod dev;
pub(crate) mod doctor;
pub(crate) mod inspect;
pub(crate) mod join;
pub(crate) mod logging;
pub(crate) mod new;
pub(crate) mod pull;
pub(crate) mod push;
pub(crate) mod role;
pub(crate) mod run;
pub(crate) mod server;
pub(crate) mod status;
pub(crate) mod token;
pub(crate) mod up;
pub(crate) mod worker;
