//! `account`: what people type, what they are told, and that no secret is told.

use super::servers::{ALL, ID, Kind, SECRET, STORES, Server};
use super::stories::{add_account, pair};
use crate::output::Output;
use crate::schema;
use crate::world::{Home, World, settle_quietly};

#[test]
fn an_account_is_added_listed_tried_and_removed() {
    for kind in ALL {
        let Some(server) = Server::start(kind) else { return };
        let world = World::new();
        let pep = world.home("pep");
        let url = server.url("offsync");
        let added = add_account(&pep, "family", &url, SECRET);
        added.expect_code(0).expect_out("Added 'family'. It works.");
        added.expect_out("say family, or family:FOLDER");
        let listed = pep.run(["account", "list"]);
        listed
            .expect_code(0)
            .expect_out(url.split("127").nth(1).expect("it is on loopback"));
        pep.run(["account", "test", "family"])
            .expect_code(0)
            .expect_out("It works.");
        let usage = pep.json(["account", "usage", "family"]).document();
        let says_how_full = kind == Kind::WsgiDav;
        let is_counted = STORES.contains(&kind);
        assert_eq!(
            usage[0]["used_bytes"].is_u64(),
            says_how_full || is_counted,
            "{kind:?}: {usage:#}"
        );
        assert_eq!(usage[0]["total_bytes"].is_u64(), says_how_full, "{kind:?}: {usage:#}");
        // Signing in again is the same command.
        add_account(&pep, "family", &url, SECRET).expect_code(0);
        let other = add_account(&pep, "family", &server.url("elsewhere"), SECRET);
        assert!(
            other
                .expect_code(1)
                .stderr
                .contains("There is an account 'family' already"),
            "{other}"
        );
        pep.run(["account", "remove", "family"])
            .expect_code(0)
            .expect_out("has forgotten what opens it");
        pep.run(["account", "list"])
            .expect_code(0)
            .expect_out("This computer has no account.");
    }
}

#[test]
fn what_is_wrong_with_an_account_is_said_in_one_sentence_before_it_is_kept() {
    for kind in ALL {
        let Some(server) = Server::start(kind) else { return };
        let world = World::new();
        let pep = world.home("pep");
        let says = |output: Output, code: i32, told: &str| {
            output.expect_code(code);
            assert!(output.stderr.contains(told), "{told:?} is not said: {output}");
            assert!(!output.stderr.contains("wrong-secret"), "{output}");
            pep.run(["account", "list"]).expect_out("This computer has no account.");
        };
        let (wrong, told) = match kind {
            Kind::Moto => (SECRET, ""),
            Kind::RcloneS3 => ("wrong-secret", "the access key or its secret is not accepted"),
            Kind::Azurite => ("wrong/secret", "the storage account or its access key is not accepted"),
            Kind::WsgiDav | Kind::Apache => ("wrong-secret", "the user or the password is not accepted"),
        };
        if wrong != SECRET {
            says(add_account(&pep, "x", &server.url("a"), wrong), 6, told);
        }
        let elsewhere = server.url("a").replace("/box/", "/no-such-box/");
        let missing = match kind {
            Kind::Moto | Kind::RcloneS3 => Some("there is no bucket of that name"),
            Kind::Azurite => Some("there is no container of that name"),
            Kind::WsgiDav | Kind::Apache => None,
        };
        if let Some(told) = missing {
            says(add_account(&pep, "x", &elsewhere, SECRET), 6, told);
        }
        if kind == Kind::Azurite {
            let told = "is no access key";
            says(add_account(&pep, "x", &server.url("a"), "wrong-secret"), 6, told);
            let url = server.url("a").replace("/box/", "/-/");
            let told = "there is no container of that name";
            says(add_account(&pep, "x", &url, SECRET), 6, told);
            let url = server.url("a").replace(ID, "nobody");
            let told = "there is no storage account of that name";
            says(add_account(&pep, "x", &url, SECRET), 6, told);
        }
        let url = server.url_by(1, "a");
        let told = "nothing answers at that host and port";
        says(add_account(&pep, "x", &url, SECRET), 6, told);
        let url = server.url("a").replace("127.0.0.1", "no-such-host.invalid");
        says(add_account(&pep, "x", &url, SECRET), 6, "no host of that name is found");
    }
}

