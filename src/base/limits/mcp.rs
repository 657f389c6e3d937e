//! Bounds of what a client may say, and of what is kept of it.

use super::{EXECUTING_REQUESTS_DEFAULT, HOST_NAME_BYTES_MAX, PATH_BYTES_MAX, QUEUED_REQUESTS_DEFAULT};
use crate::base::time::Duration;

// --- rpc and mcp ----------------------------------------------------------------------------------------------------

/// One message from a client. Arguments are short; the largest legitimate ones are texts to compare against.
pub const MESSAGE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Messages in one JSON-RPC batch. Its replies are held until the last one is there.
pub const BATCH_LENGTH_MAX: usize = 100;
/// What they may be long together, but for one that is alone: what is held of all batches is this and the largest answer.
pub const BATCH_REPLY_BYTES_MAX: usize = 64 * 1024 * 1024;
/// The JSON text of a request id. Clients count or use UUIDs; it is copied into tables and every reply.
pub const REQUEST_ID_BYTES_MAX: usize = 256;
/// Requests of one client in flight: what may run and what may wait for its turn, as the settings below.
pub const SESSION_REQUESTS_MAX: usize = EXECUTING_REQUESTS_DEFAULT + QUEUED_REQUESTS_DEFAULT;
/// What a client says in `initialize` that it can do: a few words each. It is kept as long as the session.
pub const CLIENT_CAPABILITIES_BYTES_MAX: usize = 16 * 1024;
/// The address of a resource: a scheme, a host and a path of which every byte may be escaped.
pub const RESOURCE_URI_BYTES_MAX: usize = 3 * (HOST_NAME_BYTES_MAX + PATH_BYTES_MAX) + 16;
/// Messages of one request that wait for a client to hear them; what is said faster is lost, as with any log.
pub const CALL_MESSAGES_MAX: usize = 100;
/// What one session has asked its client, and has no answer to yet.
pub const QUESTIONS_MAX: usize = 100;
/// Resources of which one session, or one request, is told when they change; each is looked at again and again.
pub const SUBSCRIPTIONS_MAX: usize = 100;
/// The same of all sessions and requests of one client on one core: a few agents of the same key, and those sessions that
/// he left without a word. All together they are 67 looks a second: little where they are questions to an SFTP server, and
/// what a core can still do beside its work where each is a program, as on this machine.
pub const WATCHES_PER_CLIENT_MAX: usize = 2 * SUBSCRIPTIONS_MAX;
/// Between two looks at a place that is watched: soon enough for people, and for a host as little as a keepalive.
pub const WATCH_EVERY: Duration = Duration::from_secs(3);
/// How long a look serves others who watch the same place: less than that, as cores do not count in step.
pub const WATCH_SHARED_FOR: Duration = Duration::from_secs(2);
/// Places of which a core remembers what was seen there since then, 300 bytes each.
pub const SIGHTS_MAX: usize = 4_096;
/// How often it forgets those: each time it goes through all of them.
pub const SIGHTS_SWEPT_EVERY: Duration = Duration::from_secs(1);
/// Resources on one page of their list, which fits into 32 KiB.
pub const RESOURCES_PAGE_MAX: usize = 100;
/// Values that complete an argument (MCP, "Completion").
pub const COMPLETIONS_MAX: usize = 100;
/// How long somebody who is typing waits for a host to complete a path.
pub const COMPLETION_PATIENCE: Duration = Duration::from_secs(2);
/// How often who waits for a command is told that it still runs.
pub const PROGRESS_EVERY: Duration = Duration::from_secs(1);

const _: () = assert!(WATCH_SHARED_FOR.as_millis() < WATCH_EVERY.as_millis());

// --- MCP over HTTP --------------------------------------------------------------------------------------------------

pub const HTTP_PORT_DEFAULT: u16 = 8000;
/// Sessions that one core keeps; each is a few kilobytes. A further one takes the place of another.
pub const HTTP_SESSIONS_MAX: usize = 10_000;
/// After which a session that nobody uses is forgotten: longer than people leave an agent alone over lunch.
pub const HTTP_SESSION_IDLE_MAX: Duration = Duration::from_secs(2 * 3_600);
/// Requests on their way to the core of their session.
pub const HTTP_ERRANDS_MAX: usize = 1_024;
/// Messages on their way from there; work goes on when they are taken.
pub const HTTP_WORDS_AHEAD: usize = 16;
