//! What is done with files over a line.
//!
//! Guarantees that a file appears whole or not at all: it is written beside, its size is compared, and then it takes its place. A
//! line that breaks tells a server the same as a file that ends.

use offsync_core::ports::MailboxErrorKind;
use suppaftp::Status;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::super::sftp::Found;
use super::super::trouble::Trouble;
use super::line::{Line, REQUEST_WAIT, Transfer, Turn, Wrong};
use super::listing::{Row, rows};

/// How much goes at once.
const PIECE_BYTES: usize = 32 << 10;
/// The longest list that is read: that of far more than a mailbox holds.
const LIST_BYTES_MAX: u64 = 64 << 20;
/// What the name of a file ends with that goes as soon as another is in its place.
const ASIDE: &str = "0";
/// What stands before a file, or a list.
const BEGINS: [Status; 2] = [Status::AboutToSend, Status::AlreadyOpen];

impl Line {
    /// Lists the files of a folder; `None` if it is not there.
    pub(crate) async fn list(&self, folder: &str) -> Result<Option<Vec<Found>>, Trouble> {
        let folder = self.whole(folder);
        let mut turn = self.turn().await;
        let done = turn.list(&folder).await;
        let rows = turn.end(done, |code| refused(code, "read", &folder))?;
        let files = |rows: Vec<Row>| {
            let files = rows.into_iter().filter(|row| row.is_file);
            files.map(Row::found).collect()
        };
        Ok(rows.map(files))
    }

    /// Reads a file of at most so many bytes; `None` if it is not there.
    pub(crate) async fn read(&self, path: &str, bytes_max: u64) -> Result<Option<Vec<u8>>, Trouble> {
        let path = self.whole(path);
        let mut turn = self.turn().await;
        let done = turn.read(&path, bytes_max).await;
        turn.end(done, |code| refused(code, "read", &path))
    }

    /// Writes a file beside, and puts it in its place; `false` if its folder is not there.
    pub(crate) async fn write(&self, path: &str, beside: &str, bytes: &[u8]) -> Result<bool, Trouble> {
        let (path, beside) = (self.whole(path), self.whole(beside));
        let mut turn = self.turn().await;
        let done = turn.write(&path, &beside, bytes).await;
        turn.end(done, |code| refused(code, "write", &path))
    }

    /// Deletes a file; `false` if it is not there.
    pub(crate) async fn delete(&self, path: &str) -> Result<bool, Trouble> {
        let path = self.whole(path);
        let mut turn = self.turn().await;
        let done = turn.delete(&path).await;
        turn.end(done, |code| refused(code, "delete", &path))
    }

    /// Tells whether a folder is there.
    pub(crate) async fn has_folder(&self, path: &str) -> Result<bool, Trouble> {
        let path = self.whole(path);
        let mut turn = self.turn().await;
        let done = turn.enter(&path).await;
        turn.end(done, |code| refused(code, "look at", &path))
    }

    /// Makes a folder and those around it that are missing; one that is there is taken as it is.
    pub(crate) async fn make_folder(&self, path: &str) -> Result<(), Trouble> {
        let path = self.whole(path);
        let (mut missing, mut at) = (Vec::new(), path.as_str());
        while !at.is_empty() && !self.has_folder(at).await? {
            missing.push(at);
            at = at.rsplit_once('/').map_or("", |(above, _)| above);
        }
        for folder in missing.into_iter().rev() {
            self.make_one_folder(folder).await?;
        }
        Ok(())
    }

    /// Makes a folder in one that is there.
    pub(crate) async fn make_one_folder(&self, path: &str) -> Result<(), Trouble> {
        let path = self.whole(path);
        let mut turn = self.turn().await;
        let done = turn.make(&path).await;
        turn.end(done, |code| refused(code, "write", &path))
    }

