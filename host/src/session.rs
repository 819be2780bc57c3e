//! The session with the control plane: dial, say hello, beat, carry messages both ways, and do it again.
//!
//! Nothing on this host stops because a session ends (fail static): losing it only means that nothing new is
//! learnt and told. What is learnt goes to the agent; what waits to be told is taken from [`Up`]. Decisions
//! are elsewhere.

pub(crate) mod answers;

use std::sync::Arc;
use std::time::{Duration, Instant};

use protocol::v1::from_host::Message as Upward;
use protocol::v1::host_link_client::HostLinkClient;
use protocol::v1::to_host::Message as Downward;
use protocol::v1::{FromHost, Heartbeat, Hello, Pods, Routes, ToHost, Welcome};
use protocol::{HEARTBEAT_EVERY, MESSAGE_BYTES_MAX, SESSION_LOST_AFTER};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{MissedTickBehavior, interval, sleep, sleep_until, timeout};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::Streaming;
use tonic::transport::Channel;

use crate::backoff::Backoff;
use crate::desired::Refused;
use crate::link::{Link, with_causes};
use crate::up::{Next, Up};
use answers::Answers;

/// Messages on their way up inside this process. Few: what waits is kept where it can still be replaced.
const UPWARD_MAX: usize = 8;
/// Longest time to the first word of the server; it may be busy with thousands of other hosts.
const WELCOME_WITHIN: Duration = Duration::from_secs(5);
/// Pause after a refusal: another cluster or an old leader does not become ours in a moment, but another server may
/// answer at the same address.
const REFUSED_PAUSE: Duration = Duration::from_secs(1);

/// A client of the control plane.
pub(crate) type Client = HostLinkClient<Channel>;

/// What the agent learns.
#[derive(Debug)]
pub(crate) enum Heard {
    /// A control plane answers; does its word count?
    Welcome(Welcome, oneshot::Sender<Result<(), Refused>>),
    Pods(Pods),
    Routes(Routes),
}

/// Everything a session needs.
pub(crate) struct Session {
    pub(crate) link: Arc<dyn Link>,
    /// What to say first; the agent keeps it current.
    pub(crate) hello: watch::Receiver<Hello>,
    pub(crate) up: Arc<Up>,
    pub(crate) heard: mpsc::Sender<Heard>,
    /// The client of the session that stands, for calls beside it.
    pub(crate) client: watch::Sender<Option<Client>>,
    pub(crate) answers: Answers,
}

/// Why a session ended.
enum Ended {
    /// It did not come about, or broke.
    Lost(String),
    /// The agent refused it.
    Refused(Refused),
    /// The agent is gone.
    Over,
}

impl Session {
    /// Keeps a session until `shutdown`.
    pub(crate) async fn run(mut self, shutdown: CancellationToken) {
        shutdown.run_until_cancelled(self.keep()).await;
    }

    async fn keep(&mut self) {
        let mut backoff = Backoff::default();
        // Why there is no session is logged once for each reason.
        let mut said = String::new();
        loop {
            sleep(backoff.next(rand::random())).await;
            let began = Instant::now();
            let (ended, was_up) = self.once().await;
            if was_up {
                self.client.send_replace(None);
                self.up.lost();
            }
            // A server that welcomes and hangs up at once must not be dialled without pause.
            if was_up && began.elapsed() > SESSION_LOST_AFTER {
                backoff.reset();
                said.clear();
            }
            let (why, pause) = match ended {
                Ended::Over => return,
                Ended::Lost(why) => (why, Duration::ZERO),
                Ended::Refused(refused) => (refused.to_string(), REFUSED_PAUSE),
            };
            if why != said {
                tracing::warn!(why, "no session with the control plane; serving on with what was last told");
                said = why;
            }
            sleep(pause).await;
        }
    }

