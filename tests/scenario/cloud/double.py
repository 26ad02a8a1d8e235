#!/usr/bin/env python3
"""A double of the services that people sign in to: their sign-in, and as much of their storage as a mailbox uses.

    double.py PORT

Made from what the providers document. Below /google, /dropbox and /microsoft lie their hosts; below /control a test says
what is to go wrong. What it does not do: uploads in parts, names in other spellings, sharing, listings that lag by
themselves, the limits on requests that the providers do not publish. It is stricter where it can be: a sign-in that was
renewed is good for nothing, and whoever uses it again loses all (RFC 9700, 4.14.2).
"""
import base64
import hashlib
import itertools
import json
import re
import sys
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LOCK = threading.RLock()
NUMBER = itertools.count(1)
FOLDER = "application/vnd.google-apps.folder"
NOW = "2026-01-02T03:04:05Z"


class Service:
    """One service: who is signed in, what it keeps, and what it is told to do wrong."""

    def __init__(self, name):
        self.name = name
        self.codes, self.refresh, self.access, self.used = {}, {}, set(), {}
        self.issuer, self.over = None, set()  # who else signs people in, and the tokens of that one that ended
        self.files = {}  # Drive: id -> dict; the others: path -> bytes or None for a folder
        self.trash_bytes = 0
        self.limit_bytes = 15 << 30
        self.fails = []  # what the next requests come to
        self.calls = 0
        self.denies = False

    def lets_in(self, token):
        if self.issuer is None or token in self.over:
            return token in self.access
        self.access.add(token)
        claims = token.split(".")[1]
        return json.loads(base64.urlsafe_b64decode(claims + "=="))["iss"] == self.issuer

    def used_bytes(self):
        kept = [file["bytes"] if self.name == "google" else file for file in self.files.values()]
        return sum(len(file or b"") for file in kept) + self.trash_bytes


SERVICES = {name: Service(name) for name in ("google", "dropbox", "microsoft")}


class Answer(Exception):
    def __init__(self, status, body=b"", **headers):
        super().__init__(status)
        self.status, self.headers = status, headers
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()


def google_error(status, reason):
    return Answer(status, {"error": {"code": status, "message": reason, "errors": [{"reason": reason}]}})


def dropbox_error(summary, status=409):
    return Answer(status, {"error_summary": summary, "error": {".tag": summary.split("/")[0]}})


def graph_error(status, code):
    return Answer(status, {"error": {"code": code, "message": code}})


def trouble(service, what):
    """How each service says that something is wrong."""
    if what == "rate":
        return {
            "google": google_error(403, "userRateLimitExceeded"),
            "dropbox": Answer(429, {"error_summary": "too_many_requests/..", "error": {}}, Retry_After="0"),
            "microsoft": Answer(429, {"error": {"code": "activityLimitReached"}}, Retry_After="0"),
        }[service.name]
    if what == "full":
        return {
            "google": google_error(403, "storageQuotaExceeded"),
            "dropbox": dropbox_error("path/insufficient_space/.."),
            "microsoft": graph_error(507, "quotaLimitReached"),
        }[service.name]
    if what == "down":
        return Answer(503)
    raise ValueError(what)


# Signing in

def authorize(service, query, _body):
    if service.denies:
        back = {"error": "access_denied", "state": query["state"]}
    else:
        if query.get("response_type") != "code" or query.get("code_challenge_method") != "S256":
            raise Answer(400, b"not a sign-in with PKCE")
        code = f"code-{next(NUMBER)}"
        service.codes[code] = query
        back = {"code": code, "state": query["state"]}
    raise Answer(302, Location=query["redirect_uri"] + "?" + urllib.parse.urlencode(back))


