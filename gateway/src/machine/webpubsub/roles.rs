//! Who may join and send: roles with patterns, and what is granted while a connection lives.

use std::collections::BTreeSet;

/// What a connection may do.
#[derive(Debug, Clone, Default)]
pub(crate) struct Permissions {
    roles: Vec<String>,
    /// Granted or revoked through REST, for one group or for all (`None`).
    granted: BTreeSet<(Permission, Option<String>)>,
    revoked: BTreeSet<(Permission, Option<String>)>,
}

/// A right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Permission {
    JoinLeave,
    Send,
}

impl Permission {
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "joinLeaveGroup" => Some(Self::JoinLeave),
            "sendToGroup" => Some(Self::Send),
            _ => None,
        }
    }

    fn role(self) -> &'static str {
        match self {
            Self::JoinLeave => "webpubsub.joinLeaveGroup",
            Self::Send => "webpubsub.sendToGroup",
        }
    }
}

impl Permissions {
    pub(super) fn of(roles: Vec<String>) -> Self {
        Self { roles, ..Self::default() }
    }

    pub(super) fn allow(&self, permission: Permission, group: &str) -> bool {
        let one = (permission, Some(group.to_owned()));
        if self.revoked.contains(&one) {
            return false;
        }
        if self.granted.contains(&one) || self.granted.contains(&(permission, None)) {
            return true;
        }
        if self.revoked.contains(&(permission, None)) {
            return false;
        }
        self.roles.iter().any(|role| {
            let Some(rest) = role.strip_prefix(permission.role()) else { return false };
            match rest.strip_prefix('.') {
                Some(literal) => literal == group,
                None if rest.is_empty() => true,
                None => rest.strip_prefix("s.").and_then(Pattern::parse).is_some_and(|pattern| pattern.matches(group)),
            }
        })
    }

    pub(super) fn set(&mut self, permission: Permission, group: Option<String>, on: bool) {
        let entry = (permission, group);
        if on {
            self.revoked.remove(&entry);
            self.granted.insert(entry);
        } else {
            self.granted.remove(&entry);
            self.revoked.insert(entry);
        }
    }

    pub(super) fn has(&self, permission: Permission, group: Option<&str>) -> bool {
        match group {
            Some(group) => self.allow(permission, group),
            None => {
                let all = (permission, None);
                !self.revoked.contains(&all) && (self.granted.contains(&all) || self.roles.iter().any(|role| role == permission.role()))
            }
        }
    }
}

/// A pattern of names, as the documentation of wildcard roles has it.
struct Pattern(Vec<Piece>);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Piece {
    Exactly(char),
    /// One character, no dot.
    Any,
    /// Any number of characters, no dot among them.
    Run,
    /// Any number of characters.
    Everything,
}

impl Pattern {
    /// A pattern that is not well formed, or has more than five wildcards, counts for nothing.
    fn parse(text: &str) -> Option<Self> {
        let mut pieces = Vec::new();
        let mut wildcards = 0;
        let mut chars = text.chars().peekable();
        while let Some(next) = chars.next() {
            pieces.push(match next {
                '\\' => match chars.next() {
                    Some(escaped @ ('\\' | '*' | '?')) => Piece::Exactly(escaped),
                    _ => return None,
                },
                '?' => Piece::Any,
                '*' => {
                    wildcards += 1;
                    let mut run = 1;
                    while chars.next_if_eq(&'*').is_some() {
                        run += 1;
                    }
                    if run == 1 { Piece::Run } else { Piece::Everything }
                }
                other => Piece::Exactly(other),
            });
        }
        (wildcards <= 5).then_some(Self(pieces))
    }

    fn matches(&self, name: &str) -> bool {
        // One row of a table: which beginnings of the pattern match the name so far. Its cost is the product of the lengths, never more.
        let mut row = vec![false; self.0.len() + 1];
        row[0] = true;
        self.skip(&mut row);
        for char in name.chars() {
            let mut next = vec![false; row.len()];
            for (at, piece) in self.0.iter().enumerate().filter(|(at, _)| row[*at]) {
                match piece {
                    Piece::Exactly(wanted) if *wanted == char => next[at + 1] = true,
                    Piece::Any if char != '.' => next[at + 1] = true,
                    Piece::Run if char != '.' => next[at] = true,
                    Piece::Everything => next[at] = true,
                    _ => {}
                }
            }
            row = next;
            self.skip(&mut row);
        }
        row[self.0.len()]
    }

    /// Runs may be empty.
    fn skip(&self, row: &mut [bool]) {
        for (at, piece) in self.0.iter().enumerate() {
            if row[at] && matches!(piece, Piece::Run | Piece::Everything) {
                row[at + 1] = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may(role: &str, group: &str) -> bool {
        Permissions::of(vec![role.to_owned()]).allow(Permission::Send, group)
    }

    #[test]
    fn roles_name_all_groups_one_or_a_pattern_of_them() {
        assert!(may("webpubsub.sendToGroup", "anything"));
        assert!(may("webpubsub.sendToGroup.a.b", "a.b") && !may("webpubsub.sendToGroup.a.b", "a.c"));
        assert!(!may("webpubsub.joinLeaveGroup", "a"));
        for (pattern, name, wanted) in [
            ("a?", "ab", true),
            ("a?", "a.", false),
            ("a*", "a", true),
            ("a*c", "abbc", true),
            ("a*", "a.b", false),
            ("a**", "a.b.c", true),
            ("**.c", "a.b.c", true),
            (r"a\*", "a*", true),
            (r"a\*", "ab", false),
            (r"a\b", "ab", false),
            ("a\\", "a", false),
            ("*1*2*3*4*5*", "12345", false),
            ("A*", "ab", false),
        ] {
            assert_eq!(may(&format!("webpubsub.sendToGroups.{pattern}"), name), wanted, "{pattern} {name}");
        }
    }

    #[test]
    fn what_is_granted_or_revoked_counts_over_the_roles() {
        let mut permissions = Permissions::of(vec!["webpubsub.sendToGroup".to_owned()]);
        permissions.set(Permission::Send, Some("a".to_owned()), false);
        permissions.set(Permission::JoinLeave, Some("a".to_owned()), true);
        assert!(!permissions.allow(Permission::Send, "a") && permissions.allow(Permission::Send, "b"));
        assert!(permissions.allow(Permission::JoinLeave, "a") && !permissions.allow(Permission::JoinLeave, "b"));
    }
}