    /// One session, and whether it stood.
    async fn once(&mut self) -> (Ended, bool) {
        let (mut inbound, upward, client) = match self.dial().await {
            Ok(dialled) => dialled,
            Err(why) => return (Ended::Lost(why), false),
        };
        let welcome = match timeout(WELCOME_WITHIN, inbound.message()).await {
            Ok(Ok(Some(ToHost { message: Some(Downward::Welcome(welcome)) }))) => welcome,
            Ok(Ok(_)) => return (Ended::Lost("the server did not say welcome first".to_owned()), false),
            Ok(Err(status)) => return (Ended::Lost(status_text(&status)), false),
            Err(_) => return (Ended::Lost("the server did not say welcome in time".to_owned()), false),
        };
        let (reply, verdict) = oneshot::channel();
        if self.heard.send(Heard::Welcome(welcome, reply)).await.is_err() {
            return (Ended::Over, false);
        }
        match verdict.await {
            Ok(Ok(())) => {}
            Ok(Err(refused)) => return (Ended::Refused(refused), false),
            Err(_) => return (Ended::Over, false),
        }
        tracing::info!("session with the control plane");
        self.client.send_replace(Some(client.clone()));
        let ended = tokio::select! {
            ended = self.read(&mut inbound, &client) => ended,
            ended = self.write(&upward) => ended,
        };
        self.answers.cancel_all();
        (ended, true)
    }

    async fn dial(&mut self) -> Result<(Streaming<ToHost>, mpsc::Sender<FromHost>, Client), String> {
        let channel = self.link.channel().await.map_err(|e| with_causes(&e))?;
        let mut client = HostLinkClient::new(channel)
            .max_decoding_message_size(MESSAGE_BYTES_MAX)
            .max_encoding_message_size(MESSAGE_BYTES_MAX);
        let (upward, messages) = mpsc::channel(UPWARD_MAX);
        let hello = self.hello.borrow_and_update().clone();
        upward.send(message(Upward::Hello(hello))).await.map_err(|e| e.to_string())?;
        let opened = timeout(WELCOME_WITHIN, client.session(ReceiverStream::new(messages))).await;
        match opened {
            Ok(Ok(response)) => Ok((response.into_inner(), upward, client)),
            Ok(Err(status)) => Err(status_text(&status)),
            Err(_) => Err("the server did not open a session in time".to_owned()),
        }
    }

    /// Hands messages to the agent. Waiting for a busy agent is not silence of the server.
    async fn read(&self, inbound: &mut Streaming<ToHost>, client: &Client) -> Ended {
        loop {
            let message = match timeout(SESSION_LOST_AFTER, inbound.message()).await {
                Ok(Ok(Some(message))) => message,
                Ok(Ok(None)) => return Ended::Lost("the server ended the session".to_owned()),
                Ok(Err(status)) => return Ended::Lost(status_text(&status)),
                Err(_) => return Ended::Lost(format!("the server was silent for {SESSION_LOST_AFTER:?}")),
            };
            let heard = match message.message {
                Some(Downward::Pods(pods)) => Heard::Pods(pods),
                Some(Downward::Routes(routes)) => Heard::Routes(routes),
                Some(Downward::StatusesCommitted(committed)) => {
                    self.up.lock().statuses.committed(committed.sequence);
                    self.up.ring();
                    continue;
                }
                Some(Downward::Open(open)) => {
                    self.answers.open(open, client);
                    continue;
                }
                // The heartbeat's echo has done its work by arriving; a message of a later
                // protocol that we do not know is none we agreed to.
                Some(Downward::HeartbeatSeen(_) | Downward::Welcome(_)) | None => continue,
            };
            if self.heard.send(heard).await.is_err() {
                return Ended::Over;
            }
        }
    }

    /// Sends what waits, and a heartbeat in between.
    async fn write(&self, upward: &mpsc::Sender<FromHost>) -> Ended {
        let mut beat = interval(HEARTBEAT_EVERY);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut sequence = 0;
        loop {
            let next = match self.up.next(Instant::now()) {
                Next::Send(next) => *next,
                Next::Wait(until) => {
                    let later = async {
                        match until {
                            Some(until) => sleep_until(until.into()).await,
                            None => std::future::pending().await,
                        }
                    };
                    tokio::select! {
                        () = self.up.rung() => continue,
                        () = later => continue,
                        _ = beat.tick() => {
                            sequence += 1;
                            Upward::Heartbeat(Heartbeat { sequence })
                        }
                    }
                }
            };
            if upward.send(message(next)).await.is_err() {
                return Ended::Lost("the server takes no more messages".to_owned());
            }
        }
    }
}

fn message(message: Upward) -> FromHost {
    FromHost { message: Some(message) }
}

fn status_text(status: &tonic::Status) -> String {
    format!("{:?}: {}", status.code(), with_causes(status))
}
