//! Our side: the machine without sockets, its service an echo that answers 200.

use std::rc::Rc;

use scout_mcp::base::time::now;
use scout_mcp::http::{CONTINUE, Connection, Date, Response, Status, Step};

use super::{Verdict, statuses};

pub fn verdict(bytes: &[u8]) -> Verdict {
    let now = now();
    let mut connection = Connection::new(Rc::default(), now);
    connection.handle_input(bytes, now);
    let mut said = Vec::new();
    loop {
        let response = match connection.poll(now) {
            Step::Wait | Step::Closed => return statuses(&said),
            Step::Shut => continue,
            Step::Continue => {
                said.extend_from_slice(CONTINUE);
                continue;
            }
            Step::Request(_) => Response::new(Status::OK),
            // Its text is no status line.
            Step::Refused(refusal) => Response::new(refusal.status()),
        };
        connection.respond(&response, &Date::at(0), &mut said);
        connection.handle_responded(now);
    }
}
