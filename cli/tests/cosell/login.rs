//! The first refresh token: the printed address is followed, as a browser would; what comes of it is found by the others.

use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use reqwest::{StatusCode, Url};
use simulators::partner_center::Role;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout};

use crate::stage::{Stage, free_address, said};

/// A `cosell login` that waits for its person.
struct Login {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    address: Url,
}

impl Login {
    async fn begin(stage: &Stage, arguments: &[&str]) -> Self {
        let mut command = stage.command(&[&["login", "--no-browser"], arguments].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        loop {
            let line = lines.next_line().await.unwrap().unwrap();
            if let Ok(address) = line.parse::<Url>() {
                return Self { child, lines, address };
            }
        }
    }

    /// Agrees to everything, as the simulated page does, and lands on the machine's own address.
    async fn agree(&self) -> (StatusCode, String) {
        let page = reqwest::get(self.address.clone()).await.unwrap();
        assert_eq!(page.url().host_str(), Some("localhost"));
        (page.status(), page.text().await.unwrap())
    }

    fn redirect(&self) -> String {
        self.value("redirect_uri")
    }

    fn value(&self, name: &str) -> String {
        self.address.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned()
    }

    /// The exit code, and what was said on stderr.
    async fn end(mut self) -> (i32, String) {
        while self.lines.next_line().await.unwrap().is_some() {}
        said(&self.child.wait_with_output().await.unwrap())
    }
}

fn without_a_token(stage: &Stage) {
    let path = stage.path("cosell.secrets.toml");
    let secrets = std::fs::read_to_string(&path).unwrap();
    let kept: Vec<&str> = secrets.lines().filter(|line| !line.starts_with("refresh_token")).collect();
    std::fs::write(path, kept.join("\n")).unwrap();
}

#[tokio::test]
async fn before_the_first_sign_in_everything_says_so_and_after_it_everything_works() {
    let stage = Stage::set().await;
    without_a_token(&stage);
    let secrets = std::fs::read(stage.path("cosell.secrets.toml")).unwrap();
    for command in [&["serve", "--listen", &free_address().to_string()][..], &["sync", "--all"], &["plan"]] {
        let (code, text) = said(&stage.command(command).output().await.unwrap());
        assert_eq!(code, 3, "{text}");
        assert!(text.contains("run `cosell login`"), "{text}");
    }
    let login = Login::begin(&stage, &[]).await;
    let (status, page) = login.agree().await;
    assert_eq!(status, 200);
    assert!(page.contains("go back to the terminal"), "{page}");
    assert_eq!(login.end().await, (0, String::new()));

    let kept = stage.path("data").join("refresh-token");
    assert_eq!(std::fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(std::fs::read_to_string(&kept).unwrap().contains(&stage.partner_center.refresh_token()));
    assert_eq!(std::fs::read(stage.path("cosell.secrets.toml")).unwrap(), secrets, "the secrets are never rewritten");
    let (code, text) = said(&stage.command(&["sync", "--all"]).output().await.unwrap());
    assert_eq!(code, 0, "{text}");
}

#[tokio::test]
async fn a_new_sign_in_replaces_a_token_that_has_died() {
    let stage = Stage::set().await;
    stage.partner_center.revoke_refresh_tokens();
    let (code, text) = said(&stage.command(&["sync", "--all"]).output().await.unwrap());
    assert_eq!(code, 3, "{text}");
    let login = Login::begin(&stage, &[]).await;
    assert_eq!(login.agree().await.0, 200);
    assert_eq!(login.end().await.0, 0);
    let (code, text) = said(&stage.command(&["sync", "--all"]).output().await.unwrap());
    assert_eq!(code, 0, "{text}");
}

#[tokio::test]
async fn a_person_who_cancels_and_an_answer_to_another_sign_in_end_with_status_3_and_no_token() {
    let stage = Stage::set().await;
    let cancelled = Login::begin(&stage, &[]).await;
    let state = cancelled.value("state");
    let no = format!("{}/?error=access_denied&error_subcode=cancel&state={state}", cancelled.redirect());
    assert_eq!(reqwest::get(no).await.unwrap().status(), 400);
    let (code, text) = cancelled.end().await;
    assert!(code == 3 && text.contains("access_denied") && text.contains("run `cosell login` again"), "{code} {text}");

    let slipped = Login::begin(&stage, &[]).await;
    let stray = reqwest::get(format!("{}/favicon.ico", slipped.redirect())).await.unwrap();
    assert_eq!(stray.status(), 404, "what is no answer is passed over");
    let other = format!("{}/?code=somebody-elses&state={state}", slipped.redirect());
    assert_eq!(reqwest::get(other).await.unwrap().status(), 400);
    let (code, text) = slipped.end().await;
    assert!(code == 3 && text.contains("another sign-in"), "{code} {text}");
    assert!(!stage.path("data").join("refresh-token").exists());
}

#[tokio::test]
async fn a_token_that_does_not_work_is_not_kept_and_says_what_is_missing() {
    let stage = Stage::set().await;
    stage.partner_center.set_role(Role::None);
    let login = Login::begin(&stage, &[]).await;
    login.agree().await;
    let (code, text) = login.end().await;
    assert!(code == 3 && text.contains("Referrals admin"), "{code} {text}");
    assert!(!stage.path("data").join("refresh-token").exists());
}

#[tokio::test]
async fn nobody_coming_and_a_port_in_use_are_told_apart() {
    let stage = Stage::set().await;
    let (code, text) = Login::begin(&stage, &["--wait", "1ms"]).await.end().await;
    assert!(code == 3 && text.contains("AADSTS50011"), "{code} {text}");

    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let (code, text) = said(&stage.command(&["login", "--no-browser", "--port", &port]).output().await.unwrap());
    assert!(code == 2 && text.contains("--port"), "{code} {text}");
}

#[tokio::test]
async fn an_app_that_is_set_up_wrongly_is_told_before_anybody_signs_in() {
    let stage = Stage::set().await;
    stage.settings(|text| text.replacen("client_id = \"", "client_id = \"not-", 1));
    let (code, text) = said(&stage.command(&["login", "--no-browser"]).output().await.unwrap());
    assert!(code == 3 && text.contains("partner_center.client_id"), "{code} {text}");
}
