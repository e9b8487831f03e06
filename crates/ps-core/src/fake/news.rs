//! News of simulated processes, kept in a queue of limited length as kernels do.

use std::collections::VecDeque;
use std::time::Duration;

use super::Fake;
use crate::Result;
use crate::process::{News, NewsBackend, NewsSource};

/// What waits to be told, of a machine that is listened to.
#[derive(Debug)]
pub(super) struct Queue {
    waiting: VecDeque<News>,
    overflowed: bool,
}

impl Queue {
    /// Adds a piece of news, unless there is no room for it.
    pub(super) fn push(&mut self, news: News, limit: usize) {
        if self.waiting.len() < limit {
            self.waiting.push_back(news);
        } else {
            self.overflowed = true;
        }
    }

    /// That something was lost is told before what was kept.
    fn pop(&mut self) -> Option<News> {
        if std::mem::take(&mut self.overflowed) {
            return Some(News::Overflow);
        }
        self.waiting.pop_front()
    }
}

/// News of simulated processes. One source at a time can listen.
#[derive(Debug)]
pub struct FakeNews {
    fake: Fake,
}

impl NewsBackend for Fake {
    type Source = FakeNews;

    fn news(&self) -> Result<FakeNews> {
        self.ask("news", |machine| {
            machine.queue = Some(Queue { waiting: VecDeque::new(), overflowed: false });
            Ok(())
        })?;
        Ok(FakeNews { fake: self.clone() })
    }
}

impl NewsSource for FakeNews {
    fn next(&mut self, timeout: Option<Duration>) -> Result<Option<News>> {
        let mut left = timeout;
        loop {
            let told = self
                .fake
                .call("next_news", None, |machine| machine.queue.as_mut().and_then(Queue::pop));
            if told.is_some() || left == Some(Duration::ZERO) {
                return Ok(told);
            }
            let Some(next) = self.fake.with(|machine| machine.until_next_event()).or(left) else {
                return Ok(None);
            };
            let step = left.map_or(next, |left| left.min(next));
            self.fake.with(|machine| machine.advance(step));
            left = left.map(|left| left.saturating_sub(step));
        }
    }
}

impl Drop for FakeNews {
    fn drop(&mut self) {
        self.fake.with(|machine| machine.queue = None);
    }
}
