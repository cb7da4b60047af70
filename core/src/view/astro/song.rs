//! `channel.songrequest`.

use serde::Serialize;

use crate::view::object::Object;
use crate::view::{Decimal, Json};

/// The song player or one of its queues changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SongRequest {
    /// What happened: `play`, `pause`, `volume`, `queue.add`, `song.next`, `settings.update`, … An open set.
    pub event: String,
    /// The song it is about; with `song.next` the one that comes.
    pub song: Option<Song>,
    /// The id of the song it is about, where only that is given.
    pub song_id: Option<String>,
    /// Which queue: `queue` or `pending`.
    pub queue: Option<String>,
    /// The place in the queue, or the position within the song.
    pub position: Option<Decimal>,
    /// With `volume`: 0 to 100.
    pub volume: Option<Decimal>,
    /// With `history.clear`: how many songs were removed.
    pub removed: Option<i64>,
    /// With `pending.approve`: who approved.
    pub approved_by: Option<String>,
    /// With `song.voteskip`: votes so far.
    pub total_votes: Option<i64>,
    /// With `song.voteskip`: votes that are needed.
    pub votes_required: Option<i64>,
    /// With `song.voteskip`: whether the vote is won.
    pub completed: Option<bool>,
    /// All that the gateway says, as it wrote it.
    pub payload: Option<Json>,
}

/// A song.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Song {
    /// The request's id.
    pub id: Option<String>,
    /// The id of the video.
    pub video_id: Option<String>,
    /// The title.
    pub title: Option<String>,
    /// The length in seconds.
    pub duration: Option<Decimal>,
    /// Where it is found.
    pub url: Option<String>,
    /// How it was asked for: `tip`, `bot`, `site`.
    pub source: Option<String>,
    /// What was paid for it.
    pub amount: Option<Decimal>,
    /// What the viewer wrote.
    pub message: Option<String>,
    /// The name of who asked for it.
    pub username: Option<String>,
    /// The platform and id of who asked for it.
    pub provider_id: Option<String>,
}

impl SongRequest {
    pub(super) fn read(data: &Object<'_>) -> Option<Self> {
        let payload = data.object("payload");
        let of = payload.as_ref();
        let song = of.and_then(|payload| payload.object("song").or_else(|| payload.object("nextSong")));
        Some(Self {
            event: data.text("event")?,
            song: song.as_ref().map(Song::read),
            song_id: of.and_then(|payload| payload.id("songId")),
            queue: of.and_then(|payload| payload.text("queue")),
            position: of.and_then(|payload| payload.decimal("position")),
            volume: of.and_then(|payload| payload.decimal("volume")),
            removed: of.and_then(|payload| payload.whole("removed")),
            approved_by: of.and_then(|payload| payload.text("approvedBy")),
            total_votes: of.and_then(|payload| payload.whole("totalVotes")),
            votes_required: of.and_then(|payload| payload.whole("votesRequired")),
            completed: of.and_then(|payload| payload.boolean("completed")),
            payload: data.some("payload"),
        })
    }
}

impl Song {
    fn read(song: &Object<'_>) -> Self {
        let user = song.object("user");
        Self {
            id: song.id("_id"),
            video_id: song.id("videoId"),
            title: song.text("title"),
            duration: song.decimal("duration"),
            url: song.text("url"),
            source: song.text("source"),
            amount: song.decimal("amount"),
            message: song.text("message"),
            username: user.as_ref().and_then(|user| user.text("username")),
            provider_id: user.as_ref().and_then(|user| user.id("providerId")),
        }
    }
}
