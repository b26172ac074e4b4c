//! Who keeps the refresh token (design section 6).
//!
//! Every redemption may return another refresh token, and the newest is the one to use. On one machine it is written
//! to the data folder together with a digest of the configured token that it descends from; when somebody configures
//! another token, the one in the folder is void. Whoever signs in anew replaces the one in the folder, and a redemption
//! that was under way meanwhile must not undo that: a token is kept only in place of the one that was redeemed.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Who keeps the refresh token.
#[derive(Debug, Clone)]
pub enum Custody {
    /// We do, in a folder of ours.
    File {
        /// The folder; the file in it is `refresh-token`.
        directory: PathBuf,
        /// The token in the secrets; none before the first sign-in, or if the folder is to hold the only one.
        configured: Option<SecretString>,
    },
    /// Somebody else does; we redeem and store nothing.
    ReadOnly {
        /// The token in the secrets.
        configured: SecretString,
    },
    /// Whoever holds the other end does: the newest is handed over here, and is the one to redeem.
    Held(Arc<Mutex<SecretString>>),
}

/// The file in the folder.
const NAME: &str = "refresh-token";
/// Locked by whoever replaces it.
const LOCK: &str = "refresh-token.lock";

impl Custody {
    /// The token to redeem now; none if nobody has signed in yet. It is read anew each time, since another process may
    /// have kept a newer one. A kept one that cannot be read is passed over: the configured one may still work.
    #[must_use]
    pub fn current(&self) -> Option<SecretString> {
        match self {
            Self::ReadOnly { configured } => Some(configured.clone()),
            Self::Held(newest) => Some(newest.lock().unwrap_or_else(PoisonError::into_inner).clone()),
            Self::File { directory, configured } => kept(directory, configured.as_ref()).or_else(|| configured.clone()),
        }
    }

    /// Keeps the token of a new sign-in, whatever was kept before.
    ///
    /// # Errors
    /// When it cannot be written durably.
    pub fn begin_anew(&self, token: &SecretString) -> io::Result<()> {
        self.put(token, |_| true)
    }

    /// Keeps a token that the redemption of another one returned, unless somebody has signed in or redeemed meanwhile.
    ///
    /// # Errors
    /// When it cannot be written durably.
    pub(crate) fn keep(&self, token: &SecretString, redeemed: &SecretString) -> io::Result<()> {
        self.put(token, |current| same(current, Some(redeemed)))
    }

    fn put(&self, token: &SecretString, may_replace: impl FnOnce(Option<&SecretString>) -> bool) -> io::Result<()> {
        match self {
            Self::ReadOnly { .. } => Ok(()),
            Self::Held(newest) => {
                *newest.lock().unwrap_or_else(PoisonError::into_inner) = token.clone();
                Ok(())
            }
            Self::File { directory, configured } => {
                DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
                let mut options = OpenOptions::new();
                options.write(true).create(true).truncate(false).mode(0o600);
                let lock = options.open(directory.join(LOCK))?;
                lock.lock()?; // Until it is dropped.
                let current = self.current();
                match !same(current.as_ref(), Some(token)) && may_replace(current.as_ref()) {
                    true => write(directory, configured.as_ref(), token),
                    false => Ok(()),
                }
            }
        }
    }
}

/// Afterwards either the old file or the new one is there, whatever happens on the way: a temporary file, flushed,
/// renamed, and the folder flushed.
fn write(directory: &Path, configured: Option<&SecretString>, token: &SecretString) -> io::Result<()> {
    let beside = directory.join(format!("{NAME}.{}", std::process::id()));
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {} // What a crash left behind would keep its own mode.
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    let kept = json!({ "descends_from": digest(configured), "refresh_token": token.expose_secret() });
    file.write_all(kept.to_string().as_bytes())?;
    file.sync_all()?;
    fs::rename(&beside, directory.join(NAME))?;
    File::open(directory)?.sync_all()
}

/// The token in the folder, if it descends from the configured one.
fn kept(directory: &Path, configured: Option<&SecretString>) -> Option<SecretString> {
    let text = fs::read_to_string(directory.join(NAME)).ok()?;
    let kept: Value = serde_json::from_str(&text).ok()?;
    let descends = kept.get("descends_from")?.as_str()? == digest(configured);
    let token = kept.get("refresh_token")?.as_str().filter(|token| descends && !token.is_empty())?;
    Some(SecretString::from(token))
}

