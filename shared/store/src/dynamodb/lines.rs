//! How the history lines of one save lie in the table: a few items, in the order of the saves.
//!
//! A transaction holds 100 items and 4 MB (reliability 4), and each item costs what it weighs rounded up to a KB, so the
//! lines of a save share an item as long as they fit.

use aws_sdk_dynamodb::types::AttributeValue;
use sync_core::{Reading, Timestamp};

use super::packed;
use crate::HistoryLine;

/// Lines share an item up to this length.
const CHUNK_MAX: usize = 200 * 1024;
/// All lines of a save together; the transaction holds the link besides.
const TOTAL_MAX: usize = 3 * 1024 * 1024;
/// What is left of each value of a line that no item can hold, and of every line when all together are too much.
const CUT_TO: [usize; 2] = [48 * 1024, 4 * 1024];

/// Lines that share an item.
pub(super) struct Chunk {
    pub(super) lines: AttributeValue,
    /// When the newest of them was written.
    pub(super) newest: Timestamp,
}

/// The items of a save's history; nothing when a transaction cannot hold them even with their values cut.
pub(super) fn chunks(lines: &[HistoryLine]) -> Option<Vec<Chunk>> {
    [None, Some(CUT_TO[1])].into_iter().find_map(|cut| {
        let chunks = pack(lines, cut)?;
        let total: usize = chunks.iter().map(|chunk| packed::size(&chunk.lines)).sum();
        (total <= TOTAL_MAX && chunks.len() <= ITEMS_MAX).then_some(chunks)
    })
}

/// A transaction has room for 100 items; link, listing and the claims of two ids are the others.
const ITEMS_MAX: usize = 90;

fn pack(lines: &[HistoryLine], cut: Option<usize>) -> Option<Vec<Chunk>> {
    let mut chunks = Vec::new();
    let mut open: Option<(String, Timestamp)> = None;
    for line in lines {
        let text = fitting(line, cut)?;
        open = match open.take() {
            Some((together, newest)) if together.len() + text.len() < CHUNK_MAX => {
                Some((format!("{together},{text}"), newest.max(line.at)))
            }
            full => {
                chunks.extend(full);
                Some((text, line.at))
            }
        };
    }
    chunks.extend(open);
    chunks
        .into_iter()
        .map(|(lines, newest)| Some(Chunk { lines: packed::pack(&format!("[{lines}]"))?, newest }))
        .collect()
}

/// The JSON of a line that an item can hold.
fn fitting(line: &HistoryLine, cut: Option<usize>) -> Option<String> {
    let whole = cut.map_or_else(|| line.write(), |at| shortened(line, at).write());
    match packed::pack(&whole) {
        Some(_) => Some(whole),
        None => Some(shortened(line, CUT_TO[0]).write()),
    }
}

/// The line with its values cut, and the reason recorded in its rule.
fn shortened(line: &HistoryLine, at: usize) -> HistoryLine {
    let mut line = line.clone();
    let mut longest = 0;
    for reading in [&mut line.from, &mut line.to, &mut line.winner, &mut line.loser] {
        if let Reading::Is(value) = reading
            && value.as_str().len() > at
        {
            longest = longest.max(value.as_str().len());
            *reading = Reading::is(&value.as_str()[..value.as_str().floor_char_boundary(at)]);
        }
    }
    if longest > 0 {
        line.rule = format!("{} (too long for the store: cut at {at} of {longest} bytes)", line.rule);
    }
    line
}

/// The lines of an item, or why they cannot be read.
pub(super) fn read(lines: Option<&AttributeValue>) -> Result<Vec<HistoryLine>, String> {
    let lines: Vec<serde_json::Value> =
        serde_json::from_str(&packed::unpack(lines)?).map_err(|error| error.to_string())?;
    lines.into_iter().map(HistoryLine::read_value).collect()
}

#[cfg(test)]
mod tests {
    use sync_core::{FieldId, Kind, LinkId, Side};

    use super::*;

    fn line(n: usize, value: &str) -> HistoryLine {
        HistoryLine {
            at: Timestamp::from_millis(n as i64),
            link: LinkId::new("one"),
            side: Side::Crm,
            field: FieldId::new("notes"),
            from: Reading::Unknown,
            to: Reading::is(value),
            kind: Kind::Conflict,
            winner: Reading::Cleared,
            loser: Reading::is(value),
            rule: "both moved".to_owned(),
            cause: "event".to_owned(),
            intent: None,
        }
    }

    fn noise(bytes: usize) -> String {
        std::iter::repeat_with(fastrand::alphanumeric).take(bytes).collect()
    }

    fn back(chunks: &[Chunk]) -> Vec<HistoryLine> {
        chunks.iter().flat_map(|chunk| read(Some(&chunk.lines)).unwrap()).collect()
    }

    #[test]
    fn the_usual_lines_share_one_item_and_keep_their_order() {
        let lines: Vec<HistoryLine> = (0..40).map(|n| line(n, "a value 😀 \"quoted\"")).collect();
        let chunks = chunks(&lines).unwrap();
        assert_eq!((chunks.len(), chunks[0].newest), (1, Timestamp::from_millis(39)));
        assert_eq!(back(&chunks), lines);
        assert!(super::chunks(&[]).unwrap().is_empty());
    }

    #[test]
    fn long_values_that_deflate_are_kept_whole() {
        let lines = [line(1, &"a long note ".repeat(20_000)), line(2, "short")];
        let chunks = chunks(&lines).unwrap();
        assert_eq!(chunks.len(), 2);
        assert_eq!(back(&chunks), lines);
    }

    #[test]
    fn a_value_that_no_item_holds_is_cut_and_says_so() {
        let lines = [line(1, &format!("😀{}", noise(900 * 1024)))];
        let stored = back(&chunks(&lines).unwrap());
        let kept = stored[0].to.value().unwrap().as_str().to_owned();
        assert!(kept.len() > 48 * 1024 - 4 && kept.len() <= 48 * 1024);
        assert!(lines[0].to.value().unwrap().as_str().starts_with(&kept));
        assert!(
            stored[0].rule.starts_with("both moved (too long for the store: cut at 49152 of 9"),
            "{}",
            stored[0].rule
        );
    }

    #[test]
    fn more_than_a_transaction_holds_is_cut_until_it_fits() {
        let noise = noise(600 * 1024);
        let lines: Vec<HistoryLine> = (0..20).map(|n| line(n, &noise[..150 * 1024])).collect();
        let stored = back(&chunks(&lines).unwrap());
        assert_eq!(stored.len(), 20);
        assert!(stored.iter().all(|line| line.rule.contains("cut at 4096")));
        let lines: Vec<HistoryLine> = (0..1200).map(|n| line(n, &noise[n % 100 * 6 * 1024..][..5 * 1024])).collect();
        assert!(chunks(&lines).is_none());
    }
}
