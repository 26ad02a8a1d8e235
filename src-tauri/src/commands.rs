//! What the page may ask. Each command hands its work to another thread and answers with data or a `Failure`.

use std::sync::Arc;

use offsync_app::SetUpRequest;
use offsync_app::view::{ArchiveStatus, Failure, Overview, WayBack};
use offsync_app::{
    AccountCard, DamagedReport, KeySignIn, ListedAccount, LostReport, MailboxSought, Offer, RemovedAccount,
    ShownHostKey, SignInRequest,
};
use serde::Serialize;
use tauri::async_runtime::{spawn, spawn_blocking};
use tauri::{AppHandle, State, WebviewWindow};
use tauri_plugin_dialog::DialogExt;

use crate::desk::{Deletions, Desk, Waiting};
use crate::settings;
use crate::signing_in::Secret;

/// Names to begin the set-up with; empty where there is nothing to go by.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct SuggestedNames {
    person: String,
    label: String,
}

/// Everything that the window draws; at once, even while a sync runs.
#[tauri::command]
pub(crate) async fn overview(desk: State<'_, Arc<Desk>>) -> Result<Overview, Failure> {
    off_the_window_thread(&desk, Desk::overview).await
}

/// Begins a sync; how it goes is told as events.
#[tauri::command]
pub(crate) async fn sync_now(desk: State<'_, Arc<Desk>>, folder: String) -> Result<(), Failure> {
    let claimed = off_the_window_thread(&desk, move |desk| desk.claim(Some(&folder))).await?;
    begin_sync(&desk, claimed);
    Ok(())
}

/// Begins an archive.
#[tauri::command]
pub(crate) async fn set_up(desk: State<'_, Arc<Desk>>, request: SetUpRequest) -> Result<ArchiveStatus, Failure> {
    off_the_window_thread(&desk, move |desk| desk.set_up(&request)).await
}

/// Makes the sample homes.
#[tauri::command]
pub(crate) async fn try_samples(desk: State<'_, Arc<Desk>>) -> Result<ArchiveStatus, Failure> {
    off_the_window_thread(&desk, Desk::try_samples).await
}

/// Acts out that somebody plugs a sample drive in; answers when it has synced.
#[tauri::command]
pub(crate) async fn plug_in_sample(desk: State<'_, Arc<Desk>>, location_id: String) -> Result<(), Failure> {
    off_the_window_thread(&desk, move |desk| desk.plug_in_sample(&location_id)).await
}

/// Removes the sample homes.
#[tauri::command]
pub(crate) async fn remove_samples(desk: State<'_, Arc<Desk>>) -> Result<(), Failure> {
    off_the_window_thread(&desk, Desk::remove_samples).await
}

/// Lets the person choose a folder; `None` if they chose nothing.
#[tauri::command]
pub(crate) async fn pick_folder(
    handle: AppHandle,
    window: WebviewWindow,
    title: String,
) -> Result<Option<String>, Failure> {
    let dialog = handle.dialog().file().set_title(title).set_parent(&window);
    let picked = spawn_blocking(move || dialog.blocking_pick_folder()).await;
    let Some(picked) = picked.map_err(|_| broken())? else {
        return Ok(None);
    };
    let path = picked.into_path().map_err(|_| unspeakable())?;
    path.to_str().map(|path| Some(path.to_owned())).ok_or_else(unspeakable)
}

/// Suggests names for the set-up.
#[tauri::command]
pub(crate) async fn suggested_names() -> SuggestedNames {
    let login = std::env::var("USER").or_else(|_| std::env::var("USERNAME"));
    let person = settings::person(login.ok());
    let label = if person.is_empty() {
        String::new()
    } else {
        format!("{person}’s home")
    };
    SuggestedNames { person, label }
}

/// Answers whether many deletions were meant.
#[tauri::command]
pub(crate) async fn answer_held(desk: State<'_, Arc<Desk>>, folder: String, yes: bool) -> Result<(), Failure> {
    off_the_window_thread(&desk, move |desk| desk.answer_held(&folder, yes)).await
}

/// Answers whether a home that does not come is to be waited for still.
#[tauri::command]
pub(crate) async fn answer_silent(
    desk: State<'_, Arc<Desk>>,
    folder: String,
    location_id: String,
    wait: bool,
) -> Result<(), Failure> {
    let answer = if wait { Waiting::On } else { Waiting::NotNow };
    off_the_window_thread(&desk, move |desk| desk.answer_silent(&folder, &location_id, answer)).await
}

/// Lists the files whose content no home that takes part has any more.
#[tauri::command]
pub(crate) async fn lost(desk: State<'_, Arc<Desk>>, folder: String) -> Result<LostReport, Failure> {
    off_the_window_thread(&desk, move |desk| desk.lost(&folder)).await
}

