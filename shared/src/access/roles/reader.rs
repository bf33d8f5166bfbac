//! Reads a roles file, and collects all of its faults.

use std::{collections::BTreeMap, fmt::Arguments};

use super::Permissions;
use crate::{
    access::{
        grant::{Grant, MoneyLimits, Scope},
        permission::{Rule, rule_of},
    },
    amount::{Amount, Currency},
    strict_json::Value,
};

type Fields = BTreeMap<String, Value>;

/// The roles in `text`, or all of its faults.
pub(super) fn read(text: &str) -> Result<BTreeMap<String, Permissions>, Vec<String>> {
    let value = serde_json::from_str(text);
    let Ok(Value::Object(roles)) = value else {
        return Err(vec![
            "names a file that is not a JSON object, or repeats a name".to_owned(),
        ]);
    };
    let mut reader = Reader::default();
    if roles.is_empty() {
        reader.wrong(format_args!("the file"), "has no role");
    }
    let read = roles
        .iter()
        .map(|(name, value)| (name.clone(), reader.role(name, value)))
        .collect();
    match reader.problems.is_empty() {
        true => Ok(read),
        false => Err(reader.problems),
    }
}

#[derive(Default)]
struct Reader {
    problems: Vec<String>,
}

impl Reader {
    fn wrong(&mut self, place: Arguments<'_>, what: &str) {
        self.problems
            .push(format!("names a file with an error: {place} {what}"));
    }

    fn role(&mut self, name: &str, value: &Value) -> Permissions {
        let place = format_args!("role `{name}`");
        let fits = name.trim() == name && (1..=64).contains(&name.chars().count());
        if !fits || name.chars().any(char::is_control) {
            self.wrong(place, "must have a name of 1 to 64 characters");
        }
        let permissions = self.object(place, value);
        let mut granted = Permissions::new();
        for (name, value) in permissions.into_iter().flatten() {
            let place = format_args!("{place}, `{name}`");
            let Some(rule) = rule_of(name) else {
                self.wrong(place, "is not a permission");
                continue;
            };
            if let Some(grant) = self.grant(place, rule, value) {
                granted.insert(rule.name, grant);
            }
        }
        granted
    }

    fn grant(&mut self, place: Arguments<'_>, rule: &Rule, value: &Value) -> Option<Grant> {
        let fields = self.object(place, value)?;
        self.only(place, fields, &["scope", "limits"]);
        let scope = match fields.get("scope").and_then(Value::text) {
            Some("own") => Some(Scope::Own),
            Some("any") => Some(Scope::Any),
            _ => {
                self.wrong(place, "must have a `scope`, `own` or `any`");
                None
            }
        };
        let scope = scope.filter(|scope| {
            let is_possible = rule.scopes.contains(scope);
            match scope {
                _ if is_possible => {}
                Scope::Own => self.wrong(place, "can have only the scope `any`"),
                Scope::Any => self.wrong(place, "can have only the scope `own`"),
            }
            is_possible
        });
        let limits = fields.get("limits").map(|value| {
            if !rule.has_limits {
                self.wrong(place, "moves no money, and cannot have `limits`");
            }
            self.limits(format_args!("{place}, `limits`"), value)
        });
        Some(Grant {
            scope: scope?,
            limits,
        })
    }

    fn limits(&mut self, place: Arguments<'_>, value: &Value) -> MoneyLimits {
        let Some(fields) = self.object(place, value) else {
            return MoneyLimits::default();
        };
        self.only(place, fields, &["perCall", "perDay"]);
        if fields.is_empty() {
            self.wrong(place, "must have `perCall`, `perDay`, or both");
        }
        let mut list = |name: &str| {
            let place = format_args!("{place}, `{name}`");
            fields.get(name).map(|value| self.amounts(place, value))
        };
        let (per_call, per_day) = (list("perCall"), list("perDay"));
        if let (Some(call), Some(day)) = (&per_call, &per_day) {
            let is_kept = |(currency, most)| day.get(currency).is_some_and(|day| most <= day);
            if call.len() != day.len() || !call.iter().all(is_kept) {
                let what = "must have the same currencies in both lists, and no more in a call \
                            than in a day";
                self.wrong(place, what);
            }
        }
        MoneyLimits { per_call, per_day }
    }

    fn amounts(&mut self, place: Arguments<'_>, value: &Value) -> BTreeMap<Currency, i64> {
        let mut amounts = BTreeMap::new();
        for (name, value) in self.object(place, value).into_iter().flatten() {
            let place = format_args!("{place}, `{name}`");
            let Ok(currency) = Currency::parse(name) else {
                self.wrong(place, "is not a currency that Stripe knows, in lower case");
                continue;
            };
            match value.whole().map(|most| Amount::positive(most, currency)) {
                Some(Ok(most)) => drop(amounts.insert(currency, most.minor_units())),
                Some(Err(what)) => self.wrong(place, &what.to_string()),
                None => self.wrong(place, "must be whole minor units"),
            }
        }
        amounts
    }

    fn object<'v>(&mut self, place: Arguments<'_>, value: &'v Value) -> Option<&'v Fields> {
        let fields = value.object();
        if fields.is_none() {
            self.wrong(place, "must be a JSON object");
        }
        fields
    }

    fn only(&mut self, place: Arguments<'_>, fields: &Fields, known: &[&str]) {
        for name in fields.keys() {
            if !known.contains(&name.as_str()) {
                self.wrong(place, &format!("has the unknown field `{name}`"));
            }
        }
    }
}
