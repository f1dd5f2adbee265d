// An ingest task: bytes of requests into the Parquet files of one commit, in constant memory. Small bodies are gathered
// (one bad body does not harm the others); a large one is split, parsed by several threads and written row group by row
// group as it comes. The kinds seen only grow, so a further file is begun just where they did between two row groups.
#pragma once

#include <functional>

#include "task/collection_task.hpp"
#include "task/task.hpp"
#include "worker/child/work_feed.hpp"

namespace canvasback {

struct IngestProgress {
  std::int64_t records = 0;
  std::uint64_t bytes = 0;
};

// report is called now and then, on the calling thread.
Result<IngestResult> run_ingest(const IngestWork& work, WorkFeed& feed, int threads, const CancelToken& cancel,
                                const std::function<void(const IngestProgress&)>& report);

}  // namespace canvasback