/// Gives up the lost files that a person was shown.
#[tauri::command]
pub(crate) async fn give_up(desk: State<'_, Arc<Desk>>, folder: String, paths: Vec<String>) -> Result<(), Failure> {
    off_the_window_thread(&desk, move |desk| desk.give_up(&folder, &paths)).await
}

/// Reads all files again and has what is damaged from another home; how it goes is told as events.
#[tauri::command]
pub(crate) async fn repair(desk: State<'_, Arc<Desk>>, folder: String) -> Result<(), Failure> {
    off_the_window_thread(&desk, move |desk| desk.repair(&folder)).await
}

/// Lists the files that are known to be damaged on this drive.
#[tauri::command]
pub(crate) async fn damaged(desk: State<'_, Arc<Desk>>, folder: String) -> Result<Vec<DamagedReport>, Failure> {
    off_the_window_thread(&desk, move |desk| desk.damaged(&folder)).await
}

/// Takes a damaged file for an edit, as it is now.
#[tauri::command]
pub(crate) async fn keep_damaged(
    desk: State<'_, Arc<Desk>>,
    folder: String,
    file: DamagedReport,
) -> Result<(), Failure> {
    off_the_window_thread(&desk, move |desk| desk.keep_damaged(&folder, &file)).await
}

/// Lets an archive find its mailbox in a folder, or begin a new one there; without one, where it was.
#[tauri::command]
pub(crate) async fn use_mailbox(
    desk: State<'_, Arc<Desk>>,
    folder: String,
    place: Option<String>,
    begin: bool,
) -> Result<(), Failure> {
    let sought = sought(begin);
    off_the_window_thread(&desk, move |desk| desk.use_mailbox(&folder, place.as_deref(), sought)).await
}

/// The same in an account of this computer.
#[tauri::command]
pub(crate) async fn use_mailbox_in(
    desk: State<'_, Arc<Desk>>,
    folder: String,
    account: String,
    begin: bool,
) -> Result<(), Failure> {
    let sought = sought(begin);
    off_the_window_thread(&desk, move |desk| desk.use_mailbox_in(&folder, &account, sought)).await
}

/// Moves the mailbox of an archive into a folder; answers when it is there, with how many objects stayed behind.
#[tauri::command]
pub(crate) async fn move_mailbox(desk: State<'_, Arc<Desk>>, folder: String, place: String) -> Result<u64, Failure> {
    off_the_window_thread(&desk, move |desk| desk.move_mailbox(&folder, &place)).await
}

/// Lists the services that a mailbox can lie with.
#[tauri::command]
pub(crate) async fn services(desk: State<'_, Arc<Desk>>) -> Result<Vec<Offer>, Failure> {
    off_the_window_thread(&desk, |desk| Ok(desk.services())).await
}

/// Lists the accounts of this computer.
#[tauri::command]
pub(crate) async fn accounts(desk: State<'_, Arc<Desk>>) -> Result<Vec<AccountCard>, Failure> {
    off_the_window_thread(&desk, Desk::accounts).await
}

/// Lists all accounts of this computer, and which archives each serves.
#[tauri::command]
pub(crate) async fn listed_accounts(desk: State<'_, Arc<Desk>>) -> Result<Vec<ListedAccount>, Failure> {
    off_the_window_thread(&desk, Desk::listed_accounts).await
}

/// Lets this computer forget an account; refused while an archive has its mailbox there.
#[tauri::command]
pub(crate) async fn remove_account(desk: State<'_, Arc<Desk>>, name: String) -> Result<RemovedAccount, Failure> {
    off_the_window_thread(&desk, move |desk| desk.remove_account(&name)).await
}

/// Signs in to a service; answers when it was tried out.
#[tauri::command]
pub(crate) async fn sign_in(
    desk: State<'_, Arc<Desk>>,
    request: SignInRequest,
    secret: Option<Secret>,
) -> Result<AccountCard, Failure> {
    off_the_window_thread(&desk, move |desk| desk.sign_in(&request, secret)).await
}

/// Signs in again to the account of a mailbox, and begins a sync once that is done.
#[tauri::command]
pub(crate) async fn sign_in_again(
    desk: State<'_, Arc<Desk>>,
    folder: String,
    id: Option<String>,
    secret: Option<Secret>,
) -> Result<AccountCard, Failure> {
    let copy = folder.clone();
    let signed_in = off_the_window_thread(&desk, move |desk| desk.sign_in_again(&folder, id, secret)).await?;
    let claimed = off_the_window_thread(&desk, move |desk| desk.claim(Some(&copy))).await?;
    begin_sync(&desk, claimed);
    Ok(signed_in)
}

/// Asks a server for the key that it is known by: that of a service, or that of an archive's mailbox.
#[tauri::command]
pub(crate) async fn shown_server(
    desk: State<'_, Arc<Desk>>,
    request: Option<SignInRequest>,
    folder: Option<String>,
) -> Result<ShownHostKey, Failure> {
    off_the_window_thread(&desk, move |desk| match request {
        Some(request) => desk.shown_server(&request),
        None => desk.shown_server_again(&folder.unwrap_or_default()),
    })
    .await
}

