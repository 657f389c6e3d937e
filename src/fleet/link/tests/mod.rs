//! Links in a world of their own: each test is a short story of one connection.

mod ahead;
mod commands;
mod endings;
mod files;
mod haste;
mod shells;
mod tunnels;

use std::rc::Rc;

use super::Link;
use crate::base::time::Duration;
use crate::base::{Kind, Result};
use crate::fleet::{Collected, Exit};
use crate::sftp::{Failure, Outcome};
use crate::simulated::sftp::{Bar, Knobs, SftpServer};
use crate::testing::world::{Handle, World};

const SECOND: Duration = Duration::from_secs(1);

/// Starts a command; its end and what it printed.
fn run(world: &World, link: &Rc<Link>, command: &str) -> Handle<Result<(Exit, Vec<u8>)>> {
    let (link, command) = (Rc::clone(link), command.to_owned());
    world.spawn(async move {
        let mut output = Collected::up_to(1_000_000);
        let exit = link.run(command.as_bytes(), &mut output).await?;
        Ok((exit, output.stdout))
    })
}

/// Reads the file of [`files`]; `None` where there is no SFTP.
fn read(world: &World, link: &Rc<Link>) -> Handle<Result<Option<Vec<u8>>>> {
    read_at(world, link, "/file")
}

/// Reads a file of [`files`].
fn read_at(world: &World, link: &Rc<Link>, path: &'static str) -> Handle<Result<Option<Vec<u8>>>> {
    let link = Rc::clone(link);
    world.spawn(async move {
        while link.serves_files()? {
            match link.read(path.as_bytes(), 0, 1_000_000).await {
                // As a fleet would: it was not known yet.
                Err(error) if error.kind() == Kind::NotBegun => {}
                read => return Ok(Some(content(read?))),
            }
        }
        Ok(None)
    })
}

fn content(read: Result<Outcome, Failure>) -> Vec<u8> {
    match read {
        Ok(Outcome::Read { data, .. }) => data,
        other => panic!("no content: {other:?}"),
    }
}

/// What the hosts serve by SFTP.
fn files() -> SftpServer {
    let mut server = SftpServer::new(Knobs::default());
    server.put_file("/file", file());
    for path in ["/hangs", "/hangs too"] {
        server.put_file(path, file());
        server.tree_mut().bar(path.as_bytes(), Bar::Hangs);
    }
    server
}

fn file() -> Vec<u8> {
    (0..100_000u32).map(|at| (at % 251) as u8).collect()
}

/// A world whose host `alpha` serves files by SFTP and gives this many sessions.
fn world_with_sessions(sessions_max: usize) -> World {
    let world = World::new();
    let mut server = world.host("alpha").server.borrow_mut();
    server.sftp = Some(files);
    server.sessions_max = sessions_max;
    drop(server);
    world
}
