//! Open files that a worker is given: sent over its first socket before anything else, so that it needs no name for
//! them, no path that it could open, and no number agreed on.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
    recvmsg, sendmsg,
};

/// How many there are.
pub(crate) const COUNT: usize = 3;
/// The byte they travel with: a message without one may not carry anything.
const MARK: u8 = b'c';

/// Sends `descriptors`; they stay the caller's too.
pub(crate) fn send(socket: impl AsFd, descriptors: [BorrowedFd<'_>; COUNT]) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(COUNT))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !control.push(SendAncillaryMessage::ScmRights(&descriptors)) {
        return Err(io::Error::other("no room for descriptors in a message"));
    }
    sendmsg(socket, &[IoSlice::new(&[MARK])], &mut control, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// Receives what was sent; it waits for that if the socket does.
pub(crate) fn receive(socket: impl AsFd) -> io::Result<[OwnedFd; COUNT]> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(COUNT))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut mark = [0];
    let received = recvmsg(socket, &mut [IoSliceMut::new(&mut mark)], &mut control, RecvFlags::CMSG_CLOEXEC)?;
    let mut descriptors = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(sent) = message {
            descriptors.extend(sent);
        }
    }
    let complete = received.bytes == 1 && mark == [MARK];
    let descriptors = complete.then(|| <[OwnedFd; COUNT]>::try_from(descriptors).ok()).flatten();
    descriptors.ok_or_else(|| io::Error::other("whoever started this worker did not hand over its files"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;

    #[test]
    fn what_is_sent_is_received_and_open() {
        let (ours, theirs) = UnixStream::pair().expect("a pair");
        let (mut a, b) = UnixStream::pair().expect("a pair");
        send(&ours, [b.as_fd(), b.as_fd(), b.as_fd()]).expect("is sent");
        let [first, _, _] = receive(&theirs).expect("is received");
        let mut first = UnixStream::from(first);
        a.write_all(b"hi").expect("writes");
        let mut read = [0; 2];
        first.read_exact(&mut read).expect("reads");
        assert_eq!(&read, b"hi");
        drop(ours);
        assert!(receive(&theirs).is_err(), "nothing more comes");
    }

    #[test]
    fn a_message_without_descriptors_is_refused() {
        let (mut ours, theirs) = UnixStream::pair().expect("a pair");
        ours.write_all(b"c").expect("writes");
        assert!(receive(&theirs).expect_err("is refused").to_string().contains("hand over"));
    }
}