#[test]
fn the_only_account_needs_no_name_and_each_is_forgotten_in_its_own_words() {
    let Some(server) = Server::start(Kind::WsgiDav) else {
        return;
    };
    let world = World::new();
    let [pep, anna] = pair(&world, &server.url("offsync"));
    let none = world.home("none");
    none.json(["account", "test"])
        .expect_failure(1, "no_such_account", &["This computer has no account.", "Add one:"]);
    for command in ["test", "usage"] {
        pep.run(["account", command]).expect_code(0).expect_out("family: ");
    }
    pep.run(["account", "list"])
        .expect_code(0)
        .expect_out("This computer has what opens it. It holds the mailbox of 'Photos'.");
    let folder = world.path("nas");
    std::fs::create_dir(&folder).expect("a folder can be made");
    let folder = format!("fs://{}", folder.display());
    pep.run(["account", "add", "nas", &folder]).expect_code(0);
    let told = ["none was named", "It has family, nas."];
    pep.json(["account", "usage"])
        .expect_failure(2, "no_such_account", &told);
    pep.run(["account", "remove", "nas"])
        .expect_code(0)
        .expect_out("Removed 'nas'. The folder and what is in it stay as they are.");
    add_account(&pep, "spare", &server.url("spare"), SECRET).expect_code(0);
    pep.run(["account", "remove", "spare"])
        .expect_code(0)
        .expect_out("the app password or key can be deleted, once no other home goes in by it: one that was invited or copied from here may.");
    anna.run(["mailbox", "move", anna.at(), &folder])
        .expect_code(0)
        .expect_out("Until it did, leave the old one as it is: webdav");
    anna.run(["account", "remove", "photos"])
        .expect_code(0)
        .expect_out("Whoever it belongs to can take that back at the service.");
}

#[test]
fn a_mailbox_that_is_moved_into_an_account_tells_what_the_others_need_for_it() {
    let Some(server) = Server::start(Kind::RcloneS3) else {
        return;
    };
    let world = World::new();
    let [pep, anna] = world.pair(|pep| pep.write("2024/a.txt", "a"));
    add_account(&pep, "box", &server.url("x"), SECRET).expect_code(0);
    let moved = pep.run(["mailbox", "move", pep.at(), "box:photos"]);
    moved
        .expect_code(0)
        .expect_out("after its computer was signed in, too, which wants what opens the account: `offsync account add NAME 's3://")
        .expect_out("leave the old one as it is: fs://");
    let at = pep.json(["mailbox", "show", pep.at()]).document()["mailbox"].clone();
    let at = at.as_str().expect("it is a text");
    add_account(&anna, "peps", at, SECRET).expect_code(0);
    anna.run(["mailbox", "move", anna.at(), at]).expect_code(0);
    anna.write("2024/b.txt", "b");
    settle_quietly(&[&pep, &anna]);
    assert_eq!(pep.read("2024/b.txt"), b"b");
    // A store of this kind does not say how full it is: what lies there is counted.
    let holds = pep.json(["mailbox", "show", pep.at()]).document()["bytes"].clone();
    let used = pep.json(["account", "usage", "box"]).document()[0]["used_bytes"].clone();
    assert_eq!(used, holds);
    pep.run(["account", "usage", "box"])
        .expect_code(0)
        .expect_out("are used. How much there may be, the service does not say.");
    let lost = server.url_by(1, "x");
    let mut command = pep.command(["--json", "mailbox", "move", pep.at(), &lost]);
    let refused = Output::of(&mut command);
    assert_ne!(refused.code, 0, "{refused}");
    let told = "The mailbox was not moved and is used where it was: s3://";
    assert!(refused.stdout.contains(told), "{refused}");
}

