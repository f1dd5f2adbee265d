// One record of a collection, read or made anew by a query worker (task/record_task.hpp): what GET and PATCH of a
// record begin with. No protocol here, and no look into the record. On the front's one thread.
#pragma once

#include <string>

#include "service/collection/collection.hpp"
#include "service/query/query_service.hpp"
#include "task/record_task.hpp"

namespace canvasback {

struct RecordAnswer {
  RecordInfo info;
  std::string body;  // JSON; empty where there is no such record
  Json metrics;
};

// Of a collection that has records or a schema; `work` without its kinds. `gone` is raised when the client has gone.
// Errors: InvalidData for a body that is no object or cannot be kept beside what the record has; Unavailable while the
// collection's files are being moved; PayloadTooLarge past limits::kProfileBytesMax; those of a query.
asio::awaitable<Result<RecordAnswer>> read_record(QueryService& queries, DatasetService& datasets,
                                                  const Collection& collection, RecordWork work, CancelToken gone);

}  // namespace canvasback
