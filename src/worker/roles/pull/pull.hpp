// Pull: the role that reads one source. It connects and logs in, then gives up the right to open anything
// (worker/child/sandbox.hpp), and then reads: a cycle, a piece of a load, or a check.
#pragma once

#include "base/cancel.hpp"
#include "task/pull_task.hpp"
#include "worker/child/work_feed.hpp"

namespace canvasback {

Result<PullOutcome> run_pull(const PullWork& work, WorkFeed& feed, const CancelToken& cancel);

}  // namespace canvasback