#[test]
fn what_cannot_be_an_account_is_refused_with_what_can() {
    let world = World::new();
    let pep = world.home("pep");
    for (arguments, told) in [
        (
            ["account", "add", "a b", "webdav://c.org/x"],
            "cannot be the name of an account",
        ),
        (
            ["account", "add", "x", "webdav://anna:hunter2@c.org/x"],
            "a password does not belong into an address",
        ),
        (
            ["account", "add", "x", "gopher://c.org/x"],
            "is no kind of mailbox that this Offsync knows",
        ),
        (
            ["account", "add", "ssh", "sftp://anna@c.org/x"],
            "'ssh' cannot be the name of an account: addresses begin with it",
        ),
        (
            ["account", "add", "x", "webdav://c.org:99999/x"],
            "a port is a number up to 65535",
        ),
        (
            ["account", "add", "x", "s3://box?endpoint=nowhere"],
            "it looks like https://s3.example.org",
        ),
        (
            ["account", "add", "x", "webdav://c.org/x"],
            "set OFFSYNC_ACCOUNT_ID and OFFSYNC_ACCOUNT_SECRET",
        ),
    ] {
        let output = pep.run(arguments);
        assert!(output.code == 2 || output.code == 1, "{output}");
        assert!(
            output.stderr.to_lowercase().contains(&told.to_lowercase()),
            "{told:?} is not said: {output}"
        );
        assert!(!output.stderr.contains("hunter2"), "{output}");
    }
    for (arguments, told) in [
        (["account", "test", "x"], "This computer has no account 'x'."),
        (["account", "remove", "x"], "offsync account add NAME MAILBOX_URL"),
    ] {
        let output = pep.run(arguments);
        assert!(output.expect_code(1).stderr.contains(told), "{output}");
    }
    let init = ["init", pep.at(), "--name", "P", "--label", "P", "--mailbox"];
    for (mailbox, code, told) in [
        (
            "family:x",
            2,
            "there is no account 'family' (this computer has no account yet)",
        ),
        (
            "webdav://c.org/x",
            6,
            "This computer is not signed in to webdav://c.org/x.",
        ),
    ] {
        let output = pep.run(init.into_iter().chain([mailbox]));
        assert!(output.expect_code(code).stderr.contains(told), "{output}");
        assert!(!pep.has(".offsync"), "nothing was begun");
    }
}

#[test]
fn an_account_that_holds_a_mailbox_is_kept_and_one_that_is_gone_is_asked_for() {
    let Some(server) = Server::start(Kind::WsgiDav) else {
        return;
    };
    let world = World::new();
    let [pep, anna] = pair(&world, &server.url("offsync"));
    settle_quietly(&[&pep, &anna]);
    let output = pep.run(["account", "remove", "family"]);
    assert!(
        output
            .expect_code(1)
            .stderr
            .contains("The mailbox of 'Photos' is in 'family'."),
        "{output}"
    );
    // Another computer, with the keys and without the account.
    let settings = pep.settings();
    std::fs::remove_file(settings.join("accounts.toml")).expect("it is there");
    let output = pep.run(["sync", pep.at()]);
    output.expect_code(6);
    assert!(
        output.stderr.contains("this computer is not signed in to its account"),
        "{output}"
    );
    let mailbox = server.url("offsync/photos").replace("://", &format!("://{ID}@"));
    assert!(
        output.stderr.contains(&format!("offsync account add family {mailbox}")),
        "{output}"
    );
    let status = pep.run(["status", pep.at()]);
    status
        .expect_code(0)
        .expect_out("this computer is not signed in to its account");
    add_account(&pep, "family", &server.url("offsync"), SECRET).expect_code(0);
    pep.sync();
}