def token(service, _query, body):
    said = dict(urllib.parse.parse_qsl(body.decode()))
    refuse = Answer(400, {"error": "invalid_grant"})
    if said.get("grant_type") == "authorization_code":
        asked = service.codes.pop(said.get("code"), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(said.get("code_verifier", "").encode()).digest())
        good = (
            asked
            and asked["code_challenge"] == challenge.rstrip(b"=").decode()
            and asked["redirect_uri"] == said.get("redirect_uri")
            and asked["client_id"] == said.get("client_id")
        )
        if not good:
            raise refuse
        family = next(NUMBER)
    else:
        old = said.get("refresh_token")
        if old in service.used:
            # Somebody else has it, too: nobody is signed in any more.
            family = service.used[old]
            service.refresh = {name: other for name, other in service.refresh.items() if other != family}
        family = service.refresh.get(old)
        if family is None:
            raise refuse
    access = f"access-{service.name}-{next(NUMBER)}"
    service.access.add(access)
    answer = {"access_token": access, "token_type": "bearer", "expires_in": 3600}
    if said["grant_type"] == "authorization_code" or service.name == "microsoft":
        if said.get("refresh_token"):
            del service.refresh[said["refresh_token"]]
            service.used[said["refresh_token"]] = family
        answer["refresh_token"] = f"hunter2-refresh-{service.name}-{next(NUMBER)}"
        service.refresh[answer["refresh_token"]] = family
    raise Answer(200, answer)


def control(_service, query, _body):
    service = SERVICES[query["service"]]
    do = query["do"]
    if do == "revoke":
        service.refresh, service.access = {}, set()
    elif do == "expire":
        service.over, service.access = service.over | service.access, set()
    elif do == "trust":
        service.issuer = query["issuer"]
    elif do == "deny":
        service.denies = query["on"] == "1"
    elif do == "fail":
        service.fails = [query["what"]] * int(query["times"])
    elif do == "duplicate":
        # Another program, or a lost answer, made a second file of each name.
        for file in list(service.files.values()):
            if file["mime"] != FOLDER:
                number = next(NUMBER)
                service.files[f"id{number}"] = {**file, "bytes": b"an older one of that name", "made": -number}
    raise Answer(200, {
        "calls": service.calls,
        "trash": service.trash_bytes,
        "refresh": len(service.refresh),
        "files": sorted(f["name"] for f in service.files.values()) if service.name == "google" else sorted(service.files),
    })


# Google Drive: files have ids, names may stand twice, deleting moves into the trash

def drive_file(file_id, file):
    shown = {"id": file_id, "name": file["name"], "mimeType": file["mime"], "parents": [file["parent"]],
             "modifiedTime": NOW}
    return shown if file["mime"] == FOLDER else {**shown, "size": str(len(file["bytes"]))}


def drive(service, method, path, query, headers, body):
    if path == "/drive/v3/about":
        raise Answer(200, {"user": {"emailAddress": "anna@example.org"},
                           "storageQuota": {"usage": str(service.used_bytes()), "limit": str(service.limit_bytes)}})
    if path == "/drive/v3/files" and method == "GET":
        wanted = re.findall(r"name = '((?:[^'\\]|\\.)*)'", query["q"])
        parent = re.findall(r"'([^']*)' in parents", query["q"])[0]
        found = [(i, f) for i, f in service.files.items() if f["parent"] == parent]
        found = [(i, f) for i, f in found if not wanted or f["name"] == wanted[0].replace("\\'", "'")]
        if "mimeType = " in query["q"]:
            found = [(i, f) for i, f in found if f["mime"] == FOLDER]
        found.sort(key=lambda one: -one[1]["made"])
        begin, size = int(query.get("pageToken", 0)), int(query.get("pageSize", 100))
        page = {"files": [drive_file(i, f) for i, f in found[begin:begin + size]]}
        if begin + size < len(found):
            page["nextPageToken"] = str(begin + size)
        raise Answer(200, page)
    if path == "/drive/v3/files" and method == "POST":
        said = json.loads(body)
        raise Answer(200, drive_put(service, said["name"], said["parents"][0], said["mimeType"], b""))
    if path == "/upload/drive/v3/files" and method == "POST":
        boundary = re.search(r'boundary="?([^";]+)', headers["Content-Type"]).group(1).encode()
        parts = [part.split(b"\r\n\r\n", 1)[1].rsplit(b"\r\n", 1)[0] for part in body.split(b"--" + boundary)[1:3]]
        said = json.loads(parts[0])
        raise Answer(200, drive_put(service, said["name"], said["parents"][0], "application/octet-stream", parts[1]))
    file_id = path.rsplit("/", 1)[1]
    file = service.files.get(file_id)
    if file is None:
        raise google_error(404, "notFound")
    if method == "PATCH" and path.startswith("/upload/"):
        service.files[file_id] = {**file, "bytes": body, "made": next(NUMBER)}
        raise Answer(200, drive_file(file_id, service.files[file_id]))
    if method == "PATCH" and json.loads(body).get("trashed"):
        service.trash_bytes += len(file["bytes"])
    if method in ("PATCH", "DELETE"):
        del service.files[file_id]
        for child in [i for i, f in service.files.items() if f["parent"] == file_id]:
            del service.files[child]
        raise Answer(204) if method == "DELETE" else Answer(200, {})
    raise Answer(200, file["bytes"]) if query.get("alt") == "media" else Answer(200, drive_file(file_id, file))


