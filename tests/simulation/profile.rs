//! Profiles: which steps a schedule draws, how often, and how the world is furnished for it.

/// One kind of step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A person changes something on a drive.
    Person,
    /// A cycle starts.
    Sync,
    /// A cycle under way goes on for some calls.
    Advance,
    /// A cycle dies at its n-th call.
    Crash,
    /// One call of a cycle fails.
    FailCall,
    /// The mailbox turns flaky, or sound again.
    Flake,
    /// A location goes silent for a while.
    Sleep,
    /// A location goes silent for months, up to two years.
    Absence,
    /// The account's room grows or shrinks.
    Quota,
    /// A drive dies; its home is removed and begins anew, from nothing, under another id.
    Replace,
    /// A person parks or brings back another location, gives it another name, or says before how many deletions all ask.
    SetAside,
    /// A person says before how few deletions all ask.
    Ask,
    /// A person loses a file by accident, and says no to that.
    Regret,
    /// A person deletes what somebody in another home said no to losing.
    DeleteRefused,
    /// A person takes a file back from the trash.
    TakeBack,
    /// A person says which version of a conflict stays.
    Resolve,
    /// A new location begins as a copy.
    Join,
    /// A drive is backed up with its index.
    Snapshot,
    /// A drive goes back to its backup.
    Restore,
    /// A drive, the mailbox and a computer burn; the first two go back to one night's backup, at a new computer.
    Fire,
    /// The mailbox loses everything.
    Wipe,
    /// The mailbox goes back to how it was.
    RollBack,
    /// One object of the mailbox is lost.
    LoseObject,
    /// One object of the mailbox is damaged.
    Damage,
    /// Staging and trash of a drive are emptied.
    LosePrivate,
    /// A folder or file cannot be read for a while.
    Deny,
    /// The drive is write-protected, unplugged, unmounted or full for a while.
    Plug,
    /// A location's clock jumps.
    ClockJump,
    /// Other things fill a drive up to some bytes, or make room again.
    Squeeze,
    /// A row of a drive's index is not as it was written.
    Spoil,
    /// A file rots on a drive whose every file is read again then.
    Rot,
    /// A person says of a file that is known to be damaged that it is right as it is.
    Keep,
    /// A file is read again and again while a program writes it.
    Replug,
}

/// How one family of schedules is drawn.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    pub(crate) name: &'static str,
    /// Fewest and most locations at the start.
    pub(crate) homes: (u64, u64),
    /// Schedules that are run, unless the environment says otherwise.
    pub(crate) seeds: u64,
    pub(crate) steps: u64,
    pub(crate) weights: &'static [(u32, Step)],
    /// What the mailbox may hold in bytes: room for one chunk of the largest size beside the reserves, and no more.
    pub(crate) allowance_bytes: Option<u64>,
    /// What the mailbox holds at most, whoever asks: a stick, whose room nobody is told of.
    pub(crate) capacity_bytes: Option<u64>,
    /// Whether some files are so large that they do not fit with others.
    pub(crate) has_big_files: bool,
    /// Days of silence before a location is parked.
    pub(crate) park_after_days: u32,
    /// How much time passes in a step at most, in minutes.
    pub(crate) step_minutes: u64,
    /// In how many of a hundred crashes the power goes too.
    pub(crate) power_percent: u32,
    /// Whether some drives are FAT, exFAT or a Mac's.
    pub(crate) has_foreign_drives: bool,
    /// Whether people write rules for what is not taken in.
    pub(crate) has_ignore_rules: bool,
    /// Whether several drives may be restored in one schedule.
    pub(crate) restores_many: bool,
    /// Whether a computer that burns comes back from the backup of that night, too, with all that it remembers.
    pub(crate) restores_computers: bool,
    /// In how many of a hundred cycles a person says yes to many deletions, and no.
    pub(crate) answers_percent: (u32, u32),
    /// Whether listings are fresh and complete: only then is occupancy judged, and early pruning.
    pub(crate) is_fresh: bool,
    /// Whether nothing but what homes do changes who is waited for: only then is early pruning judged.
    pub(crate) judges_prunes: bool,
    /// Whether cycles run one at a time, each to its end.
    pub(crate) is_sequential: bool,
}

