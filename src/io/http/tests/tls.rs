//! TLS with certificates for a day.

use std::cell::RefCell;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tempfile::TempDir;

use super::super::Tls;
use super::service::{Site, serving};
use super::{answer, connect, post, rest};
use crate::crypto::tls::provider;

/// A certificate and its key, in files.
struct Files {
    dir: TempDir,
}

impl Files {
    fn new() -> Self {
        Self { dir: TempDir::new().unwrap() }
    }

    fn paths(&self) -> (PathBuf, PathBuf) {
        (self.dir.path().join("cert.pem"), self.dir.path().join("key.pem"))
    }

    /// Puts new ones there, and says what the certificate is.
    fn renew(&self) -> CertificateDer<'static> {
        let key = KeyPair::generate().unwrap();
        let certificate =
            CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
        let (into_certificate, into_key) = self.paths();
        fs::write(into_certificate, certificate.pem()).unwrap();
        fs::write(into_key, key.serialize_pem()).unwrap();
        certificate.der().clone()
    }

    fn load(&self) -> crate::base::Result<Tls> {
        let (certificate, key) = self.paths();
        Tls::load(&certificate, &key)
    }
}

type Client = StreamOwned<ClientConnection, TcpStream>;

fn client(address: SocketAddr, trusted: &CertificateDer<'static>, alpn: &[&[u8]]) -> Client {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let config =
        ClientConfig::builder_with_provider(Arc::new(provider())).with_safe_default_protocol_versions();
    let mut config = config.unwrap().with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    let name = ServerName::try_from("localhost").unwrap();
    StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), connect(address))
}

#[test]
fn requests_come_and_answers_go_encrypted() {
    let files = Files::new();
    let trusted = files.renew();
    serving(Site { tls: Some(files.load().unwrap()), ..Site::default() }, |server| {
        let mut stream = client(server.address, &trusted, &[b"h2", b"http/1.1"]);
        stream.write_all(post("/tls", "").as_bytes()).unwrap();
        assert_eq!(answer(&mut stream).1, "true");
        assert_eq!(stream.conn.alpn_protocol(), Some(&b"http/1.1"[..]));
        for length in [1, 16_384, 16_385, 1_000_000] {
            let body = "x".repeat(length);
            stream.write_all(post("/echo", &body).as_bytes()).unwrap();
            assert!(answer(&mut stream).1 == body, "{length}");
        }
        stream.write_all(b"GET /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
        // It ends with a farewell, or this would be an error.
        assert!(rest(stream).contains("connection: close\r\n"));
    });
}

#[test]
fn who_leaves_takes_his_request_with_him() {
    let files = Files::new();
    let trusted = files.renew();
    serving(Site { tls: Some(files.load().unwrap()), ..Site::default() }, |server| {
        for is_polite in [true, false] {
            let mut stream = client(server.address, &trusted, &[]);
            stream.write_all(post("/hang", "").as_bytes()).unwrap();
            server.begun();
            if is_polite {
                stream.conn.send_close_notify();
                stream.flush().unwrap();
                server.dropped();
            } else {
                drop(stream);
                server.dropped();
            }
        }
    });
}

#[test]
fn who_speaks_no_tls_or_another_protocol_hears_an_alert() {
    let files = Files::new();
    let trusted = files.renew();
    serving(Site { tls: Some(files.load().unwrap()), ..Site::default() }, |server| {
        let mut plain = connect(server.address);
        plain.write_all(post("/echo", "").as_bytes()).unwrap();
        let mut said = Vec::new();
        // The connection may be reset behind the alert: there was more to read than the beginning of no handshake.
        let _ = plain.read_to_end(&mut said);
        assert_eq!(said.first(), Some(&21), "an alert (RFC 8446 §5.1)");
        let mut stream = client(server.address, &trusted, &[b"h2"]);
        assert!(stream.write_all(post("/echo", "").as_bytes()).and_then(|()| stream.read(&mut [0])).is_err());
        let mut stream = client(server.address, &trusted, &[]);
        stream.write_all(post("/echo", "still here").as_bytes()).unwrap();
        assert_eq!(answer(&mut stream).1, "still here");
    });
}

#[test]
fn a_certificate_that_changes_is_shown_from_then_on() {
    let files = Files::new();
    let shown = RefCell::new(files.renew());
    serving(Site { tls: Some(files.load().unwrap()), ..Site::default() }, |server| {
        let first = shown.borrow().clone();
        let ask = |trusted: &CertificateDer<'static>| {
            let mut stream = client(server.address, trusted, &[]);
            stream.write_all(post("/echo", "x").as_bytes()).map(|()| stream)
        };
        let mut early = ask(&first).unwrap();
        // What is no certificate changes nothing; neither does one without its key.
        fs::write(files.paths().1, "nothing").unwrap();
        assert!(files.load().unwrap_err().message().contains("key.pem"));
        ask(&first).unwrap();
        let second = files.renew();
        signal_hook::low_level::raise(signal_hook::consts::SIGHUP).unwrap();
        let begun = crate::base::time::now();
        while ask(&second).is_err() {
            assert!(begun.elapsed() < super::PATIENCE, "the certificate stays as it was");
        }
        assert_eq!(answer(&mut early).1, "x", "who was there stays there");
        shown.replace(second);
    });
}

#[test]
fn files_that_do_not_belong_together_are_refused() {
    let (files, others) = (Files::new(), Files::new());
    files.renew();
    others.renew();
    let refused = |certificate, key| Tls::load(certificate, key).unwrap_err().message().to_owned();
    let ((certificate, key), (_, other)) = (files.paths(), others.paths());
    assert!(refused(&certificate, &other).contains("cert.pem and "), "{}", refused(&certificate, &other));
    assert!(refused(&key, &key).contains("Cannot serve over TLS"), "{}", refused(&key, &key));
    assert!(refused(&other.with_file_name("none"), &key).contains("none: No such file"));
}
