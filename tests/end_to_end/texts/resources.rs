//! Resources.

use super::Ask::{Mime, Resource, While};
use super::{Row, differ, same};

const PAGE: &str = "it was a page of HTML around the text, with names from the host in it as they were; the text is what \
                    an agent reads";
const NOT_FOUND: &str = "errors of resources had the code 0; the protocol has one for those that there are not, and wants their \
                         address";
const ABSENT: &str = "what is not installed was not told from what has nothing to show";

pub const TABLE: &[Row] = &[
    // --- containers ---
    same(
        Resource("web1://docker"),
        "# Docker Containers on web1\n==================================================\n\n● web\n    \
         Status: Up 2 days (healthy)\n    Image:  nginx:1.27\n    Logs:   web1://docker/web/logs\n\n○ db\n    \
         Status: Exited (137) 3 hours ago\n    Image:  postgres:16\n    Logs:   web1://docker/db/logs",
    ),
    same(
        While("docker.empty", "web1://docker"),
        "# Docker Containers on web1\n\nNo containers found (or Docker not available).",
    ),
    differ(
        Resource("bare://docker"),
        "# Docker Containers on bare\n\nNo containers found (or Docker not available).",
        "# Docker Containers on bare\n\nDocker is not available on this host.",
        ABSENT,
    ),
    same(Resource("web1://docker/web/logs"), "2026-01-31T12:30:00.000000000Z GET / 200\n…"),
    same(Resource("web1://docker/db/logs"), "(no logs available)"),
    differ(
        Resource("web1://docker/x/logs"),
        "Container 'x' not found on web1. Use web1://docker/list to see available containers.",
        "Resource not found: web1://docker/x/logs (Container 'x' not found on web1. Use web1://docker to see available \
         containers.)",
        "the address of the list was one that there is not",
    ),
    same(While("docker.down", "web1://docker/web/logs"), "Docker error on web1: Docker error: …"),
    // --- projects ---
    same(
        Resource("web1://compose"),
        "# Docker Compose Projects on web1\n==================================================\n\n● shop\n    \
         Status: running(2), exited(1)\n    Config: /srv/shop/a.yml,/srv/shop/b.yml\n    View:   web1://compose/shop\n    \
         Logs:   web1://compose/shop/logs\n…",
    ),
    same(
        While("docker.empty", "web1://compose"),
        "# Docker Compose Projects on web1\n\nNo projects found (or Docker Compose not available).",
    ),
    differ(
        Resource("bare://compose"),
        "# Docker Compose Projects on bare\n\nNo projects found (or Docker Compose not available).",
        "# Docker Compose Projects on bare\n\nDocker Compose is not available on this host.",
        ABSENT,
    ),
    differ(
        While("blog/docker-compose.yml", "web1://compose/blog"),
        "# Compose: blog@web1\n# File: {programs}/blog/docker-compose.yml\n\nservices: {}\n",
        "# Compose: blog@web1\n# File: {programs}/blog/docker-compose.yml\n\nservices: {}",
        "what is shown ends with its last line, whatever it is",
    ),
    differ(
        Resource("web1://compose/blog"),
        "Cannot read compose file: {programs}/blog/docker-compose.yml",
        "Resource not found: web1://compose/blog (Cannot read compose file: {programs}/blog/docker-compose.yml)",
        NOT_FOUND,
    ),
    differ(
        Resource("web1://compose/shop"),
        "Cannot read compose file: {programs}/shop/a.yml,{programs}/shop/b.yml",
        "# Compose: shop@web1\n# File: {programs}/shop/a.yml\n\nservices: {}\n\n# File: {programs}/shop/b.yml\n\nvolumes: {}",
        "a project of several files could not be read",
    ),
    differ(
        Resource("web1://compose/p"),
        "Compose project 'p' not found on web1. Use web1://compose to see available projects.",
        "Resource not found: web1://compose/p (Compose project 'p' not found on web1. Use web1://compose to see available \
         projects.)",
        NOT_FOUND,
    ),
    differ(
        Resource("web1://compose/p/logs"),
        "",
        "…Compose project 'p' not found on web1. Use web1://compose to see available projects.…",
        "a project that there is not looked like one that has nothing to say",
    ),
    // --- ZFS ---
    differ(
        Resource("web1://zfs/x"),
        "Pool 'x' not found on web1. Available pools: rpool, tank",
        "Resource not found: web1://zfs/x (Pool 'x' not found on web1. Available pools: rpool, tank)",
        NOT_FOUND,
    ),
    same(
        Resource("web1://zfs/tank/datasets"),
        "…NAME                                                   USED    AVAIL    REFER MOUNTPOINT\n…\ntank      …\n\
         ...me-that-is-much-longer-than-its-column-allows…",
    ),
    same(Resource("web1://zfs/snapshots"), "…tank@daily-11\n…tank@daily-60\n…"),
    same(Resource("bare://zfs"), "…not available…"),
    same(Resource("bare://zfs/tank"), "…not available…"),
    same(Resource("bare://zfs/snapshots"), "…not available…"),
    // --- logs ---
    same(Resource("web1://syslog"), "…Server listening on 0.0.0.0 port 22.…"),
    // --- hosts and files ---
    differ(
        Resource("scout://zz/etc/hosts"),
        "Unknown host 'zz'. Available: bare, web1",
        "Resource not found: scout://zz/etc/hosts (Unknown host 'zz'. Available: bare, web1)",
        NOT_FOUND,
    ),
    differ(
        Resource("hosts://list"),
        "…bare://docker…web1://docker…",
        "Available hosts:\n  [✓] bare (online) -> …\n\nOn each of them:\n…bare://docker…",
        "what is alike on all hosts is said once, however many there are",
    ),
    differ(Resource("scout://web1/{note}"), "<…>…Notes…", "# Notes\n", PAGE),
    differ(Resource("web1://{note}"), "<…>…Notes…", "# Notes\n", PAGE),
    differ(Resource("web1://proc/sys/kernel"), "<…>…ostype…", "dr-x…ostype…", PAGE),
    differ(
        Resource("scout://web1/tmp/../{note}"),
        "<…>…Notes…",
        "Resource not found: scout://web1/tmp/../{note}",
        "no rule for paths held for resources, and `..` was resolved without a word",
    ),
    differ(Resource("scout://web1/"), "Unknown resource…", "d…\n…", "the root of a host could not be listed"),
    same(Mime("hosts://list"), "text/plain"),
    same(Mime("web1://docker"), "text/plain"),
    same(Mime("web1://compose"), "text/plain"),
    same(Mime("web1://zfs"), "text/plain"),
    same(Mime("web1://compose/shop"), "text/yaml"),
    differ(Mime("web1://docker/web/logs"), "text/html", "text/plain", PAGE),
    differ(Mime("web1://compose/shop/logs"), "text/html", "text/plain", PAGE),
    differ(Mime("web1://syslog"), "text/html", "text/plain", PAGE),
    differ(
        Mime("scout://web1/{note}"),
        "text/plain",
        "text/markdown",
        "every file was said to be plain text",
    ),
];
