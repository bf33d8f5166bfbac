//! `docs/configuration.md` and `.env.example`: the table of variables.

use shared::{
    Function,
    env::variables::{GROUPS, Group, Readers, Variable},
    function::Trigger,
};

use super::table::table;
use crate::functions;

/// The page's template.
const PAGE: &str = include_str!("configuration.md");

/// The head of `.env.example`.
const HEAD: &str = include_str!("example.env");

/// The variables that `cargo dev --stripe` requires: `.env.example` sets these two.
const NEEDED: [&str; 2] = ["STRIPE_SECRET_KEY", "STRIPE_PUBLISHABLE_KEY"];

/// The longest line.
const WIDTH: usize = 100;

/// The text of `docs/configuration.md`.
#[must_use]
pub fn configuration_page() -> String {
    let groups: Vec<String> = GROUPS.iter().map(section).collect();
    PAGE.replace("{variables}", groups.join("\n\n").trim_end())
}

fn section(group: &Group) -> String {
    let head = ["variable", "example or default", "read by", "required by"];
    let table = table(head, group.variables.iter().map(row));
    let about: Vec<String> = group.variables.iter().map(paragraph).collect();
    let (title, about) = (group.title, about.join("\n\n"));
    format!("## {title}\n\n{table}\n\n{about}")
}

fn row(of: &Variable) -> [String; 4] {
    let example = match of.is_default {
        true => format!("`{}`", of.example),
        false => format!("such as `{}`", of.example),
    };
    let readers = names(|function| reads(of.readers, function));
    let needs = names(|function| function.needs(of.name));
    [format!("`{}`", of.name), example, readers, needs]
}

fn reads(readers: Readers, function: &Function) -> bool {
    match readers {
        Readers::All => true,
        Readers::Callers => {
            let mut operations = function.operations().into_iter();
            operations.any(|one| one.permission.is_some())
        }
        Readers::Stripe => function.calls_stripe(),
        Readers::Scheduled => matches!(function.trigger, Trigger::Schedule(_)),
        Readers::Named(names) => names.contains(&function.name),
    }
}

/// The names of the functions for which `are` returns true.
fn names(are: impl Fn(&Function) -> bool) -> String {
    let all = functions::all().count();
    let names: Vec<&str> = functions::all().filter(are).map(|one| one.name).collect();
    match names.len() {
        0 => "—".to_owned(),
        some if some == all => "all".to_owned(),
        _ => names.join(", "),
    }
}

fn paragraph(of: &Variable) -> String {
    let see = of.see.map(|see| {
        let page = see.split('#').next().unwrap_or(see);
        format!(" More: [{page}]({see}).")
    });
    let text = format!("**`{}`**: {}{}", of.name, of.about, see.unwrap_or_default());
    wrap(&text, WIDTH).join("\n")
}

/// The text of `.env.example`.
#[must_use]
pub fn example_file() -> String {
    let groups: Vec<String> = GROUPS.iter().map(example_group).collect();
    format!("{HEAD}\n{}", groups.join("\n"))
}

fn example_group(group: &Group) -> String {
    let variables: Vec<String> = group.variables.iter().map(example).collect();
    format!("# == {} ==\n\n{}", group.title, variables.join("\n"))
}

fn example(of: &Variable) -> String {
    let see = of.see.map(|see| format!(" See docs/{see}."));
    let text = format!("{}{}", of.about, see.unwrap_or_default());
    let lines = wrap(&text, WIDTH - "# ".len()).into_iter();
    let about: String = lines.map(|line| format!("# {line}\n")).collect();
    let off = if NEEDED.contains(&of.name) { "" } else { "#" };
    format!("{about}{off}{}={}\n", of.name, of.example)
}

/// Wraps `text` at `width` characters.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is always one");
        if line.is_empty() {
            word.clone_into(line);
        } else if line.chars().count() + 1 + word.chars().count() <= width {
            *line += &format!(" {word}");
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}
