//! The servers of `support` work on their own: `ssh` logs in to each.

use crate::support::{Agent, Dropbear, Endpoint, KeyType, Library, PythonServer, Sshd, TinySsh, program};

#[test]
fn ssh_logs_in_to_openssh() {
    let sshd = Sshd::builder().host_keys(&KeyType::ALL).client_key(KeyType::Rsa).start();
    assert_eq!(ssh(&sshd.endpoint, "pwd"), format!("{}\n", sshd.account.home().display()));
    sshd.log().wait_for("Received disconnect");
    assert_eq!(sshd.connections(), 1);
}

#[test]
fn ssh_logs_in_to_dropbear() {
    let dropbear = Dropbear::start(&[KeyType::Ecdsa256]);
    assert_eq!(ssh(&dropbear.endpoint, "pwd"), format!("{}\n", dropbear.account.home().display()));
}

#[test]
fn ssh_logs_in_to_tinysshd() {
    let tinysshd = TinySsh::start();
    assert_eq!(ssh(&tinysshd.endpoint, "pwd"), format!("{}\n", tinysshd.account.home().display()));
}

#[test]
fn ssh_logs_in_to_servers_made_of_libraries() {
    for library in [Library::AsyncSsh, Library::Paramiko, Library::LibSsh] {
        let server = PythonServer::start(library);
        assert_eq!(
            ssh(&server.endpoint, "pwd"),
            format!("{}\n", server.account.home().display()),
            "{library:?}"
        );
    }
}

#[test]
fn file_modes_bind_sessions_that_should_obey_them() {
    let sshd = Sshd::builder().bound_by_modes().start();
    let file = sshd.write("secret", "x");
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o000)).unwrap();
    assert_eq!(ssh(&sshd.endpoint, &format!("cat {file} || echo refused")), "refused\n");
}

#[test]
fn an_agent_lists_the_keys_it_was_given() {
    let sshd = Sshd::start();
    let agent = Agent::start();
    let key = crate::support::Key::generate(&sshd.account.path("agent_key"), KeyType::Ed25519);
    agent.add(&key);
    let list =
        program("ssh-add", "openssh-client").arg("-l").env("SSH_AUTH_SOCK", &agent.socket).output().unwrap();
    assert!(String::from_utf8_lossy(&list.stdout).contains(&key.fingerprint()));
}

/// Runs a command with OpenSSH's client, host key checked.
fn ssh(endpoint: &Endpoint, command: &str) -> String {
    let known_hosts = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(known_hosts.path(), endpoint.known_hosts()).expect("known_hosts");
    let mut ssh = program("ssh", "openssh-client");
    ssh.args(["-F", "none", "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-p"]);
    ssh.arg(endpoint.address.port().to_string()).arg("-i").arg(&endpoint.identity);
    ssh.arg("-o").arg(format!("UserKnownHostsFile={}", known_hosts.path().display()));
    ssh.arg(format!("{}@{}", endpoint.user, endpoint.address.ip())).arg(command);
    let output = ssh.output().expect("ssh runs");
    assert!(output.status.success(), "ssh: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}