def drive_put(service, name, parent, mime, content):
    if parent != "root" and parent not in service.files:
        raise google_error(404, "notFound")
    file_id = f"id{next(NUMBER)}"
    service.files[file_id] = {"name": name, "parent": parent, "mime": mime, "bytes": content, "made": next(NUMBER)}
    return drive_file(file_id, service.files[file_id])


# Dropbox: paths that know no case, folders that come by themselves

def dropbox_meta(path, content):
    shown = {".tag": "folder" if content is None else "file", "name": path.rsplit("/", 1)[1], "id": "id:" + path,
             "path_display": path, "path_lower": path.lower()}
    if content is not None:
        shown.update(size=len(content), client_modified=NOW, server_modified=NOW, rev="1")
    return shown


def dropbox(service, _method, path, _query, headers, body):
    said = json.loads(headers.get("Dropbox-API-Arg") or body or b"{}")
    at = said.get("path", "").lower()
    if path == "/2/users/get_space_usage":
        raise Answer(200, {"used": service.used_bytes(), "allocation": {".tag": "individual", "allocated": 2 << 30}})
    if path == "/2/users/get_current_account":
        raise Answer(200, {"email": "anna@example.org"})
    if path == "/2/files/upload":
        parts = said["path"].split("/")[1:-1]
        for end in range(1, len(parts) + 1):
            folder = "/" + "/".join(parts[:end])
            service.files.setdefault(folder.lower(), None)
        service.files[at] = body
        raise Answer(200, dropbox_meta(said["path"], body))
    if path == "/2/files/create_folder_v2":
        if at in service.files:
            raise dropbox_error("path/conflict/folder/..")
        service.files[at] = None
        raise Answer(200, {"metadata": dropbox_meta(said["path"], None)})
    if path == "/2/files/list_folder":
        if at and service.files.get(at, b"") is not None:
            raise dropbox_error("path/not_found/..")
        inside = [(p, c) for p, c in sorted(service.files.items()) if p.rsplit("/", 1)[0] == at]
        raise Answer(200, dropbox_page(inside, 0))
    if path == "/2/files/list_folder/continue":
        at, begin = json.loads(said["cursor"])
        inside = [(p, c) for p, c in sorted(service.files.items()) if p.rsplit("/", 1)[0] == at]
        raise Answer(200, dropbox_page(inside, begin))
    if at not in service.files:
        raise dropbox_error(("path_lookup" if path.endswith("delete_v2") else "path") + "/not_found/..")
    if path == "/2/files/delete_v2":
        for gone in [p for p in service.files if p == at or p.startswith(at + "/")]:
            del service.files[gone]
        raise Answer(200, {"metadata": {".tag": "deleted"}})
    if path == "/2/files/get_metadata":
        raise Answer(200, dropbox_meta(at, service.files[at]))
    if path == "/2/files/download":
        raise Answer(200, service.files[at], Dropbox_API_Result=json.dumps(dropbox_meta(at, service.files[at])))
    raise Answer(404)


def dropbox_page(inside, begin, size=3):
    at = inside[0][0].rsplit("/", 1)[0] if inside else ""
    return {"entries": [dropbox_meta(p, c) for p, c in inside[begin:begin + size]],
            "cursor": json.dumps([at, begin + size]), "has_more": begin + size < len(inside)}


