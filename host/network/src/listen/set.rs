//! Which doors are open, brought to what the table asks for.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use super::accept::accept;
use super::bind::{Sharing, bind};
use super::door::Door;
use crate::lane::Lane;
use crate::limits::{ADDRESS_BACKLOG, NODE_PORT_BACKLOG};
use crate::proxy::BindProblem;
use crate::route::{Address, Target};

/// An address with its doors.
struct Open {
    address: Address,
    doors: Vec<Arc<Door>>,
}

/// The Node ports and cluster IPs that are open.
#[derive(Default)]
pub(crate) struct Addresses {
    open: BTreeMap<SocketAddr, Open>,
    next_lane: usize,
}

impl Addresses {
    /// Opens what is wanted and not open, closes what is open and not wanted. What cannot be opened is reported, and
    /// tried again the next time.
    pub(crate) fn reconcile(&mut self, lanes: &[Arc<Lane>], wanted: Vec<Address>) -> Vec<BindProblem> {
        let wanted: BTreeMap<_, _> = wanted.into_iter().map(|address| (address.at, address)).collect();
        let closing: Vec<_> = self
            .open
            .iter()
            .filter(|(at, open)| wanted.get(at).is_none_or(|w| w.target != open.address.target))
            .map(|(at, _)| *at)
            .collect();
        for open in closing.iter().filter_map(|at| self.open.remove(at)) {
            open.doors.iter().for_each(|door| door.close(Some(open.address.service.clone())));
        }
        let mut problems = Vec::new();
        for (at, address) in wanted {
            if let Some(open) = self.open.get_mut(&at) {
                open.address = address;
                continue;
            }
            match self.open(lanes, &address) {
                Ok(doors) => drop(self.open.insert(at, Open { address, doors })),
                Err(error) => {
                    let what = format!("{} of {}", address.target, address.service);
                    problems.push(BindProblem { addr: at, what, error: error.to_string() });
                }
            }
        }
        problems
    }

    /// A Node port has a door on every lane; a cluster IP, of which there are many and quiet ones, on one.
    fn open(&mut self, lanes: &[Arc<Lane>], address: &Address) -> io::Result<Vec<Arc<Door>>> {
        if matches!(address.target, Target::NodePort { .. }) {
            let listeners = bind(address.at, Sharing::AmongLanes, lanes.len(), NODE_PORT_BACKLOG)?;
            return Ok(lanes.iter().zip(listeners).map(|(lane, it)| open_door(lane, it, &address.target)).collect());
        }
        let lane = &lanes[self.next_lane % lanes.len()];
        self.next_lane += 1;
        let listeners = bind(address.at, Sharing::AmongHosts, 1, ADDRESS_BACKLOG)?;
        Ok(listeners.into_iter().map(|listener| open_door(lane, listener, &address.target)).collect())
    }

    pub(crate) fn close_all(&mut self) {
        for open in std::mem::take(&mut self.open).into_values() {
            open.doors.iter().for_each(|door| door.close(Some(open.address.service.clone())));
        }
    }
}

/// The doors of Pods' own addresses, by Pod.
#[derive(Default)]
pub(crate) struct PodDoors {
    open: HashMap<Arc<str>, BTreeMap<SocketAddr, Arc<Door>>>,
    next_lane: usize,
}

impl PodDoors {
    /// Opens doors of the Pod `uid` at `ip`: these ports and no others.
    pub(crate) fn bind(&mut self, lanes: &[Arc<Lane>], uid: &str, ip: IpAddr, ports: &[u16]) -> Vec<BindProblem> {
        let uid: Arc<str> = uid.into();
        let mut doors = self.open.remove(&uid).unwrap_or_default();
        doors.retain(|at, door| {
            let keep = at.ip() == ip && ports.contains(&at.port());
            if !keep {
                door.close(None);
            }
            keep
        });
        let mut problems = Vec::new();
        for port in ports {
            let at = SocketAddr::new(ip, *port);
            if doors.contains_key(&at) {
                continue;
            }
            let target = Target::Pod { uid: uid.clone(), port: *port };
            match bind(at, Sharing::Alone, 1, ADDRESS_BACKLOG) {
                Ok(listeners) => {
                    let lane = &lanes[self.next_lane % lanes.len()];
                    self.next_lane += 1;
                    doors.extend(listeners.into_iter().map(|listener| (at, open_door(lane, listener, &target))));
                }
                Err(error) => {
                    problems.push(BindProblem { addr: at, what: target.to_string(), error: error.to_string() });
                }
            }
        }
        self.open.insert(uid, doors);
        problems
    }

    pub(crate) fn unbind(&mut self, uid: &str) {
        for door in self.open.remove(uid).into_iter().flat_map(BTreeMap::into_values) {
            door.close(None);
        }
    }

    pub(crate) fn close_all(&mut self) {
        for door in std::mem::take(&mut self.open).into_values().flat_map(BTreeMap::into_values) {
            door.close(None);
        }
    }
}

fn open_door(lane: &Arc<Lane>, listener: std::net::TcpListener, target: &Target) -> Arc<Door> {
    let door = Arc::new(Door::new(target.clone()));
    lane.spawn(accept(lane.clone(), listener, door.clone()));
    door
}
