#include "service/collection/record_reader.hpp"

#include <algorithm>

#include "base/clock.hpp"
#include "base/limits.hpp"

namespace canvasback {
namespace {

bool has_columns_of(const Dataset& dataset, const Kinds& kinds) {
  return std::ranges::equal(dataset.columns, columns_of_members(kinds), {}, &DatasetColumn::name, &KindColumn::name);
}

}  // namespace

asio::awaitable<Result<RecordAnswer>> read_record(QueryService& queries, DatasetService& datasets,
                                                  const Collection& collection, RecordWork work, CancelToken gone) {
  using Out = Result<RecordAnswer>;
  std::vector<std::shared_ptr<const Dataset>> read;
  if (work.action != RecordAction::Put) {
    auto dataset = datasets.find(collection.name);
    if (!dataset) co_return Out(std::unexpected(dataset.error()));
    work.kinds = kinds_of(collection.files);
    if ((*dataset)->rows == 0) co_return RecordAnswer();
    if (!has_columns_of(**dataset, work.kinds)) {
      co_return Out(fail(Error{ErrorCode::Unavailable, "The collection's files are being moved.", {}, {}, 1}));
    }
    read.push_back(*dataset);
  }
  Task task;
  work.dataset = collection.name;
  task.output.format = "ndjson";
  task.received_ns = monotonic_ns();
  task.work = std::move(work);
  RunningQuery entry{0, "record", collection.name, "json", 0, "waiting", nullptr, gone};
  auto opened = co_await queries.run(std::move(task), std::move(read), Lane::General, std::move(entry));
  if (!opened) co_return Out(std::unexpected(opened.error()));
  RecordAnswer out;
  while (true) {
    TaskEvent event = co_await (*opened)->next();
    if (event.kind == TaskEvent::Kind::Failed) co_return Out(std::unexpected(event.error));
    if (event.kind == TaskEvent::Kind::Data) out.body += event.bytes;
    if (out.body.size() > limits::kProfileBytesMax) {
      (*opened)->cancel(CancelReason::Client);
      co_return Out(fail(ErrorCode::PayloadTooLarge, "The record is too large for one document."));
    }
    if (event.kind != TaskEvent::Kind::Done && !event.last) continue;
    out.info = record_info_from_json(event.info.at("record"));
    out.metrics = event.info.at("metrics");
    if (out.body.ends_with('\n')) out.body.pop_back();
    co_return out;
  }
}

}  // namespace canvasback