# OneDrive: the app's own folder, which lies at Apps/Offsync of the drive

OWN = "/v1.0/me/drive/special/approot"


def graph_item(path, content):
    shown = {"id": "item" + path, "name": path.rsplit("/", 1)[1] or "Offsync", "lastModifiedDateTime": NOW,
             "eTag": "x", "size": len(content or b""),
             "parentReference": {"path": "/drive/root:/Apps/Offsync" + path.rsplit("/", 1)[0], "driveId": "d", "id": "p"}}
    kind = {"folder": {"childCount": 0}} if content is None else {"file": {"mimeType": "text/plain"}}
    return {**shown, **kind}


def graph(service, method, path, query, _headers, body):
    if path == "/v1.0/me/drive":
        raise Answer(200, {"owner": {"user": {"email": "anna@example.org"}}, "quota": {"used": service.used_bytes(), "total": 5 << 30}})
    if path.startswith("/download/"):
        raise Answer(200, service.files[path[len("/download"):]])
    if not path.startswith(OWN):
        # What is not the app's own is not to be seen by it.
        raise graph_error(403, "accessDenied")
    at, action = path[len(OWN):].lstrip(":"), ""
    for known in ("/children", "/content"):
        if at.endswith(known):
            at, action = at[:-len(known)].rstrip(":"), known
    at = at.rstrip("/")
    is_there = not at or at in service.files
    if action == "/content" and method == "PUT":
        above = at.rsplit("/", 1)[0]
        while above:
            service.files.setdefault(above, None)
            above = above.rsplit("/", 1)[0]
        is_new = not is_there
        service.files[at] = body
        raise Answer(201 if is_new else 200, graph_item(at, body))
    if action == "/children" and method == "POST":
        new = at + "/" + json.loads(body)["name"]
        if not is_there:
            raise graph_error(404, "itemNotFound")
        service.files.setdefault(new, None)
        raise Answer(201, graph_item(new, None))
    if not is_there:
        raise graph_error(404, "itemNotFound")
    if action == "/children":
        inside = [graph_item(p, c) for p, c in sorted(service.files.items()) if p.rsplit("/", 1)[0] == at]
        begin = int(query.get("$skiptoken", 0))
        page = {"value": inside[begin:begin + 3]}
        if begin + 3 < len(inside):
            page["@odata.nextLink"] = f"https://graph.microsoft.com{path}?$skiptoken={begin + 3}"
        raise Answer(200, page)
    if action == "/content":
        raise Answer(302, Location=f"http://localhost:{sys.argv[1]}/microsoft/download{at}")
    if method == "DELETE":
        for gone in [p for p in service.files if p == at or p.startswith(at + "/")]:
            del service.files[gone]
        raise Answer(204)
    raise Answer(200, graph_item(at, service.files.get(at)))


STORES = {"google": drive, "dropbox": dropbox, "microsoft": graph}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = urllib.parse.urlsplit(self.path)
        path = urllib.parse.unquote(url.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        _, name, rest = path.split("/", 2)
        try:
            with LOCK:
                self.route(SERVICES.get(name), name, "/" + rest, query, body)
        except Answer as answer:
            self.send_response(answer.status)
            for header, value in answer.headers.items():
                self.send_header(header.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

    def route(self, service, name, path, query, body):
        if name == "control":
            control(service, query, body)
        if path == "/authorize":
            authorize(service, query, body)
        if path == "/token":
            token(service, query, body)
        service.calls += 1
        if not path.startswith("/download/"):
            said = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
            if not service.lets_in(said):
                raise {"google": google_error(401, "authError"),
                       "dropbox": dropbox_error("expired_access_token/..", 401),
                       "microsoft": graph_error(401, "InvalidAuthenticationToken")}[service.name]
        elif self.headers.get("Authorization"):
            raise Answer(400, b"a token is sent where none belongs")
        if service.fails:
            raise trouble(service, service.fails.pop())
        STORES[service.name](service, self.command, path, query, self.headers, body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
