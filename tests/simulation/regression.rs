//! Schedules that once broke a promise, run before all others.
//!
//! A seed means the same schedule only while the steps stay as they are; what matters most stands as a story of its
//! own in the engine's tests.

use crate::guard::Off;
use crate::profile::named;
use crate::run::one;

/// Profile, seed, and what went wrong.
const ONCE_BROKEN: [(&str, u64, &str); 95] = [
    (
        "asked",
        404,
        "what was to come back to a place that another version left was waited for only once something else happened there",
    ),
    (
        "asked",
        692,
        "a folder stayed for a file that was to come back to it, and did not any more",
    ),
    (
        "asked",
        854,
        "a refused file that was deleted elsewhere gave way to another version of its name unasked",
    ),
    (
        "asked",
        3_540,
        "of two refused files that hold the same, each came back as the other one, without end",
    ),
    (
        "asked",
        107_268,
        "what was asked about stood in a folder that was looked at for the sake of one inside alone: a yes to it was never carried out",
    ),
    (
        "decide",
        1_565,
        "a file that could not be read where its folder had gone was looked for nowhere any more",
    ),
    (
        "deny",
        109_103,
        "what was saved while it stepped aside for a folder stood under the name of what it held before",
    ),
    (
        "mix",
        3_000_286,
        "damaged packs filled the mailbox, and there was no room to serve what they had held",
    ),
    ("mix", 3_002_712, "as mix 3000286, for a change that was not posted"),
    (
        "mix",
        3_000_841,
        "an id that an index had forgotten with its backup, though others had heard of it, counted for ever",
    ),
    (
        "mix",
        3_001_723,
        "a part in a damaged pack was waited for without end, and never left the mailbox",
    ),
    (
        "mix",
        3_003_945,
        "a restored drive introduced itself once more, in other bytes under the same name",
    ),
    (
        "clone",
        3_006_166,
        "two homes had one content under two dots; each touched one, saw the other, and gave its own up for it: both went",
    ),
    (
        "mix",
        400,
        "a statement that was damaged in the mailbox was written by nobody again, and nobody heard of that home",
    ),
    (
        "park",
        3_007_357,
        "who had been parked came back and spoke twice since the last listing of who pruned: it is served state",
    ),
    (
        "losecache",
        3_008_620,
        "a file that was saved between the look and its giving way to a folder got the name of what it held before",
    ),
    (
        "rot",
        165,
        "a file that had rotted unseen was on its way into the trash when the cable was pulled, stood at its place again, and was posted as an edit",
    ),
    (
        "rot",
        29,
        "people were to give up a damaged file that was moved, though a trash elsewhere had what it held",
    ),
    (
        "rot",
        4_000_375,
        "what had rotted unseen lay in the trash, was taken for whole, and kept its content from being fetched",
    ),
    (
        "rot",
        4_000_757,
        "a whole file that had taken a damaged one's place was taken for damaged, and stood for no content in the trash",
    ),
    (
        "rot",
        3_000_062,
        "a damaged file that was renamed was posted as an edit",
    ),
    (
        "rot",
        3_000_206,
        "what rotted was taken for held, and what nobody held any more for a deadlock",
    ),
    (
        "rot",
        3_005_431,
        "a damaged file that nobody else had whole was moved, and posted as what it reads like",
    ),
    (
        "rot",
        3_003_305,
        "two homes minted one content, and who took away one of them took away both",
    ),
    (
        "stale",
        3_002_801,
        "a folder that lives by what is in it gives files a reason to step aside, too",
    ),
    (
        "crash",
        267,
        "a save between a file's coming back from the trash and the setting of its times was taken for that file",
    ),
    (
        "edits",
        2_000_112,
        "a folder went while the place of a file that a person had moved out of it stayed, and nobody looked for it again",
    ),
    (
        "restore",
        20083,
        "a file that was put in a link's place between the look and the move went to the trash unsent",
    ),
    (
        "restore",
        5160,
        "the way from a drive's first id to its last was overwritten on the host, and an id in between counted for ever",
    ),
    (
        "fullose",
        5269,
        "several homes served one reader at the same time, far beyond the allowance",
    ),
    (
        "park",
        5202,
        "a machine that slept in the middle of a cycle took its own sleep for the silence of others",
    ),
    (
        "mix",
        8139,
        "content in one large chunk was never served into a small mailbox",
    ),
    ("join", 1001, "as full 1198, where a file stood in the folder's place"),
    (
        "full",
        1198,
        "a folder that went away while a file was to step aside in it ended the cycle with an error",
    ),
    (
        "mix",
        80,
        "a pack without its changeset, of an id that a restored drive gave up, stayed for ever",
    ),
    (
        "power",
        10477,
        "recovery took a file for done whose mode the power cut had taken back",
    ),
    (
        "restore",
        10182,
        "statements in a chain were learned only two links deep, and a dead id counted for ever",
    ),
    (
        "restore",
        10297,
        "content whose deletion was lost with a backup is nowhere, and must not count as a deadlock",
    ),
    (
        "clone",
        10303,
        "a file inherited the time of the folder that had stood there",
    ),
    (
        "clone",
        10334,
        "a file inherited the time of the folder that had stood there",
    ),
    (
        "restore2",
        10171,
        "a conflict copy stays while the version that replaces it is nowhere",
    ),
    (
        "mix",
        3_007_995,
        "packs beyond the allowance waited for a reader with a gap, and left no room for the state that it waited for",
    ),
    (
        "mix",
        3_006_509,
        "a damaged changeset of an id that was given up, which nobody had folded, stayed for ever",
    ),
    (
        "mix",
        5_000_132,
        "a damaged statement of an id that was given up, which nobody had heard, was asked for again for ever",
    ),
    (
        "restore2",
        7_000_007,
        "a changeset of an id that was given up, which built on what every drive had lost with its backup, stayed for ever",
    ),
    ("restore2", 7_000_143, "as restore2 7000007"),
    ("mix", 7_000_156, "as restore2 7000007"),
    (
        "years",
        177,
        "a removal that only a drive which died since had said stayed unknown to some, once its statement was damaged",
    ),
    ("years", 146, "as years 177"),
    (
        "years",
        20_246,
        "a mailbox that shrank was full of what a home had served that was removed since, and nobody took it away",
    ),
    (
        "years",
        20_188,
        "a deletion that somebody says anew for a home that died was taken for one that nobody made",
    ),
    (
        "years",
        20_218,
        "what a drive was setting aside when it died for good was called lost by nobody's hand",
    ),
    (
        "fire2",
        402,
        "a home that was put back with its computer and the mailbox merged a state over what it had said since",
    ),
    (
        "fire2",
        148,
        "who was to hear that it had used numbers twice was the one that found it out, and told nobody, not even itself",
    ),
    (
        "fire2",
        42,
        "the id under which a home had begun again was nobody's, once all had been put back to before it",
    ),
    (
        "power",
        50_003,
        "the power went when a file in a folder's place was known and what had been in that folder was not yet taken down: it was waited for, for ever",
    ),
    (
        "aside",
        165,
        "a file took the name of a folder whose files waited for a yes, beside it in another case; they were never settled",
    ),
    (
        "fire2",
        50_135,
        "a home was called level by heads of an older night, and the new id that it took once it heard newer ones was one too many",
    ),
    (
        "fire2",
        219,
        "who had begun again waited for numbers of a home that was put back to before it said them, and posted nothing",
    ),
    ("fire2", 50_255, "as fire2 50135"),
    ("fire2", 50_358, "as fire2 50135"),
    ("fire2", 50_425, "as fire2 50135"),
    (
        "fire2",
        60_459,
        "a number that was used twice stood for one content under two spellings, no root told it, and a copy had two names",
    ),
    (
        "kept",
        60_141,
        "a damaged file was moved after a sync that was to take it away had died; the next one ended that, knew of no damage any more, and posted it",
    ),
    (
        "rot",
        89,
        "a damaged file was touched and then copied with its new time; the copy was taken for somebody's word",
    ),
    (
        "kept",
        60_145,
        "a file was healed and rotted once more, unseen; a copy of that was taken for what was known before, and waited for ever",
    ),
    (
        "kept",
        50_321,
        "a damaged file was copied while a sync healed it; what it had read as was forgotten by the next scan, and the copy was posted as new",
    ),
    (
        "kept",
        80_475,
        "the power went while a damaged file got another spelling; recovery looked under the new one alone, and what was known of the damage was of no use",
    ),
    (
        "fire2",
        70_000,
        "a home whose last number meant another thing to the next took that one's answer for an answer to its own word, which was lost",
    ),
    (
        "fire2",
        101_293,
        "of three homes that held two things the two that agreed began again, for the sake of the third",
    ),
    (
        "fire2",
        108_547,
        "who holds what fewer hold since another home burnt begins again: that counted as an id without need",
    ),
    (
        "years",
        106_009,
        "a changeset stayed for ever whose key had gone with who made it, and every sync said that the key is to come",
    ),
    ("years", 106_087, "as years 106009"),
    (
        "years",
        109_173,
        "the packs of such a changeset waited a month more than itself",
    ),
    (
        "years2",
        109_299,
        "a home was known to one alone, since who brought it in died before others heard: that one takes it out",
    ),
    (
        "years2",
        110_247,
        "what a home had sent that waited for a state itself left no room for any state in an account that had shrunk",
    ),
    (
        "years2",
        240_990,
        "what a home whose cycle had stood still put, and took back once it saw that there was no room, was held against it",
    ),
    (
        "rot",
        224,
        "a save that met the move to the trash stayed there where the power was cut before it was put back",
    ),
    (
        "rot",
        100_495,
        "a damaged file that was touched while a sync was about to heal it was sent as an edit once that sync had died",
    ),
    (
        "years",
        201_077,
        "packs of a home that was gone filled an account that had shrunk, and the one home that had all they held could serve no state",
    ),
    (
        "years",
        201_365,
        "a home that had been handed a key never introduced itself, though who invited it was gone",
    ),
    ("years", 201_251, "as years 201365, with keys that never came to all"),
    (
        "years2",
        210_268,
        "what a home that was given up had served filled the mailbox, and its reader waited for the state that had no room",
    ),
    (
        "years2",
        210_221,
        "a damaged statement stayed for ever, whose author had forgotten it with a power cut",
    ),
    (
        "kept",
        115_094,
        "a damaged file got the name of what was on its way when the power went, and was sent as a file of its own",
    ),
    (
        "rot",
        118_213,
        "what was left of one damaged file was shown as what was left of another, at whose path a folder stood by then",
    ),
    (
        "spoil",
        112_120,
        "a file took the place of a folder whose row was damaged, and what had lain in it could never be taken away",
    ),
    (
        "years",
        4,
        "a home that people let in was still nobody: who introduced it was gone, and nobody knew who that had been",
    ),
    ("years", 83, "as years 4, and the stranger's drive had died"),
    (
        "years",
        202_581,
        "an account that had shrunk was full of strays, and there was no room to say them anew",
    ),
    (
        "years",
        240_156,
        "an account that had shrunk was full of what the one home that had it had deleted, and there was no room to say so",
    ),
    (
        "years",
        240_848,
        "a folder that is only there for what is in it kept its spelling where what spells it had come since",
    ),
    (
        "years",
        240_850,
        "what a home that was taken out had sent stayed closed to all whom it had not handed its key",
    ),
    (
        "years",
        241_013,
        "a changeset whose version byte was damaged was taken for a newer Offsync's for ever",
    ),
    (
        "years2",
        240_128,
        "a home's word for who it is lay damaged in the mailbox, and it lacked the key to read that others said so",
    ),
];

/// Runs them all.
pub(crate) fn hold_all() {
    for (profile, seed, what) in ONCE_BROKEN {
        if let Err(bad) = one(seed, &named(profile), Off::Nothing) {
            panic!("{profile} {seed} is back ({what}): {bad}");
        }
    }
}
