//! Modules of a crate point one way: whatever a module uses never uses it back, at any depth of folders.
//!
//! The graph is built from `crate::` and `super::` paths outside of tests, re-exports followed. A parent and its own
//! children may know each other; circles are looked for between neighbours.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::Token;
use crate::tree::{self, TreeFile};

/// The names from a crate's root to a module; the root itself is empty.
type ModulePath = Vec<String>;

/// What uses what, with one place that shows it.
type Graph = BTreeMap<ModulePath, BTreeMap<ModulePath, String>>;

struct Module {
    path: ModulePath,
    file: String,
    tokens: Vec<Token>,
}

/// A path as it stands in code, from the crate's root.
struct UsedPath {
    names: Vec<String>,
    known_as: String,
    line: usize,
}

#[test]
fn modules_of_a_crate_never_use_each_other_in_a_circle() {
    crate::none("the modules of a crate form no circle", &circles(&tree::rust()));
}

fn circles(files: &[TreeFile]) -> Vec<String> {
    let mut crates: BTreeMap<String, Vec<Module>> = BTreeMap::new();
    for file in files {
        if let Some((root, path)) = place(&file.path) {
            let tokens = file.source().tokens_without_tests();
            crates.entry(root).or_default().push(Module {
                path,
                file: file.path.clone(),
                tokens,
            });
        }
    }
    crates
        .iter()
        .flat_map(|(root, modules)| {
            let found = circles_of(&graph(modules));
            found.into_iter().map(move |circle| format!("{root}: {circle}"))
        })
        .collect()
}

/// Says which crate a file belongs to and which module of it the file is.
fn place(file: &str) -> Option<(String, ModulePath)> {
    let parts: Vec<&str> = file.strip_suffix(".rs")?.split('/').collect();
    let depth = match parts.as_slice() {
        ["crates", _, "src", _, ..] => 3,
        ["src-tauri", "src", _, ..] | ["tests", _, _, ..] => 2,
        _ => return None,
    };
    let mut path: ModulePath = parts[depth..].iter().map(|&part| part.to_owned()).collect();
    let is_root = path.len() == 1 && (path[0] == "lib" || path[0] == "main");
    if is_root || path.last().is_some_and(|last| last == "mod") {
        path.pop();
    }
    Some((parts[..depth].join("/"), path))
}

fn graph(modules: &[Module]) -> Graph {
    // A folder is a module even where only its children are files.
    let known: BTreeSet<ModulePath> = modules
        .iter()
        .flat_map(|module| (0..=module.path.len()).map(|depth| module.path[..depth].to_vec()))
        .collect();
    let exports = exports(modules, &known);
    let mut graph = Graph::new();
    for module in modules {
        for used in used_paths(module) {
            let target = resolve(&used.names, &known, &exports);
            let shared = module
                .path
                .iter()
                .zip(&target)
                .take_while(|(mine, theirs)| mine == theirs)
                .count();
            if module.path.len() > shared && target.len() > shared {
                let example = format!("{}:{}", module.file, used.line);
                let edges = graph.entry(module.path[..=shared].to_vec()).or_default();
                edges.entry(target[..=shared].to_vec()).or_insert(example);
            }
        }
    }
    graph
}

/// Finds all `crate::…` and `super::…` paths of a module.
fn used_paths(module: &Module) -> Vec<UsedPath> {
    let tokens = &module.tokens;
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let starts = (tokens[at].text == "crate" || tokens[at].text == "super") && is_path_sign(tokens, at + 1);
        at = if starts {
            read_path(module, at, &mut found)
        } else {
            at + 1
        };
    }
    found
}

/// Reads the path or the tree of paths that begins at a token and gives where it ends.
fn read_path(module: &Module, mut at: usize, found: &mut Vec<UsedPath>) -> usize {
    let tokens = &module.tokens;
    let mut base = module.path.clone();
    while is_path_sign(tokens, at + 1) {
        match tokens[at].text.as_str() {
            "crate" => base.clear(),
            "super" => drop(base.pop()),
            "self" => {}
            _ => break,
        }
        at += 3;
    }
    read_tree(tokens, at, &base, found)
}

fn read_tree(tokens: &[Token], mut at: usize, prefix: &[String], found: &mut Vec<UsedPath>) -> usize {
    let Some(token) = tokens.get(at) else { return at };
    if token.text == "{" {
        at += 1;
        while tokens.get(at).is_some_and(|token| token.text != "}") {
            at = read_tree(tokens, at, prefix, found);
            at += usize::from(tokens.get(at).is_some_and(|token| token.text == ","));
        }
        return at + 1;
    }
    let mut names = prefix.to_vec();
    if token.is_word() && token.text != "self" {
        names.push(token.text.clone());
    }
    let goes_on = |token: &Token| token.is_word() || token.text == "{" || token.text == "*";
    if is_path_sign(tokens, at + 1) && tokens.get(at + 3).is_some_and(goes_on) {
        return read_tree(tokens, at + 3, &names, found);
    }
    let alias = tokens.get(at + 1).is_some_and(|token| token.text == "as");
    let known_as = if alias {
        tokens.get(at + 2).map(|token| &token.text)
    } else {
        names.last()
    };
    found.push(UsedPath {
        known_as: known_as.cloned().unwrap_or_default(),
        line: token.line,
        names,
    });
    at + if alias { 3 } else { 1 }
}

fn is_path_sign(tokens: &[Token], at: usize) -> bool {
    tokens.get(at).is_some_and(|sign| sign.text == ":") && tokens.get(at + 1).is_some_and(|sign| sign.text == ":")
}