/// Signs in to a service by a key of this computer's.
#[tauri::command]
pub(crate) async fn sign_in_by_key(
    desk: State<'_, Arc<Desk>>,
    request: SignInRequest,
    host_key: String,
) -> Result<KeySignIn, Failure> {
    off_the_window_thread(&desk, move |desk| desk.sign_in_by_key(&request, &host_key)).await
}

/// The same for the account of a mailbox; a sync begins once the server lets the key in.
#[tauri::command]
pub(crate) async fn sign_in_again_by_key(
    desk: State<'_, Arc<Desk>>,
    folder: String,
    host_key: String,
) -> Result<KeySignIn, Failure> {
    let copy = folder.clone();
    let stands = off_the_window_thread(&desk, move |desk| desk.sign_in_again_by_key(&folder, &host_key)).await?;
    if stands.account.is_some() {
        let claimed = off_the_window_thread(&desk, move |desk| desk.claim(Some(&copy))).await?;
        begin_sync(&desk, claimed);
    }
    Ok(stands)
}

/// Takes the address that a browser elsewhere ended at.
#[tauri::command]
pub(crate) async fn paste_address(desk: State<'_, Arc<Desk>>, address: String) -> Result<(), Failure> {
    desk.paste(address);
    Ok(())
}

/// Ends the waiting for a browser.
#[tauri::command]
pub(crate) async fn give_up_sign_in(desk: State<'_, Arc<Desk>>) -> Result<(), Failure> {
    desk.give_up_sign_in();
    Ok(())
}

/// Gives the account that the mailbox of an archive is in; nothing for a folder.
#[tauri::command]
pub(crate) async fn mailbox_account(
    desk: State<'_, Arc<Desk>>,
    folder: String,
) -> Result<Option<AccountCard>, Failure> {
    off_the_window_thread(&desk, move |desk| desk.mailbox_account(&folder)).await
}

/// Asks how full that account is.
#[tauri::command]
pub(crate) async fn account_usage(desk: State<'_, Arc<Desk>>, folder: String) -> Result<AccountCard, Failure> {
    off_the_window_thread(&desk, move |desk| desk.account_usage(&folder)).await
}

/// Tries that account out.
#[tauri::command]
pub(crate) async fn try_account(desk: State<'_, Arc<Desk>>, folder: String) -> Result<AccountCard, Failure> {
    off_the_window_thread(&desk, move |desk| desk.try_account(&folder)).await
}

/// Moves the mailbox of an archive into an account of this computer, as [`move_mailbox`] does into a folder.
#[tauri::command]
pub(crate) async fn move_mailbox_into(
    desk: State<'_, Arc<Desk>>,
    folder: String,
    account: String,
) -> Result<u64, Failure> {
    off_the_window_thread(&desk, move |desk| desk.move_mailbox_into(&folder, &account)).await
}

/// Lets this computer forget a copy that was taken out of its archive.
#[tauri::command]
pub(crate) async fn forget(desk: State<'_, Arc<Desk>>, folder: String, told: WayBack) -> Result<(), Failure> {
    off_the_window_thread(&desk, move |desk| desk.forget(&folder, told)).await
}

/// Syncs archives that were claimed, one after the other, on another thread.
pub(crate) fn begin_sync(desk: &Arc<Desk>, claimed: Vec<String>) {
    let desk = desk.clone();
    spawn_blocking(move || {
        for folder in claimed {
            desk.sync(&folder, Deletions::Hold);
        }
    });
}

/// Syncs everything whose drive is here, as the tray asks for it.
pub(crate) fn begin_sync_of_all(desk: &Arc<Desk>) {
    let desk = desk.clone();
    spawn(async move {
        // Whoever pressed looks at a menu that is closed again: the window says what is wrong.
        if let Ok(claimed) = off_the_window_thread(&desk, |desk| desk.claim(None)).await {
            begin_sync(&desk, claimed);
        }
    });
}

fn sought(begin: bool) -> MailboxSought {
    match begin {
        true => MailboxSought::ThereOrNew,
        false => MailboxSought::There,
    }
}

async fn off_the_window_thread<T: Send + 'static>(
    desk: &Arc<Desk>,
    work: impl FnOnce(&Desk) -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let desk = desk.clone();
    spawn_blocking(move || work(&desk)).await.map_err(|_| broken())?
}

fn broken() -> Failure {
    Failure {
        code: "internal".into(),
        message: "Offsync stumbled over a mistake of its own. Nothing is lost.".into(),
        hint: "Try again; if it happens again, restart Offsync.".into(),
    }
}

fn unspeakable() -> Failure {
    Failure {
        code: "odd_folder_name".into(),
        message: "That folder's name cannot be shown on this screen.".into(),
        hint: "Choose another folder, or give it a name of letters first.".into(),
    }
}