/// Whatever people or other programs may see: what is printed, the settings, the drive, the mailbox.
#[test]
fn no_secret_is_seen_anywhere_but_in_the_keystore() {
    for kind in ALL {
        let Some(server) = Server::start(kind) else { return };
        let world = World::new();
        let [pep, anna] = pair(&world, &server.url("offsync"));
        settle_quietly(&[&pep, &anna]);
        let mut told = String::new();
        for home in [&pep, &anna] {
            for arguments in [
                vec!["account", "list"],
                vec!["--json", "account", "list"],
                vec!["-v", "sync", home.at()],
                vec!["--json", "status", home.at()],
                vec!["mailbox", "show", home.at()],
                vec!["locations", home.at()],
            ] {
                let output = home.run(arguments);
                told += &format!("{}{}", output.stdout, output.stderr);
            }
        }
        assert!(!told.contains(SECRET), "{told}");
        use base64::Engine;
        let sent = base64::engine::general_purpose::STANDARD.encode(format!("{ID}:{SECRET}"));
        assert!(!told.contains(&sent), "{told}");
        let needle = SECRET.as_bytes();
        let mut looked_at = 0;
        for folder in [Some(world.base().to_path_buf()), server.kept_in()]
            .into_iter()
            .flatten()
        {
            let mut left = vec![folder];
            while let Some(folder) = left.pop() {
                for entry in std::fs::read_dir(&folder).expect("it can be listed") {
                    let path = entry.expect("it can be listed").path();
                    if path.is_dir() {
                        left.push(path);
                        continue;
                    }
                    let is_keystore = path.file_name().is_some_and(|name| name == "keys");
                    let bytes = std::fs::read(&path).expect("it can be read");
                    let holds = bytes.windows(needle.len()).any(|part| part == needle);
                    assert_eq!(holds, is_keystore, "{}", path.display());
                    looked_at += 1;
                }
            }
        }
        assert!(looked_at > 10, "{looked_at} files");
        let _ = ID;
    }
}

#[test]
fn an_invitation_that_says_where_the_mailbox_is_once_more_still_opens_it_and_goes_with_its_archive() {
    let Some(server) = Server::start(Kind::WsgiDav) else {
        return;
    };
    let world = World::new();
    let [pep, anna] = pair(&world, &server.url("offsync"));
    let grandma = world.home("grandma");
    let (out, words) = (world.path("grandma.invitation"), world.path("grandma.words"));
    let [out, words] = [&out, &words].map(|path| path.to_str().expect("it is a text"));
    let invite = [
        "invite",
        pep.at(),
        "--label",
        "Grandma's home",
        "--person",
        "Grandma",
        "--out",
        out,
    ];
    let invited = pep.run(invite.into_iter().chain(["--phrase-file", words]));
    invited.expect_code(0).expect_out("It opens your account 'family', too");
    let join = [
        "join",
        grandma.at(),
        "--invitation",
        out,
        "--phrase-file",
        words,
        "--mailbox",
    ];
    let url = server.url("offsync/photos");
    grandma.run(join.into_iter().chain([url.as_str()])).expect_code(0);
    settle_quietly(&[&pep, &anna, &grandma]);
    assert_eq!(grandma.tree(), pep.tree());
    let listed = grandma.json(["account", "list"]).document();
    assert_eq!(listed[0]["name"], "photos", "{listed:#}");
    grandma.run(["forget", grandma.at(), "--yes"]).expect_code(0);
    grandma
        .run(["account", "list"])
        .expect_out("This computer has no account.");
    let keys = std::fs::read(grandma.settings().join("keys")).expect("there is a keystore");
    assert!(
        !keys.windows(SECRET.len()).any(|part| part == SECRET.as_bytes()),
        "what opens it went, too"
    );
}

