#include "service/collection/group_commit.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <string>
#include <utility>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "service/collection/ingest_task.hpp"
#include "service/collection/key_refusal.hpp"

namespace canvasback {
namespace {

void answer(IngestTicket& ticket, Result<IngestAnswer> with) {
  ticket.answer = std::move(with);
  ticket.done.notify();
}

void answer_all(const IngestGroup& group, const Error& error) {
  for (const auto& ticket : group) answer(*ticket, std::unexpected(error));
}

// Fields that the schema does not name, as of the types that their values had before.
void take_times(RecordSchema& schema, const std::vector<std::pair<std::string, FieldType>>& times) {
  for (const auto& [name, type] : times) {
    if (schema.find(name) != nullptr) continue;
    SchemaField field;
    field.name = name;
    field.type = type;
    schema.fields.push_back(std::move(field));
  }
}

}  // namespace

struct GroupCommit::Written {
  std::shared_ptr<PendingFiles> files = std::make_shared<PendingFiles>();
  std::int64_t begun_ns = 0;
  std::int64_t time_us = 0;  // of its records
  Json done;                 // what the worker said at its end
  IngestResult result = {};
};

namespace {

// The group without the requests that keys stand against, which are answered.
IngestGroup without_refused(const IngestGroup& group, const CollectionKeys& keys, const KeyVerdict& verdict,
                            const std::vector<IngestOutcome>& outcomes) {
  IngestGroup good;
  std::vector<RequestRows> refused_rows;
  std::int64_t first = 0;
  for (std::size_t i = 0; i < group.size(); ++i) {
    const RequestRows rows{first, outcomes[i].records};
    auto refused = key_refusal(keys, verdict, rows, refused_rows);
    if (refused) refused_rows.push_back(rows);
    first += rows.count;
    if (!refused && outcomes[i].error) refused = outcomes[i].error;
    if (refused) {
      answer(*group[i], std::unexpected(std::move(*refused)));
    } else {
      good.push_back(group[i]);
    }
  }
  return good;
}

}  // namespace

asio::awaitable<Result<IngestAnswer>> GroupCommit::keep(Collection& collection, std::shared_ptr<IngestTicket> ticket) {
  const auto busy = context_.work.begin();
  collection.queue.push(ticket);
  if (collection.queue.begin()) asio::co_spawn(context_.executor, run(collection), asio::detached);
  while (!ticket->answer) co_await ticket->done.wait();
  co_return std::move(*ticket->answer);
}

asio::awaitable<void> GroupCommit::run(Collection& collection) {
  const auto busy = context_.work.begin();
  while (!collection.queue.empty()) {
    if (const auto pause = pause_before_commit(collection.commit_count()); pause.count() > 0) {
      asio::steady_timer timer(context_.executor, pause);
      co_await timer.async_wait(kAwait);
    }
    IngestGroup group = collection.queue.take_group();
    co_await commit(collection, std::move(group));
  }
  collection.queue.end();
}

asio::awaitable<Result<GroupCommit::Written>> GroupCommit::write(Collection& collection, const IngestGroup& group) {
  using Out = Result<Written>;
  Written out;
  IngestWork work = ingest_work(collection, group[0]->on_conflict);
  out.time_us = work.time_us;
  if (work.schema) take_times(*work.schema, group[0]->times);
  for (const auto& ticket : group) work.inputs.push_back(ticket->input);
  const bool is_long = false;
  auto submitted = co_await submit_ingest(context_, collection, std::move(work), out.files, is_long);
  if (!submitted) co_return Out(std::unexpected(submitted.error()));
  RoleTask& running = **submitted;
  out.begun_ns = monotonic_ns();
  std::string together;  // small bodies by the hundred are handed on at once
  bool fed = true;
  for (const auto& ticket : group) {
    together += ticket->body;
    if (!collection.keys) ticket->body = {};
    if (together.size() < limits::kInputFrameBytes && ticket != group.back()) continue;
    fed = fed && co_await running.feed(together);
    together.clear();
  }
  running.end_input();
  auto done = co_await running.finish();
  if (!done) co_return Out(std::unexpected(done.error()));
  out.result = ingest_result_from_json(*done);
  out.done = std::move(*done);
  if (out.result.outcomes.size() == group.size()) co_return out;
  co_return Out(fail(ErrorCode::DataProcessing, "The worker's answer is not whole."));
}

// nullopt: its records have no keys.
asio::awaitable<Result<std::optional<KeyedBatch>>> GroupCommit::judge(Collection& collection, const IngestGroup& group,
                                                                      const Written& written) {
  using Out = Result<std::optional<KeyedBatch>>;
  if (!collection.keys) co_return std::optional<KeyedBatch>();
  std::vector<std::int64_t> rows;
  for (const IngestOutcome& outcome : written.result.outcomes) rows.push_back(outcome.records);
  auto judged =
      co_await keys_.judge(collection, written.files, group[0]->on_conflict, std::move(rows), group[0]->expected);
  if (!judged) co_return Out(std::unexpected(judged.error()));
  // Alone, where it has an address.
  Status same = check_address(*collection.keys, judged->entries, group[0]->address);
  if (!same) co_return Out(std::unexpected(same.error()));
  co_return std::optional(std::move(*judged));
}

// One commit of all the requests that nothing stands against.
asio::awaitable<void> GroupCommit::commit(Collection& collection, IngestGroup group) {
  const auto held = co_await collection.lock.hold();
  while (!group.empty()) {
    if (Status usable = collection.health.usable(); !usable) co_return answer_all(group, usable.error());
    auto written = co_await write(collection, group);
    if (!written) co_return answer_all(group, written.error());
    auto keyed = co_await judge(collection, group, *written);
    if (!keyed) co_return answer_all(group, keyed.error());
    auto& outcomes = written->result.outcomes;
    if (*keyed && !(*keyed)->verdict.conflicts.empty()) {
      group = without_refused(group, *collection.keys, (*keyed)->verdict, outcomes);
      continue;
    }
    KeyedBatch* batch = *keyed ? &**keyed : nullptr;
    auto kept = co_await commits_.publish(collection, written->result, written->files, batch);
    for (std::size_t i = 0; i < group.size(); ++i) {
      if (outcomes[i].error) {
        answer(*group[i], std::unexpected(*outcomes[i].error));
      } else if (!kept) {
        answer(*group[i], std::unexpected(kept.error()));
      } else {
        IngestAnswer out = answer_of(std::move(outcomes[i]), written->done, kept->number);
        out.queue_ms = static_cast<double>(written->begun_ns - group[i]->received_ns) / 1e6;
        out.sync_ms = kept->sync_ms;
        out.ingested_us = written->time_us;
        answer(*group[i], std::move(out));
      }
    }
    co_return;
  }
}

}  // namespace canvasback