    /// Takes a folder away if nothing is in it.
    pub(crate) async fn remove_folder(&self, path: &str) {
        let path = self.whole(path);
        let mut turn = self.turn().await;
        let refusal = turn.refusal();
        // Some servers keep the folder that one is in.
        let mut done = Turn::answer(&refusal, turn.ftp.cwd("/")).await;
        if !matches!(done, Err(Wrong::Lost(_))) {
            done = Turn::answer(&refusal, turn.ftp.rmdir(&path)).await;
        }
        // What is not empty stays.
        let _ = turn.end(done, |code| refused(code, "delete", &path));
    }
}

impl Row {
    fn found(self) -> Found {
        Found {
            name: self.name,
            size_bytes: self.size_bytes,
            changed: self.changed,
        }
    }
}

impl Turn<'_> {
    /// Goes into a folder; `false` if it is not there.
    async fn enter(&mut self, folder: &str) -> Result<bool, Wrong> {
        match Turn::answer(&self.refusal(), self.ftp.cwd(folder)).await {
            Ok(()) => Ok(true),
            Err(Wrong::Refused(code)) => self.is_absent(folder, code).await.map(|()| false),
            Err(lost) => Err(lost),
        }
    }

    /// Fails with what a server said of a path, if that is there: most have one code for what is not and for what is not allowed.
    async fn is_absent(&mut self, path: &str, code: u16) -> Result<(), Wrong> {
        let (above, name) = path.rsplit_once('/').unwrap_or_default();
        let is_top = name.is_empty();
        if !is_absence(code) || is_top {
            return Err(Wrong::Refused(code));
        }
        let above = if above.is_empty() { "/" } else { above };
        match Turn::answer(&self.refusal(), self.ftp.cwd(above)).await {
            Ok(()) => {}
            Err(Wrong::Refused(_)) => return Ok(()),
            Err(lost) => return Err(lost),
        }
        let is_there = self.list_here().await?.iter().any(|row| row.name == name);
        if is_there { Err(Wrong::Refused(code)) } else { Ok(()) }
    }

    async fn list(&mut self, folder: &str) -> Result<Option<Vec<Row>>, Wrong> {
        match self.enter(folder).await? {
            true => self.list_here().await.map(Some),
            false => Ok(None),
        }
    }

    /// Lists the folder that was gone into: in a path, servers take some signs for patterns.
    async fn list_here(&mut self) -> Result<Vec<Row>, Wrong> {
        let in_facts = self.line.lists_in_facts;
        let told = if in_facts {
            self.list_by("MLSD").await?
        } else {
            match self.list_by("LIST -a").await {
                Err(Wrong::Refused(_)) => self.list_by("LIST").await?,
                told => told?,
            }
        };
        rows(&String::from_utf8_lossy(&told), in_facts).ok_or_else(|| broken("its list makes no sense"))
    }

    async fn list_by(&mut self, command: &str) -> Result<Vec<u8>, Wrong> {
        let begun = Turn::answer(&self.refusal(), self.ftp.custom_data_command(command, &BEGINS)).await;
        self.receive(begun?.1, LIST_BYTES_MAX).await
    }

    async fn read(&mut self, path: &str, bytes_max: u64) -> Result<Option<Vec<u8>>, Wrong> {
        let Some(size_bytes) = self.size(path).await? else {
            return Ok(None);
        };
        // No object is empty; a server that does not say how large one is would have it read as if it were.
        if size_bytes == 0 {
            return Err(broken("it does not say how large an object is"));
        }
        if size_bytes > bytes_max {
            return Err(broken("it is larger than any object of a mailbox"));
        }
        let begun = match Turn::answer(&self.refusal(), self.ftp.retr_as_stream(path)).await {
            Ok(begun) => begun,
            // It went just now, or may not be read.
            Err(Wrong::Refused(code)) => return self.is_absent(path, code).await.map(|()| None),
            Err(lost) => return Err(lost),
        };
        let read = self.receive(begun, bytes_max).await?;
        match read.len() as u64 == size_bytes {
            true => Ok(Some(read)),
            // It broke off, or another took its place meanwhile.
            false => Err(Wrong::Lost(Trouble::broke_off())),
        }
    }

    /// Asks how large a file is; `None` if it is not there.
    async fn size(&mut self, path: &str) -> Result<Option<u64>, Wrong> {
        match Turn::answer(&self.refusal(), self.ftp.size(path)).await {
            Ok(size) => Ok(Some(size as u64)),
            Err(Wrong::Refused(_)) => {
                let (above, name) = path.rsplit_once('/').unwrap_or_default();
                let found = self.list(if above.is_empty() { "/" } else { above }).await?;
                let mut found = found.unwrap_or_default().into_iter();
                Ok(found
                    .find(|row| row.name == name && row.is_file)
                    .map(|row| row.size_bytes))
            }
            Err(lost) => Err(lost),
        }
    }

    /// Reads all that comes.
    async fn receive(&mut self, mut from: Transfer, bytes_max: u64) -> Result<Vec<u8>, Wrong> {
        let mut all = Vec::new();
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            let read = timeout(REQUEST_WAIT, from.read(&mut piece)).await;
            match read.map_err(|_| Wrong::Lost(Trouble::silent()))? {
                Ok(0) => break,
                Ok(read) => {
                    self.line.traffic.comes(read).await;
                    all.extend_from_slice(&piece[..read]);
                }
                Err(_) => return Err(Wrong::Lost(Trouble::broke_off())),
            }
            if all.len() as u64 > bytes_max {
                return Err(broken("its answer is larger than any that there can be"));
            }
        }
        match Turn::answer(&self.refusal(), from.finish()).await {
            Err(Wrong::Refused(_)) => Err(Wrong::Lost(Trouble::broke_off())),
            done => done.map(|()| all),
        }
    }

    async fn write(&mut self, path: &str, beside: &str, bytes: &[u8]) -> Result<bool, Wrong> {
        let begun = match Turn::answer(&self.refusal(), self.ftp.put_with_stream(beside)).await {
            Ok(begun) => begun,
            Err(Wrong::Refused(code)) if is_absence(code) => {
                let (folder, _) = path.rsplit_once('/').unwrap_or_default();
                return match self.enter(folder).await? {
                    true => Err(Wrong::Refused(code)),
                    false => Ok(false),
                };
            }
            Err(wrong) => return Err(wrong),
        };
        let placed = match self.send(begun, beside, bytes).await {
            Ok(()) => self.replace(beside, path).await,
            wrong => wrong,
        };
        if let Err(Wrong::Refused(_)) = &placed {
            // What stays is swept later.
            if let Err(Wrong::Lost(trouble)) = Turn::answer(&self.refusal(), self.ftp.rm(beside)).await {
                return Err(Wrong::Lost(trouble));
            }
        }
        placed.map(|()| true)
    }

    /// Sends a file, and looks whether all of it is there.
    async fn send(&mut self, mut to: Transfer, beside: &str, bytes: &[u8]) -> Result<(), Wrong> {
        let mut is_sent = true;
        for piece in bytes.chunks(PIECE_BYTES) {
            self.line.traffic.goes(piece.len()).await;
            let written = timeout(REQUEST_WAIT, to.write_all(piece)).await;
            is_sent = written.map_err(|_| Wrong::Lost(Trouble::silent()))?.is_ok();
            if !is_sent {
                // The server says why.
                break;
            }
        }
        Turn::answer(&self.refusal(), to.finish()).await?;
        match is_sent && self.size(beside).await? == Some(bytes.len() as u64) {
            true => Ok(()),
            false => Err(Wrong::Lost(Trouble::broke_off())),
        }
    }

    /// Puts a file in the place of another, in one step where the server can.
    async fn replace(&mut self, beside: &str, path: &str) -> Result<(), Wrong> {
        let refusal = self.refusal();
        let code = match Turn::answer(&refusal, self.ftp.rename(beside, path)).await {
            Err(Wrong::Refused(code)) => code,
            done => return done,
        };
        let aside = format!("{beside}{ASIDE}");
        match Turn::answer(&refusal, self.ftp.rename(path, aside.as_str())).await {
            Ok(()) => {}
            // It was not for what was there.
            Err(Wrong::Refused(_)) => return Err(Wrong::Refused(code)),
            lost => return lost,
        }
        match Turn::answer(&refusal, self.ftp.rename(beside, path)).await {
            Ok(()) => {}
            Err(Wrong::Refused(code)) => {
                // What was there is as good as before.
                return match Turn::answer(&refusal, self.ftp.rename(aside.as_str(), path)).await {
                    lost @ Err(Wrong::Lost(_)) => lost,
                    _ => Err(Wrong::Refused(code)),
                };
            }
            // On a line that is gone nothing more is asked.
            lost => return lost,
        }
        match Turn::answer(&refusal, self.ftp.rm(&aside)).await {
            // What stays is swept later.
            Err(Wrong::Refused(_)) => Ok(()),
            done => done,
        }
    }

    async fn delete(&mut self, path: &str) -> Result<bool, Wrong> {
        match Turn::answer(&self.refusal(), self.ftp.rm(path)).await {
            Ok(()) => Ok(true),
            Err(Wrong::Refused(code)) => self.is_absent(path, code).await.map(|()| false),
            Err(lost) => Err(lost),
        }
    }

    async fn make(&mut self, path: &str) -> Result<(), Wrong> {
        match Turn::answer(&self.refusal(), self.ftp.mkdir(path)).await {
            // Somebody else may have made it just now.
            Err(Wrong::Refused(code)) => match self.enter(path).await? {
                true => Ok(()),
                false => Err(Wrong::Refused(code)),
            },
            done => done,
        }
    }
}

