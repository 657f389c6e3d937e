//! A real browser without a window, for pages that must render.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use super::process::program;

/// What a browser has made of a page.
#[derive(Debug)]
pub struct Rendered {
    /// What the page's own probe has found.
    pub found: Value,
    /// What the browser complained of.
    pub complaints: Vec<String>,
}

/// Looks at what is drawn, in the page itself: for each chart its shapes that cover any place, and its texts; what was
/// fetched besides the page.
const PROBE: &str = r#"<script>
addEventListener('error', event => (window.failed ??= []).push(String(event.message)));
addEventListener('load', () => {
  const drawn = (chart, of) => [...chart.querySelectorAll(of)].filter(shape => {
    const box = shape.getBBox();
    return box.width > 0 || box.height > 0;
  }).length;
  const charts = [...document.querySelectorAll('svg.chart')].map(chart => ({
    id: chart.id,
    width: chart.getBoundingClientRect().width,
    height: chart.getBoundingClientRect().height,
    lines: drawn(chart, 'path.line'),
    bars: drawn(chart, 'rect'),
    texts: drawn(chart, 'text'),
    outside: [...chart.querySelectorAll('path, rect, circle')].filter(shape => {
      const box = shape.getBBox(), view = chart.viewBox.baseVal;
      return box.x < -1 || box.y < -1 || box.x + box.width > view.width + 1 || box.y + box.height > view.height + 1;
    }).length,
    title: chart.querySelector('title').textContent,
    description: chart.querySelector('desc').textContent,
  }));
  const probe = document.createElement('script');
  probe.type = 'application/json';
  probe.id = 'probe';
  probe.textContent = JSON.stringify({
    charts,
    tables: document.querySelectorAll('table').length,
    fetched: performance.getEntriesByType('resource').map(entry => entry.name),
    failed: window.failed ?? [],
    paper: getComputedStyle(document.body).backgroundColor,
    ink: getComputedStyle(document.body).color,
  }).replaceAll('<', '\\u003c');
  document.body.append(probe);
});
</script>
"#;

/// Opens a page with a probe in it, in the dark or not. Nothing else of it is changed but the policy that would keep the
/// probe from running.
pub fn open(page: &Path, is_dark: bool) -> Rendered {
    let folder = TempDir::with_prefix("browser-").expect("a directory");
    let text = fs::read_to_string(page).expect("a page");
    let policy = text.lines().find(|line| line.contains("Content-Security-Policy")).expect("a policy");
    assert!(policy.contains("default-src 'none'"), "{policy}");
    let probed = text.replace(policy, "").replace("<body>", &format!("<body>{PROBE}"));
    let path = folder.path().join("page.html");
    fs::write(&path, probed).expect("a page");
    let (dom, _) = run(&folder, &path, &["--dump-dom"], is_dark);
    let found = dom.split("id=\"probe\">").nth(1).and_then(|rest| rest.split("</script>").next());
    let found = found.unwrap_or_else(|| panic!("the probe did not run: {dom}"));
    // As it is, with its policy.
    let (_, complaints) = run(&folder, page, &["--dump-dom"], is_dark);
    Rendered { found: serde_json::from_str(found).expect("JSON"), complaints }
}

/// What a page looks like, as a picture.
pub fn picture(page: &Path) -> Vec<u8> {
    let folder = TempDir::with_prefix("browser-").expect("a directory");
    let path = folder.path().join("page.png");
    let flag = format!("--screenshot={}", path.display());
    run(&folder, page, &[&flag, "--window-size=1000,3000"], false);
    fs::read(path).expect("a picture")
}

/// What it prints, and what it complains of.
fn run(folder: &TempDir, page: &Path, flags: &[&str], is_dark: bool) -> (String, Vec<String>) {
    let mut browser = program("chromium-headless-shell", "chromium-headless-shell");
    // It has a sandbox of its own for strangers' pages, which root cannot have; this page is ours. The proxy is nobody:
    // whatever a page would fetch fails.
    browser
        .args([
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            "--enable-logging=stderr",
            "--proxy-server=127.0.0.1:9",
        ])
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .arg(format!("--blink-settings=preferredColorScheme={}", u8::from(!is_dark)))
        .args(flags)
        .arg(format!("file://{}", page.display()))
        .env("HOME", folder.path());
    let output = browser.output().expect("the browser runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let complaints = said.lines().filter(|line| line.contains("CONSOLE")).map(str::to_owned);
    (String::from_utf8_lossy(&output.stdout).into_owned(), complaints.collect())
}
