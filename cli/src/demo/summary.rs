//! The demo's last words.

use super::tally::Sum;
use crate::print::Style;

/// Handovers that the demo asks for. More may happen on a machine that is very busy, and do no harm.
pub(super) const HANDOVERS: u64 = 3;

/// Outages that the demo causes: a crash and a silent stall, for each client. More may happen on a machine that is very busy.
pub(super) const OUTAGES: u64 = 2;

/// What the books of all clients say.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sums {
    pub(super) astro: Sum,
    pub(super) graphql: Sum,
    pub(super) webpubsub: Sum,
}

impl Sums {
    fn named(&self) -> [(&'static str, &Sum); 3] {
        [("Astro", &self.astro), ("GraphQL", &self.graphql), ("Web PubSub", &self.webpubsub)]
    }
}

/// Whether everything happened that was to happen, and nothing that must not.
pub(super) fn is_success(sums: &Sums) -> bool {
    sums.named().iter().all(|(_, sum)| sum.is_clean() && sum.outages >= OUTAGES) && sums.astro.handovers >= HANDOVERS
}

/// The table and the verdict. A story that did not come to its `end` leaves messages on their way, which nobody can judge.
pub(super) fn lines(sums: &Sums, end: bool, style: Style) -> Vec<String> {
    let row = |name: &str, [astro, graphql, webpubsub]: [String; 3]| format!("  {name:<34}{astro:>9}{graphql:>10}{webpubsub:>13}");
    let count = |name: &str, of: fn(&Sum) -> u64| row(name, sums.named().map(|(_, sum)| of(sum).to_string()));
    let mut lines = vec![
        style.bold(&row("Summary", sums.named().map(|(name, _)| name.to_owned()))),
        count("published", |sum| sum.published),
        count("received", |sum| sum.received),
        count("lost", Sum::lost),
        count("  of these where a gap was reported", |sum| sum.lost_in_gaps),
        count("  of these unnoticed", |sum| sum.lost_silently),
        count("duplicated", |sum| sum.duplicated),
        count("gaps reported, one a subscription", |sum| sum.gaps),
        row("planned handovers", [sums.astro.handovers.to_string(), "-".to_owned(), "-".to_owned()]),
        count("outages", |sum| sum.outages),
        String::new(),
    ];
    lines.push(if end {
        verdict(sums, style)
    } else {
        style.red("  The demo was cut short: what was still on its way counts as lost here.")
    });
    lines
}

fn verdict(sums: &Sums, style: Style) -> String {
    let mut wrong = Vec::new();
    for (name, sum) in sums.named() {
        let mut note = |count: u64, what: &str| {
            if count > 0 {
                wrong.push(format!("{count} {name} messages {what}"));
            }
        };
        note(sum.lost_silently, "were lost and no gap was reported");
        note(sum.duplicated, "came twice");
        note(sum.invented, "came that nobody published");
        if sum.outages < OUTAGES {
            wrong.push(format!("{} {name} outages instead of {OUTAGES}", sum.outages));
        }
    }
    if sums.astro.handovers < HANDOVERS {
        wrong.push(format!("{} planned handovers instead of {HANDOVERS}", sums.astro.handovers));
    }
    if wrong.is_empty() {
        style.green("  Nothing was lost that could be kept, nothing came twice, and every loss was reported.")
    } else {
        style.red(&format!("  Not as it should be: {}.", wrong.join("; ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Sum {
        Sum { published: 5, received: 4, lost_in_gaps: 1, gaps: 1, handovers: HANDOVERS, outages: OUTAGES, ..Sum::default() }
    }

    fn all() -> Sums {
        Sums { astro: good(), graphql: good(), webpubsub: good() }
    }

    #[test]
    fn a_reported_loss_is_a_success() {
        assert!(is_success(&all()));
        let text = lines(&all(), true, Style::default()).join("\n");
        assert!(text.contains("Nothing was lost that could be kept"), "{text}");
    }

    #[test]
    fn a_demo_that_was_cut_short_is_not_judged() {
        let text = lines(&Sums { astro: Sum { lost_silently: 1, ..good() }, ..all() }, false, Style::default()).join("\n");
        assert!(text.contains("cut short") && !text.contains("no gap was reported"), "{text}");
    }

    #[test]
    fn each_thing_that_must_not_be_fails_and_is_named() {
        type Spoil = fn(&mut Sum);
        let cases: [(Spoil, &str); 5] = [
            (|sum| sum.lost_silently = 1, "1 Astro messages were lost"),
            (|sum| sum.duplicated = 2, "2 Astro messages came twice"),
            (|sum| sum.invented = 3, "3 Astro messages came that nobody published"),
            (|sum| sum.handovers = 2, "2 planned handovers instead of 3"),
            (|sum| sum.outages = 1, "1 Astro outages instead of 2"),
        ];
        for (spoil, named) in cases {
            let mut bad = all();
            spoil(&mut bad.astro);
            assert!(!is_success(&bad));
            let text = lines(&bad, true, Style::default()).join("\n");
            assert!(text.contains(named), "{text}");
        }
    }
}