impl Profile {
    /// Tells whether a step may be drawn.
    pub(crate) fn has(&self, step: Step) -> bool {
        self.weights.iter().any(|(_, known)| *known == step)
    }

    /// Tells whether drives fill up.
    pub(crate) fn has_small_drives(&self) -> bool {
        self.has(Step::Squeeze)
    }

    /// Tells whether files rot.
    pub(crate) fn has_rot(&self) -> bool {
        self.has(Step::Rot)
    }

    /// Tells whether content can vanish from every drive without a person's hand: through a backup or lost caches.
    pub(crate) fn can_lose_content(&self) -> bool {
        let is_loss = |(_, step): &(u32, Step)| {
            matches!(
                step,
                // Who begins again forgets what was deleted and not sent.
                Step::Restore | Step::Fire | Step::Replace | Step::LosePrivate | Step::Rot | Step::Spoil
            )
        };
        // Who took a file away that was nowhere else, and says no to that: it lives on without content.
        let can_refuse = self.answers_percent.1 > 0;
        can_refuse || self.name == "clone" || self.weights.iter().any(is_loss)
    }
}

/// How many seeds the profiles run that take three times as long as others.
const LONG_SEEDS: u64 = 110;

const PLAIN: Profile = Profile {
    name: "edits",
    homes: (3, 4),
    seeds: 160,
    steps: 40,
    weights: &[],
    allowance_bytes: None,
    capacity_bytes: None,
    has_big_files: false,
    park_after_days: 180,
    step_minutes: 30,
    power_percent: 0,
    has_foreign_drives: false,
    has_ignore_rules: false,
    restores_many: false,
    restores_computers: false,
    answers_percent: (70, 0),
    is_fresh: true,
    judges_prunes: true,
    is_sequential: false,
};

