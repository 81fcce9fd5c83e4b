//! What processes compute, where the system tells (`/proc`).

use std::collections::HashMap;

/// Nanoseconds that each thread has computed of a process and of all that descend from it, by the thread's id.
pub(crate) struct Cpu(HashMap<u32, u64>);

/// What was computed in between, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Used {
    pub(crate) all: f64,
    /// By the thread that computed most. With a core for each thread, time can't be shorter.
    pub(crate) busiest: f64,
}

impl Cpu {
    /// Up to now.
    pub(crate) fn of(root: u32) -> Option<Self> {
        let ids = |path: String| -> Option<Vec<u32>> {
            let entries = std::fs::read_dir(path).ok()?;
            Some(
                entries
                    .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
                    .collect(),
            )
        };
        let all: Vec<(u32, u32)> = ids("/proc".into())?
            .into_iter()
            .filter_map(|pid| Some((pid, parent(pid)?)))
            .collect();
        let mut family = vec![root];
        let mut threads = HashMap::new();
        let mut at = 0;
        while let Some(&process) = family.get(at) {
            at += 1;
            family.extend(all.iter().filter(|(_, of)| *of == process).map(|(pid, _)| *pid));
            // It may just have ended.
            for thread in ids(format!("/proc/{process}/task")).unwrap_or_default() {
                if let Some(computed) = computed(process, thread) {
                    threads.insert(thread, computed);
                }
            }
        }
        (!threads.is_empty()).then_some(Self(threads))
    }

    /// Since then.
    pub(crate) fn since(&self, before: &Self) -> Used {
        let threads = self.0.iter().map(|(thread, now)| {
            let then = before.0.get(thread).copied().unwrap_or(0);
            now.saturating_sub(then) as f64 / 1e6
        });
        threads.fold(
            Used {
                all: 0.0,
                busiest: 0.0,
            },
            |used, thread| Used {
                all: used.all + thread,
                busiest: used.busiest.max(thread),
            },
        )
    }
}

fn parent(process: u32) -> Option<u32> {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The fourth field; the second may have blanks in it.
    text.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

fn computed(process: u32, thread: u32) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{process}/task/{thread}/schedstat")).ok()?;
    text.split_whitespace().next()?.parse().ok()
}
