//! Who keeps the refresh token (design section 6).
//!
//! Every redemption may return another refresh token, and the newest is the one to use. On one machine it is written
//! to the data folder together with a digest of the configured token that it descends from; when somebody signs in
//! again, the configured token changes, and the one in the folder is void.

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
        /// The token in the secrets.
        configured: SecretString,
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

impl Custody {
    /// The token to redeem now. It is read anew each time, since another process may have kept a newer one. A kept one
    /// that cannot be read is passed over: the configured one may still work.
    pub(crate) fn current(&self) -> SecretString {
        match self {
            Self::ReadOnly { configured } => configured.clone(),
            Self::Held(newest) => newest.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            Self::File { directory, configured } => kept(directory, configured).unwrap_or_else(|| configured.clone()),
        }
    }

    /// Keeps a token that a redemption returned. Afterwards either the old file or the new one is there, whatever
    /// happens on the way: a temporary file, flushed, renamed, and the folder flushed.
    ///
    /// # Errors
    /// When it cannot be written durably.
    pub(crate) fn keep(&self, token: &SecretString) -> io::Result<()> {
        if let Self::Held(newest) = self {
            *newest.lock().unwrap_or_else(PoisonError::into_inner) = token.clone();
        }
        let Self::File { directory, configured } = self else { return Ok(()) };
        if self.current().expose_secret() == token.expose_secret() {
            return Ok(());
        }
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        // Two processes may keep tokens at once, and neither must rename the other's unfinished file.
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
}

/// The token in the folder, if it descends from the configured one.
fn kept(directory: &Path, configured: &SecretString) -> Option<SecretString> {
    let text = fs::read_to_string(directory.join(NAME)).ok()?;
    let kept: Value = serde_json::from_str(&text).ok()?;
    let descends = kept.get("descends_from")?.as_str()? == digest(configured);
    let token = kept.get("refresh_token")?.as_str().filter(|token| descends && !token.is_empty())?;
    Some(SecretString::from(token))
}

fn digest(token: &SecretString) -> String {
    Sha256::digest(token.expose_secret().as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn custody(folder: &Path, configured: &str) -> Custody {
        Custody::File { directory: folder.to_owned(), configured: SecretString::from(configured) }
    }

    fn keep(custody: &Custody, token: &str) {
        custody.keep(&SecretString::from(token)).unwrap();
    }

    #[test]
    fn a_rotated_token_survives_and_a_new_sign_in_wins() {
        let folder = tempfile::tempdir().unwrap();
        let first = custody(folder.path(), "configured");
        assert_eq!(first.current().expose_secret(), "configured");
        keep(&first, "rotated");
        keep(&first, "rotated again");
        assert_eq!(custody(folder.path(), "configured").current().expose_secret(), "rotated again");
        assert_eq!(custody(folder.path(), "signed in again").current().expose_secret(), "signed in again");
        assert!(!fs::read_to_string(folder.path().join(NAME)).unwrap().contains("configured"));
    }

    #[test]
    fn only_its_owner_reads_the_token_even_after_a_crash_with_a_wider_mode() {
        let folder = tempfile::tempdir().unwrap();
        let left_behind = folder.path().join(format!("{NAME}.{}", std::process::id()));
        fs::write(&left_behind, "half a tok").unwrap();
        fs::set_permissions(&left_behind, fs::Permissions::from_mode(0o644)).unwrap();
        keep(&custody(folder.path(), "configured"), "rotated");
        assert_eq!(fs::metadata(folder.path().join(NAME)).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn a_missing_folder_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let custody = custody(&folder.path().join("data"), "configured");
        keep(&custody, "rotated");
        assert_eq!(custody.current().expose_secret(), "rotated");
    }

    #[test]
    fn a_broken_file_is_passed_over_and_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let custody = custody(folder.path(), "configured");
        for broken in ["", "{", "[]", r#"{"refresh_token":"x"}"#, r#"{"descends_from":1,"refresh_token":"x"}"#] {
            fs::write(folder.path().join(NAME), broken).unwrap();
            assert_eq!(custody.current().expose_secret(), "configured", "{broken}");
        }
        keep(&custody, "rotated");
        assert_eq!(custody.current().expose_secret(), "rotated");
    }

    #[test]
    fn a_token_that_cannot_be_written_is_an_error_and_not_a_silence() {
        let folder = tempfile::tempdir().unwrap();
        let occupied = folder.path().join("file");
        fs::write(&occupied, "").unwrap();
        assert!(custody(&occupied, "configured").keep(&SecretString::from("rotated")).is_err());
    }

    #[test]
    fn who_only_reads_writes_nothing() {
        let reader = Custody::ReadOnly { configured: SecretString::from("configured") };
        keep(&reader, "rotated");
        assert_eq!(reader.current().expose_secret(), "configured");
    }

    #[test]
    fn whoever_holds_the_other_end_gets_the_newest() {
        let newest = Arc::new(Mutex::new(SecretString::from("configured")));
        let custody = Custody::Held(Arc::clone(&newest));
        keep(&custody, "rotated");
        assert_eq!(custody.current().expose_secret(), "rotated");
        assert_eq!(newest.lock().unwrap().expose_secret(), "rotated");
    }
}