/// All profiles; they begin where the protocol's executable model ends.
pub(crate) fn all() -> Vec<Profile> {
    use Step::*;
    let fire = Profile {
        name: "fire",
        homes: (3, 3),
        steps: 60,
        weights: &[
            (9, Person),
            (8, Sync),
            (10, Advance),
            (1, Crash),
            (2, Snapshot),
            (2, Fire),
        ],
        restores_many: true,
        // The mailbox goes back, too.
        is_fresh: false,
        ..PLAIN
    };
    let years = Profile {
        // Ten years of five homes.
        name: "years",
        homes: (5, 5),
        seeds: 24,
        steps: 260,
        weights: &[
            (60, Person),
            (60, Sync),
            (30, Advance),
            (4, Crash),
            (6, Absence),
            (4, Quota),
            (1, Join),
            (2, Snapshot),
            (2, Restore),
            (2, Replace),
            (2, LoseObject),
            (2, Damage),
            (2, RollBack),
            (2, LosePrivate),
        ],
        allowance_bytes: Some(6 << 20),
        has_big_files: true,
        step_minutes: 28 * 24 * 60,
        power_percent: 40,
        restores_many: true,
        judges_prunes: false,
        ..PLAIN
    };
    let restore = Profile {
        name: "restore",
        homes: (3, 3),
        steps: 60,
        weights: &[
            (9, Person),
            (8, Sync),
            (10, Advance),
            (1, Crash),
            (2, Snapshot),
            (2, Restore),
        ],
        ..PLAIN
    };
    vec![
        Profile {
            weights: &[(10, Person), (6, Sync), (14, Advance)],
            ..PLAIN
        },
        Profile {
            name: "crash",
            steps: 45,
            weights: &[(10, Person), (6, Sync), (14, Advance), (4, Crash), (1, FailCall)],
            power_percent: 30,
            ..PLAIN
        },
        Profile {
            name: "power",
            steps: 45,
            weights: &[(10, Person), (6, Sync), (12, Advance), (6, Crash), (1, Replug)],
            power_percent: 100,
            ..PLAIN
        },
        Profile {
            name: "stale",
            steps: 45,
            weights: &[(9, Person), (6, Sync), (14, Advance), (1, Crash), (3, Flake)],
            is_fresh: false,
            ..PLAIN
        },
        Profile {
            name: "full",
            homes: (3, 3),
            steps: 60,
            weights: &[(9, Person), (8, Sync), (14, Advance), (1, Crash)],
            allowance_bytes: Some(6 << 20),
            has_big_files: true,
            ..PLAIN
        },
        Profile {
            name: "stick",
            homes: (3, 3),
            steps: 60,
            weights: &[(9, Person), (8, Sync), (14, Advance), (1, Crash)],
            capacity_bytes: Some(800 << 10),
            ..PLAIN
        },
        Profile {
            name: "park",
            homes: (4, 4),
            steps: 60,
            weights: &[(9, Person), (8, Sync), (10, Advance), (1, Crash), (3, Sleep)],
            park_after_days: 3,
            step_minutes: 120,
            ..PLAIN
        },
        Profile {
            name: "aside",
            homes: (3, 4),
            steps: 60,
            weights: &[
                (9, Person),
                (8, Sync),
                (10, Advance),
                (1, Crash),
                (4, SetAside),
                (1, Sleep),
            ],
            // Who is parked is not waited for: that is no early pruning.
            is_fresh: false,
            ..PLAIN
        },
        Profile {
            name: "asked",
            homes: (3, 4),
            steps: 60,
            weights: &[
                (12, Person),
                (9, Sync),
                (10, Advance),
                (1, Crash),
                (2, Ask),
                (4, Regret),
                (4, DeleteRefused),
            ],
            answers_percent: (25, 25),
            ..PLAIN
        },
        Profile {
            name: "decide",
            homes: (3, 4),
            steps: 60,
            weights: &[
                (12, Person),
                (9, Sync),
                (10, Advance),
                (1, Crash),
                (1, Ask),
                (2, Regret),
                (2, DeleteRefused),
                (3, TakeBack),
                (4, Resolve),
            ],
            answers_percent: (50, 25),
            has_foreign_drives: true,
            ..PLAIN
        },
        Profile {
            name: "join",
            homes: (2, 3),
            steps: 60,
            weights: &[(9, Person), (8, Sync), (10, Advance), (1, Crash), (2, Join), (1, Sleep)],
            ..PLAIN
        },
        restore.clone(),
        Profile {
            name: "restore2",
            restores_many: true,
            ..restore
        },
        fire.clone(),
        Profile {
            name: "fire2",
            restores_computers: true,
            ..fire
        },
        Profile {
            name: "wipe",
            homes: (3, 3),
            steps: 60,
            weights: &[
                (18, Person),
                (16, Sync),
                (20, Advance),
                (2, Crash),
                (2, Wipe),
                (4, RollBack),
                (2, LoseObject),
                (2, Damage),
            ],
            is_fresh: false,
            ..PLAIN
        },
        Profile {
            name: "losecache",
            homes: (3, 3),
            steps: 50,
            weights: &[(9, Person), (8, Sync), (10, Advance), (1, Crash), (3, LosePrivate)],
            ..PLAIN
        },
        Profile {
            name: "fullose",
            homes: (3, 3),
            steps: 80,
            weights: &[(9, Person), (8, Sync), (14, Advance), (1, Crash), (3, LosePrivate)],
            allowance_bytes: Some(6 << 20),
            has_big_files: true,
            ..PLAIN
        },
        Profile {
            name: "deny",
            homes: (3, 3),
            steps: 50,
            weights: &[
                (9, Person),
                (8, Sync),
                (10, Advance),
                (1, Crash),
                (4, Deny),
                (3, Plug),
                (1, ClockJump),
            ],
            ..PLAIN
        },
        Profile {
            name: "fat",
            homes: (3, 4),
            steps: 50,
            weights: &[(10, Person), (7, Sync), (12, Advance), (2, Crash), (2, Replug)],
            power_percent: 50,
            has_big_files: true,
            has_foreign_drives: true,
            ..PLAIN
        },
        Profile {
            name: "tight",
            homes: (3, 3),
            steps: 60,
            weights: &[(9, Person), (8, Sync), (12, Advance), (1, Crash), (4, Squeeze)],
            power_percent: 30,
            has_big_files: true,
            ..PLAIN
        },
        Profile {
            name: "spoil",
            homes: (3, 4),
            steps: 60,
            weights: &[(9, Person), (8, Sync), (12, Advance), (1, Crash), (2, Spoil)],
            power_percent: 30,
            ..PLAIN
        },
        Profile {
            name: "rot",
            homes: (3, 3),
            seeds: LONG_SEEDS,
            steps: 60,
            weights: &[(9, Person), (8, Sync), (12, Advance), (2, Crash), (4, Rot)],
            power_percent: 30,
            has_big_files: true,
            ..PLAIN
        },
        Profile {
            name: "kept",
            homes: (3, 3),
            seeds: LONG_SEEDS,
            steps: 60,
            weights: &[(9, Person), (8, Sync), (12, Advance), (2, Crash), (4, Rot), (3, Keep)],
            power_percent: 30,
            has_big_files: true,
            ..PLAIN
        },
        Profile {
            name: "ignore",
            homes: (3, 3),
            steps: 60,
            weights: &[(10, Person), (7, Sync), (12, Advance), (1, Crash), (1, Plug)],
            power_percent: 30,
            has_ignore_rules: true,
            ..PLAIN
        },
        Profile {
            name: "clone",
            homes: (3, 3),
            steps: 0,
            is_sequential: true,
            ..PLAIN
        },
        Profile {
            name: "sweep",
            seeds: 7,
            homes: (3, 3),
            steps: 0,
            power_percent: 50,
            is_sequential: true,
            ..PLAIN
        },
        years.clone(),
        Profile {
            name: "years2",
            seeds: 12,
            weights: &[
                (60, Person),
                (60, Sync),
                (30, Advance),
                (6, Crash),
                (3, FailCall),
                (6, Absence),
                (4, Quota),
                (1, Join),
                (2, Snapshot),
                (2, Restore),
                (2, Replace),
                (3, SetAside),
                (1, Wipe),
                (2, LoseObject),
                (2, Damage),
                (2, RollBack),
                (2, LosePrivate),
            ],
            ..years
        },
        Profile {
            name: "mix",
            homes: (4, 4),
            seeds: LONG_SEEDS,
            steps: 80,
            weights: &[
                (50, Person),
                (45, Sync),
                (60, Advance),
                (10, Crash),
                (2, FailCall),
                (5, Flake),
                (5, Sleep),
                (5, Join),
                (5, Snapshot),
                (5, Restore),
                (2, Wipe),
                (2, RollBack),
                (2, LoseObject),
                (2, Damage),
                (5, LosePrivate),
                (4, Deny),
                (3, Plug),
                (2, ClockJump),
            ],
            allowance_bytes: Some(6 << 20),
            has_big_files: true,
            park_after_days: 3,
            step_minutes: 120,
            power_percent: 40,
            is_fresh: false,
            ..PLAIN
        },
    ]
}

/// Gives the profile of a name.
pub(crate) fn named(name: &str) -> Profile {
    all()
        .into_iter()
        .find(|profile| profile.name == name)
        .unwrap_or_else(|| panic!("there is no profile '{name}'"))
}
