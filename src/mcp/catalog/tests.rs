//! What the catalog offers, on simulated hosts whose files change.

use std::cell::RefCell;
use std::ops::Deref;

use serde_json::json;

use super::*;
use crate::base::limits::{COMPLETION_PATIENCE, RESOURCES_PAGE_MAX, WATCH_EVERY, WATCHES_PER_CLIENT_MAX};
use crate::base::time::Duration;
use crate::config::Groups;
use crate::fleet::ClientId;
use crate::mcp::{Incoming, Options, Session};
use crate::simulated::sftp::{Knobs, Node, SftpServer};
use crate::testing;
use crate::testing::world::World;

mod allowed;
mod answers;
mod changing;
mod completed;
mod many;
mod words;

thread_local! {
    /// What `/file` holds on every connection that is made from now on.
    static CONTENT: RefCell<Vec<u8>> = RefCell::new(b"content".to_vec());
}

fn files() -> SftpServer {
    let mut server = SftpServer::new(Knobs::default());
    server.put_file("/file", CONTENT.with_borrow(Clone::clone));
    server.put_file("/page.html", "<p>");
    server.put_file("/picture.png", b"\x89PNG\0".as_slice());
    server.put("/dir", Node::Directory);
    server.put_file("/dir/inside", "12345");
    server.put("/dir/link", Node::Symlink(b"/file".to_vec()));
    server
}

/// A session about the hosts of a world.
struct Scene {
    world: World,
    shards: Rc<Shards>,
    catalog: Rc<Catalog>,
    session: Rc<Session>,
}

impl Scene {
    fn new() -> Self {
        Self::of(World::new())
    }

    fn of(world: World) -> Self {
        Self::with(world, Access::all())
    }

    fn with(world: World, access: Access) -> Self {
        let fleet = world.fleet(|settings| {
            settings.allow_any_command = true;
            settings.max_file_size = 10;
            settings.groups = Groups::parse("known=alpha,bravo,charlie; secret=bravo").unwrap();
        });
        let shards = Shards::alone(fleet);
        let catalog = Catalog::new(Rc::clone(&shards), testing::stats(&shards), &Options::default());
        let client = Client { id: ClientId::STDIO, access: access.into() };
        let session = Rc::new(Session::new(Rc::<Catalog>::clone(&catalog), client, 100));
        let scene = Self { world, shards, catalog, session };
        let params = json!({ "protocolVersion": "2025-11-25", "capabilities": {} });
        assert_eq!(scene.ask("initialize", params)["protocolVersion"], "2025-11-25");
        scene
    }

    fn serving_files() -> Self {
        let scene = Self::new();
        scene.host("alpha").server.borrow_mut().sftp = Some(files);
        scene
    }

    /// All messages of a request, from now to its end.
    fn hear(&self, method: &str, params: Value) -> Vec<Value> {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
        let flow = match self.session.handle(request.as_bytes(), None) {
            Incoming::Reply(reply) | Incoming::Refused(_, reply) => return vec![json_of(&reply)],
            Incoming::Call(flow) => flow,
            Incoming::Nothing => panic!("{method} has no answer"),
        };
        let said = self.world.run(flow.collect::<Vec<_>>()).into_iter();
        said.map(|outgoing| json_of(outgoing.message())).collect()
    }

    fn answer(&self, method: &str, params: Value) -> Value {
        self.hear(method, params).pop().expect("an answer")
    }

    fn ask(&self, method: &str, params: Value) -> Value {
        let answer = self.answer(method, params);
        answer.get("result").unwrap_or_else(|| panic!("{method} failed: {answer}")).clone()
    }

    fn call(&self, arguments: Value) -> Value {
        self.ask("tools/call", json!({ "name": "scout", "arguments": arguments }))
    }

    fn read(&self, uri: &str) -> Value {
        let mut read = self.ask("resources/read", json!({ "uri": uri }));
        assert_eq!(read["contents"].as_array().map(Vec::len), Some(1), "{read}");
        let contents = read["contents"][0].take();
        assert_eq!(contents["uri"], uri);
        contents
    }

    /// What the client is told unasked within a time.
    fn notices_within(&self, time: Duration) -> Vec<Value> {
        let told = Rc::<RefCell<Vec<Value>>>::default();
        let (heard, notices) = (Rc::clone(&told), self.session.notices());
        let listening = self.world.spawn(async move {
            notices
                .for_each(|notice| {
                    heard.borrow_mut().push(json_of(&notice));
                    ready(())
                })
                .await;
        });
        self.world.pass(time);
        listening.cancel();
        self.world.settle();
        told.take()
    }
}

impl Deref for Scene {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

fn json_of(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).expect("JSON")
}