/// Collects what modules hand on under their own name (`pub use child::Thing`): name and where it comes from.
fn exports(modules: &[Module], known: &BTreeSet<ModulePath>) -> BTreeMap<ModulePath, ModulePath> {
    let mut exports = BTreeMap::new();
    for module in modules {
        let tokens = &module.tokens;
        for at in (0..tokens.len()).filter(|&at| tokens[at].text == "use" && is_public(tokens, at)) {
            let mut found = Vec::new();
            read_path(module, at + 1, &mut found);
            for used in found {
                let mut name = module.path.clone();
                name.push(used.known_as);
                exports.insert(name, resolve(&used.names, known, &BTreeMap::new()));
            }
        }
    }
    exports
}

fn is_public(tokens: &[Token], at: usize) -> bool {
    let before = |back: usize| at.checked_sub(back).map_or("", |at| tokens[at].text.as_str());
    before(1) == "pub" || (before(1) == ")" && (2..8).any(|back| before(back) == "pub"))
}

/// Walks names down from the root to the deepest module that they lead to.
fn resolve(names: &[String], known: &BTreeSet<ModulePath>, exports: &BTreeMap<ModulePath, ModulePath>) -> ModulePath {
    let mut reached = ModulePath::new();
    for name in names {
        let mut next = reached.clone();
        next.push(name.clone());
        if known.contains(&next) {
            reached = next;
        } else if let Some(origin) = exports.get(&next) {
            return origin.clone();
        } else {
            break;
        }
    }
    reached
}

/// Finds circles, one for each arrow that closes one, and says each as a sentence with a place for each step.
fn circles_of(graph: &Graph) -> Vec<String> {
    let mut done = BTreeSet::new();
    let mut found = Vec::new();
    for start in graph.keys() {
        follow(graph, start, &mut Vec::new(), &mut done, &mut found);
    }
    found
}

fn follow(
    graph: &Graph,
    at: &ModulePath,
    trail: &mut Vec<ModulePath>,
    done: &mut BTreeSet<ModulePath>,
    found: &mut Vec<String>,
) {
    if let Some(begin) = trail.iter().position(|passed| passed == at) {
        found.push(told(graph, &[&trail[begin..], std::slice::from_ref(at)].concat()));
    }
    if !done.insert(at.clone()) {
        return;
    }
    trail.push(at.clone());
    for next in graph.get(at).into_iter().flat_map(BTreeMap::keys) {
        follow(graph, next, trail, done, found);
    }
    trail.pop();
}

fn told(graph: &Graph, steps: &[ModulePath]) -> String {
    let step = |pair: &[ModulePath]| {
        format!(
            "{} uses {} ({})",
            pair[0].join("::"),
            pair[1].join("::"),
            graph[&pair[0]][&pair[1]]
        )
    };
    steps.windows(2).map(step).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(files: &[(&str, &str)], expected: &[&str]) {
        let files: Vec<TreeFile> = files.iter().map(|(path, text)| TreeFile::new(path, text)).collect();
        assert_eq!(circles(&files), expected);
    }

    #[test]
    fn a_circle_of_two_is_found_with_its_places() {
        check(
            &[
                ("crates/x/src/a.rs", "use crate::b::B;"),
                ("crates/x/src/b.rs", "fn f() {\n    crate::a::g();\n}"),
            ],
            &["crates/x/src: a uses b (crates/x/src/a.rs:1), b uses a (crates/x/src/b.rs:2)"],
        );
    }

    #[test]
    fn a_circle_of_three_is_found_through_braces_folders_and_re_exports() {
        check(
            &[
                (
                    "crates/x/src/lib.rs",
                    "mod a; mod b; mod c; pub use b::{self, inner::B as Renamed};",
                ),
                ("crates/x/src/a.rs", "use crate::{Other, Renamed};"),
                ("crates/x/src/b/mod.rs", "mod inner;"),
                ("crates/x/src/b/inner.rs", "use super::super::c;"),
                ("crates/x/src/c.rs", "use crate::{a::{self, A}, x};"),
            ],
            &[
                "crates/x/src: a uses b (crates/x/src/a.rs:1), b uses c (crates/x/src/b/inner.rs:1), \
               c uses a (crates/x/src/c.rs:1)",
            ],
        );
    }

    #[test]
    fn a_circle_inside_a_folder_is_found() {
        check(
            &[
                ("src-tauri/src/a/b.rs", "use super::c::C;"),
                ("src-tauri/src/a/c.rs", "use crate::a::b::B;"),
            ],
            &["src-tauri/src: a::b uses a::c (src-tauri/src/a/b.rs:1), a::c uses a::b (src-tauri/src/a/c.rs:1)"],
        );
    }

    #[test]
    fn parents_children_tests_and_words_make_no_circle() {
        check(
            &[
                ("crates/x/src/lib.rs", "mod a; mod b; pub use crate::a::A;"),
                (
                    "crates/x/src/a.rs",
                    "// crate::b\nuse crate::Root;\nconst T: &str = \"crate::b\";",
                ),
                ("crates/x/src/b/mod.rs", "use crate::b::inner::C; use crate::a::A;"),
                ("crates/x/src/b/inner.rs", "use super::D; pub(in crate::b) fn x() {}"),
                (
                    "crates/x/src/c.rs",
                    "use crate::b::D;\n#[cfg(test)]\nmod tests {\nuse crate::c;\n}",
                ),
                ("crates/y/src/b.rs", "use crate::a::A;"),
            ],
            &[],
        );
    }
}