/// Of no token it is the digest of nothing.
fn digest(token: Option<&SecretString>) -> String {
    let token = token.map_or("", ExposeSecret::expose_secret);
    Sha256::digest(token.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn same(one: Option<&SecretString>, other: Option<&SecretString>) -> bool {
    one.map(ExposeSecret::expose_secret) == other.map(ExposeSecret::expose_secret)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn custody(folder: &Path, configured: &str) -> Custody {
        Custody::File { directory: folder.to_owned(), configured: Some(SecretString::from(configured)) }
    }

    fn current(custody: &Custody) -> String {
        custody.current().map(|token| token.expose_secret().to_owned()).unwrap_or_default()
    }

    fn keep(custody: &Custody, token: &str) {
        custody.keep(&SecretString::from(token), &custody.current().unwrap()).unwrap();
    }

    #[test]
    fn a_rotated_token_survives_and_another_configured_one_wins() {
        let folder = tempfile::tempdir().unwrap();
        let first = custody(folder.path(), "configured");
        assert_eq!(current(&first), "configured");
        keep(&first, "rotated");
        keep(&first, "rotated again");
        assert_eq!(current(&custody(folder.path(), "configured")), "rotated again");
        assert_eq!(current(&custody(folder.path(), "configured anew")), "configured anew");
        assert!(!fs::read_to_string(folder.path().join(NAME)).unwrap().contains("configured"));
    }

    #[test]
    fn a_new_sign_in_is_seen_at_once_and_not_undone_by_a_redemption_under_way() {
        let folder = tempfile::tempdir().unwrap();
        let service = custody(folder.path(), "configured");
        keep(&service, "rotated");
        let redeemed = service.current().unwrap();
        custody(folder.path(), "configured").begin_anew(&SecretString::from("signed in")).unwrap();
        service.keep(&SecretString::from("rotated too late"), &redeemed).unwrap();
        assert_eq!(current(&service), "signed in");
        keep(&service, "and rotated");
        assert_eq!(current(&service), "and rotated");
    }

    #[test]
    fn without_a_configured_token_there_is_none_until_somebody_signs_in() {
        let folder = tempfile::tempdir().unwrap();
        let custody = Custody::File { directory: folder.path().to_owned(), configured: None };
        assert!(custody.current().is_none());
        custody.begin_anew(&SecretString::from("signed in")).unwrap();
        assert_eq!(current(&custody), "signed in");
        keep(&custody, "rotated");
        assert_eq!(current(&custody), "rotated");
    }

    #[test]
    fn only_its_owner_reads_the_token_even_after_a_crash_with_a_wider_mode() {
        let folder = tempfile::tempdir().unwrap();
        let left_behind = folder.path().join(format!("{NAME}.{}", std::process::id()));
        fs::write(&left_behind, "half a tok").unwrap();
        fs::set_permissions(&left_behind, fs::Permissions::from_mode(0o644)).unwrap();
        keep(&custody(folder.path(), "configured"), "rotated");
        assert_eq!(fs::metadata(folder.path().join(NAME)).unwrap().permissions().mode() & 0o777, 0o600);
        let mut left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, [NAME, LOCK], "nothing else is left beside it");
    }

    #[test]
    fn a_missing_folder_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let custody = custody(&folder.path().join("data"), "configured");
        keep(&custody, "rotated");
        assert_eq!(current(&custody), "rotated");
    }

    #[test]
    fn a_broken_file_is_passed_over_and_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let custody = custody(folder.path(), "configured");
        for broken in ["", "{", "[]", r#"{"refresh_token":"x"}"#, r#"{"descends_from":1,"refresh_token":"x"}"#] {
            fs::write(folder.path().join(NAME), broken).unwrap();
            assert_eq!(current(&custody), "configured", "{broken}");
        }
        keep(&custody, "rotated");
        assert_eq!(current(&custody), "rotated");
    }

    #[test]
    fn a_token_that_cannot_be_written_is_an_error_and_not_a_silence() {
        let folder = tempfile::tempdir().unwrap();
        let occupied = folder.path().join("file");
        fs::write(&occupied, "").unwrap();
        let rotated = SecretString::from("rotated");
        assert!(custody(&occupied, "configured").keep(&rotated, &SecretString::from("configured")).is_err());
        assert!(custody(&occupied, "configured").begin_anew(&rotated).is_err());
    }

    #[test]
    fn who_only_reads_writes_nothing() {
        let reader = Custody::ReadOnly { configured: SecretString::from("configured") };
        keep(&reader, "rotated");
        assert_eq!(current(&reader), "configured");
    }

    #[test]
    fn whoever_holds_the_other_end_gets_the_newest() {
        let newest = Arc::new(Mutex::new(SecretString::from("configured")));
        let custody = Custody::Held(Arc::clone(&newest));
        keep(&custody, "rotated");
        assert_eq!(current(&custody), "rotated");
        assert_eq!(newest.lock().unwrap().expose_secret(), "rotated");
    }
}
