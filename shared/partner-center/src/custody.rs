//! Who keeps the refresh token (design section 6).
//!
//! Every redemption may return another refresh token, and the newest is the one to use. On one machine it is written
//! to the data folder together with a digest of the configured token that it descends from; when somebody signs in
//! again, the configured token changes, and the one in the folder is void.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

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
}

const NAME: &str = "refresh-token";

impl Custody {
    /// The token to redeem now. A kept one that cannot be read is passed over: the configured one may still work.
    pub(crate) fn current(&self) -> SecretString {
        match self {
            Self::ReadOnly { configured } => configured.clone(),
            Self::File { configured, .. } => self.kept().unwrap_or_else(|| configured.clone()),
        }
    }

    fn kept(&self) -> Option<SecretString> {
        let Self::File { directory, configured } = self else { return None };
        let text = fs::read_to_string(directory.join(NAME)).ok()?;
        let kept: Value = serde_json::from_str(&text).ok()?;
        let descends = kept.get("descends_from")?.as_str()? == digest(configured);
        let token = kept.get("refresh_token")?.as_str().filter(|token| descends && !token.is_empty())?;
        Some(SecretString::from(token))
    }

    /// Keeps a token that a redemption returned.
    ///
    /// # Errors
    /// When it cannot be written durably.
    pub(crate) fn keep(&self, token: &str) -> io::Result<()> {
        let Self::File { directory, configured } = self else { return Ok(()) };
        if self.current().expose_secret() == token {
            return Ok(());
        }
        let beside = directory.join("refresh-token.new");
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        let kept = json!({ "descends_from": digest(configured), "refresh_token": token });
        file.write_all(kept.to_string().as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, directory.join(NAME))?;
        File::open(directory)?.sync_all()
    }
}

fn digest(token: &SecretString) -> String {
    Sha256::digest(token.expose_secret().as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn custody(folder: &tempfile::TempDir, configured: &str) -> Custody {
        Custody::File { directory: folder.path().to_owned(), configured: SecretString::from(configured) }
    }

    #[test]
    fn a_rotated_token_survives_and_a_new_sign_in_wins() {
        let folder = tempfile::tempdir().unwrap();
        let first = custody(&folder, "configured");
        assert_eq!(first.current().expose_secret(), "configured");
        first.keep("rotated").unwrap();
        assert_eq!(custody(&folder, "configured").current().expose_secret(), "rotated");
        assert_eq!(custody(&folder, "signed in again").current().expose_secret(), "signed in again");
        let mode = fs::metadata(folder.path().join(NAME)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(!fs::read_to_string(folder.path().join(NAME)).unwrap().contains("configured"));
    }

    #[test]
    fn a_broken_file_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(NAME), "{").unwrap();
        assert_eq!(custody(&folder, "configured").current().expose_secret(), "configured");
    }

    #[test]
    fn who_only_reads_writes_nothing() {
        let reader = Custody::ReadOnly { configured: SecretString::from("configured") };
        reader.keep("rotated").unwrap();
        assert_eq!(reader.current().expose_secret(), "configured");
    }
}