/// Tells whether a code is one of those for what is not there.
fn is_absence(code: u16) -> bool {
    matches!(code, 450 | 550 | 553)
}

fn broken(why: &str) -> Wrong {
    Wrong::Lost(Trouble::new(MailboxErrorKind::Broken, why))
}

/// Says why something was not done.
fn refused(code: u16, doing: &str, path: &str) -> Trouble {
    let (kind, why) = match code {
        452 | 552 => return Trouble::no_room(),
        425 => (
            MailboxErrorKind::Away,
            "it cannot open the line that a file goes over".to_owned(),
        ),
        426 => return Trouble::broke_off(),
        450 => (
            MailboxErrorKind::Away,
            format!("it cannot {doing} '{path}' just now: that may be in use, or not allowed"),
        ),
        451 if doing == "write" => (
            MailboxErrorKind::Broken,
            "its server cannot write: its disk may be full, or broken".to_owned(),
        ),
        550 | 553 => (
            MailboxErrorKind::Denied,
            format!("its user may not {doing} '{path}' there"),
        ),
        530 | 532 => (MailboxErrorKind::SignIn, "its user is not let in any more".to_owned()),
        _ => (MailboxErrorKind::Broken, format!("its server cannot {doing} '{path}'")),
    };
    Trouble::new(kind, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_code_means_is_told_apart() {
        use MailboxErrorKind::{Away, Broken, Denied, NoRoom, SignIn};
        for (code, doing, kind, told) in [
            (452, "write", NoRoom, "no room"),
            (552, "write", NoRoom, "no room"),
            (451, "write", Broken, "its disk may be full"),
            (451, "read", Broken, "its server cannot read '/a'"),
            (425, "read", Away, "the line that a file goes over"),
            (426, "read", Away, "broke off"),
            (450, "delete", Away, "it cannot delete '/a' just now"),
            (550, "delete", Denied, "its user may not delete '/a'"),
            (530, "read", SignIn, "not let in any more"),
            (502, "read", Broken, "its server cannot read '/a'"),
        ] {
            let trouble = refused(code, doing, "/a");
            assert_eq!(trouble.kind, kind, "{code}");
            assert!(trouble.why.contains(told), "{code}: {}", trouble.why);
        }
    }
}