#[test]
fn who_lacks_the_password_that_holds_now_invites_nobody_and_is_told_the_command() {
    let Some(server) = Server::start(Kind::WsgiDav) else {
        return;
    };
    let world = World::new();
    let [pep, anna] = pair(&world, &server.url("offsync"));
    settle_quietly(&[&pep, &anna]);
    server.change_password("another-secret");
    let mailbox = server.url("offsync").replace("://", &format!("://{ID}@"));
    let command = format!("`offsync account add family {mailbox}`");
    let out = world.path("x.invitation");
    let out = out.to_str().expect("it is a text");
    for arguments in [
        vec!["sync", pep.at()],
        vec!["mailbox", "show", pep.at()],
        vec!["invite", pep.at(), "--label", "X", "--person", "X", "--out", out],
    ] {
        let output = pep.run(arguments);
        assert!(
            output
                .expect_code(6)
                .stderr
                .contains("the user or the password is not accepted"),
            "{output}"
        );
        assert!(output.stderr.contains(&command), "{output}");
    }
    let status = pep.run(["status", pep.at()]);
    status
        .expect_code(0)
        .expect_out("the user or the password is not accepted");
    let tried = pep.run(["account", "test", "family"]);
    assert!(
        tried
            .expect_code(6)
            .stderr
            .contains(&format!("offsync account add family {mailbox}")),
        "{tried}"
    );
    // The very words that were told.
    add_account(&pep, "family", &mailbox, "another-secret").expect_code(0);
    add_account(&anna, "photos", &server.url("offsync/photos"), "another-secret").expect_code(0);
    settle_quietly(&[&pep, &anna]);
}

/// What a person may have to tell the program by: a certificate of one's own, as a NAS has.
#[test]
fn a_line_is_encrypted_and_who_is_at_its_end_is_looked_at() {
    let Some((server, certificate)) = Server::start_sealed() else {
        return;
    };
    let world = World::new();
    let pep = world.home("pep");
    let sealed = server.url("offsync").replace("webdav+http://", "webdav://");
    let unknown = add_account(&pep, "nas", &sealed, SECRET);
    assert!(
        unknown
            .expect_code(6)
            .stderr
            .contains("its certificate is not one that this computer trusts"),
        "{unknown}"
    );
    assert!(
        unknown.stderr.contains("the variable SSL_CERT_FILE can name a file"),
        "{unknown}"
    );
    pep.json(["account", "list"]).expect_code(0).expect_out("[]");
    let trusting_by = |home: &Home, certificate: &std::path::Path, arguments: &[&str]| {
        let mut command = home.command(arguments.iter().copied());
        command
            .env("OFFSYNC_ACCOUNT_ID", ID)
            .env("OFFSYNC_ACCOUNT_SECRET", SECRET);
        command.env("SSL_CERT_FILE", certificate);
        Output::of(&mut command)
    };
    let trusting = |home: &Home, arguments: &[&str]| trusting_by(home, &certificate, arguments);
    trusting(&pep, &["account", "add", "nas", &sealed])
        .expect_code(0)
        .expect_out("It works.");
    // The other way round: what speaks no TLS is told from what is not there.
    let Some(plain) = Server::start(Kind::WsgiDav) else {
        return;
    };
    let url = plain.url("offsync").replace("webdav+http://", "webdav://");
    let output = trusting(&pep, &["account", "add", "plain", &url]);
    assert!(
        output
            .expect_code(6)
            .stderr
            .contains("the line to it cannot be encrypted"),
        "{output}"
    );
    for (names, constraints, told) in [
        (
            "DNS:nas.local",
            "CA:FALSE",
            "its certificate is for another name than the one in its address",
        ),
        ("IP:127.0.0.1", "CA:TRUE", "its certificate is one that signs others"),
    ] {
        let Some((server, certificate)) = Server::start_behind(names, constraints) else {
            return;
        };
        let url = server.url("offsync").replace("webdav+http://", "webdav://");
        let refused = trusting_by(&pep, &certificate, &["account", "add", "other", &url]);
        assert!(refused.expect_code(6).stderr.contains(told), "{refused}");
        std::fs::remove_dir_all(certificate.parent().expect("it lies in a folder")).expect("it is there");
    }
    std::fs::remove_dir_all(certificate.parent().expect("it lies in a folder")).expect("it is there");
}

#[test]
fn an_environment_that_names_another_user_than_the_address_is_refused() {
    let world = World::new();
    let pep = world.home("pep");
    for url in ["webdav://pep@127.0.0.1:9/x", "sftp://pep@127.0.0.1:9/x"] {
        let mut command = pep.command(["account", "add", "nas", url]);
        let refused = Output::of(command.env("OFFSYNC_ACCOUNT_ID", ID));
        let told =
            format!("The address names 'pep', and OFFSYNC_ACCOUNT_ID says '{ID}'. Say the same twice, or say it once.");
        assert!(refused.expect_code(2).stderr.contains(&told), "{refused}");
    }
}

#[test]
fn an_address_that_is_none_leads_to_how_addresses_look() {
    let world = World::new();
    let pep = world.home("pep");
    for url in [
        "localhost:28081/offsync",
        "webdac://cloud.example.org/x",
        "koofr",
        "s3://box?endpont=https://s3.example.org",
        "webdav://cloud.example.org:99999/x",
    ] {
        let refused = add_account(&pep, "nas", url, SECRET);
        assert!(
            refused
                .expect_code(2)
                .stderr
                .contains("`offsync account services` shows how addresses look"),
            "{refused}"
        );
    }
}

#[test]
fn accounts_are_told_to_scripts_as_the_contract_says() {
    let Some(server) = Server::start(Kind::WsgiDav) else {
        return;
    };
    let world = World::new();
    let pep = world.home("pep");
    add_account(&pep, "family", &server.url("offsync"), SECRET).expect_code(0);
    let sample = serde_json::json!([
        {"name": "", "service": "", "ok": true, "used_bytes": null, "total_bytes": null, "message": ""}
    ]);
    for arguments in [
        ["account", "list", ""],
        ["account", "test", "family"],
        ["account", "usage", "family"],
    ] {
        let arguments = arguments.into_iter().filter(|word| !word.is_empty());
        let document = pep.json(arguments).expect_code(0).document();
        schema::check(&document, &sample, &["[].mailbox", "[].archives"]);
    }
}

/// A bucket opens to several keys: a friend's is taken back without the others'.
#[test]
fn a_friend_is_given_a_key_of_its_own() {
    let Some(server) = Server::start(Kind::Moto) else {
        return;
    };
    let world = World::new();
    let pep = world.home("pep");
    pep.write("beach.jpg", "beach");
    add_account(&pep, "family", &server.url("offsync"), SECRET).expect_code(0);
    add_account(&pep, "key-for-anna", &server.url("offsync"), "annas-own-secret").expect_code(0);
    world.init_into_mailbox(&pep, "family:photos", &[]);
    let anna = world.home_without_folder("anna");
    let words = world.path("words");
    let words = words.to_str().expect("it is a text");
    let copy = [
        "copy",
        pep.at(),
        anna.at(),
        "--label",
        "Anna's home",
        "--person",
        "Anna",
        "--phrase-file",
        words,
    ];
    let elsewhere = pep.run(copy.into_iter().chain(["--account", "key-for-anna:elsewhere"]));
    assert!(
        elsewhere
            .expect_code(6)
            .stderr
            .contains("holds no mailbox of this archive"),
        "{elsewhere}"
    );
    let next = "Name an account that leads to the mailbox of this archive";
    assert!(
        elsewhere.stderr.contains(next) && !elsewhere.stderr.contains("--new"),
        "{elsewhere}"
    );
    let copied = pep.run(copy.into_iter().chain(["--account", "key-for-anna:photos"]));
    copied
        .expect_code(0)
        .expect_out("It opens your account 'key-for-anna', too");
    anna.run(["join", anna.at(), "--phrase-file", words]).expect_code(0);
    settle_quietly(&[&pep, &anna]);
    assert_eq!(anna.tree(), pep.tree());
    let keys = |home: &Home| std::fs::read(home.settings().join("keys")).expect("there is a keystore");
    let holds = |keys: &[u8], secret: &str| keys.windows(secret.len()).any(|part| part == secret.as_bytes());
    assert!(holds(&keys(&anna), "annas-own-secret") && !holds(&keys(&anna), SECRET));
}
