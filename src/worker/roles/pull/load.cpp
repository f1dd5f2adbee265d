#include <algorithm>
#include <map>

#include "base/limits.hpp"
#include "worker/roles/pull/cycle.hpp"
#include "worker/roles/pull/snapshot.hpp"

namespace canvasback {
namespace {

constexpr std::int64_t kFirstPageRows = 100'000;
constexpr std::int64_t kPageRowsMax = 5'000'000;  // between two pages nothing is read for a moment
constexpr double kPieceSeconds = 20;              // of a load, after which what was read is kept
constexpr std::size_t kPeriodsOpen = 2;           // parts of periods that are written side by side
constexpr std::size_t kRowsWorthAPeriod = 4096;   // of a batch

// Rows of a load into the parts of their periods where many come together, and into `recent` where they are mixed.
class LoadParts {
 public:
  LoadParts(const PullWork& work, SchemaPtr schema, WorkFeed& feed, const CancelToken& cancel)
      : next_number_(work.table.next_number),
        schema_(std::move(schema)),
        threads_(static_cast<int>(work.threads)),
        feed_(feed),
        cancel_(cancel) {}

  Status add(const PulledRows& rows) {
    std::vector<std::vector<std::int64_t>> by_period(rows.periods.size());
    for (std::size_t row = 0; row < rows.period_of.size(); ++row) {
      by_period[rows.period_of[row]].push_back(static_cast<std::int64_t>(row));
    }
    std::vector<std::int64_t> mixed;
    for (std::size_t i = 0; i < by_period.size(); ++i) {
      const std::vector<std::int64_t>& numbers = by_period[i];
      const std::string& period = rows.periods[i];
      if (numbers.empty()) continue;
      const bool is_whole = numbers.size() == rows.period_of.size();
      const bool has_part = numbers.size() >= kRowsWorthAPeriod || writers_.contains(period) || is_whole;
      if (!has_part) {
        mixed.insert(mixed.end(), numbers.begin(), numbers.end());
        continue;
      }
      CANVASBACK_TRY(write(period, rows, numbers));
    }
    std::ranges::sort(mixed);
    return mixed.empty() ? Status() : write(std::string(kRecent), rows, mixed);
  }

  Result<std::vector<PulledPart>> finish() {
    while (!writers_.empty()) CANVASBACK_TRY(end(writers_.begin()));
    std::ranges::sort(parts_, {}, &PulledPart::number);
    return std::move(parts_);
  }

 private:
  using Writers = std::map<std::string, std::unique_ptr<PulledPartWriter>>;

  Status write(const std::string& period, const PulledRows& rows, const std::vector<std::int64_t>& numbers) {
    auto writer = writers_.find(period);
    if (writer == writers_.end()) {
      CANVASBACK_TRY(make_room(period));
      CANVASBACK_ASSIGN(auto opened, PulledPartWriter::open(next_number_++, period, schema_, threads_, feed_, cancel_));
      writer = writers_.emplace(period, std::move(opened)).first;
    }
    CANVASBACK_ASSIGN(const PulledRows some, rows.take(numbers));
    CANVASBACK_TRY(writer->second->add(some));
    return writer->second->rows() < kPulledPartRows ? Status() : end(writer);
  }

  // The part that was begun first is ended where there are as many as may be.
  Status make_room(const std::string& period) {
    if (period == kRecent) return {};
    const auto is_period = [](const auto& entry) { return entry.first != kRecent; };
    if (static_cast<std::size_t>(std::ranges::count_if(writers_, is_period)) < kPeriodsOpen) return {};
    auto oldest = writers_.end();
    for (auto at = writers_.begin(); at != writers_.end(); ++at) {
      if (!is_period(*at)) continue;
      if (oldest == writers_.end() || at->second->number() < oldest->second->number()) oldest = at;
    }
    return end(oldest);
  }

  Status end(Writers::iterator writer) {
    CANVASBACK_ASSIGN(PulledPart part, writer->second->finish());
    if (writer->second->repeated() > 0) {
      return fail(ErrorCode::InvalidData, "Several rows have the same key: primary_key must name a unique key.");
    }
    parts_.push_back(std::move(part));
    writers_.erase(writer);
    return {};
  }

  std::uint64_t next_number_;
  SchemaPtr schema_;
  int threads_;
  WorkFeed& feed_;
  const CancelToken& cancel_;
  Writers writers_;
  std::vector<PulledPart> parts_;
};

}  // namespace

Result<PullOutcome> run_load(const PullWork& work, MysqlConnection& connection, SourceTable& source, WorkFeed& feed,
                             const CancelToken& cancel) {
  PullOutcome out;
  out.columns = source.columns();
  out.primary_key = source.primary_key();
  PullTier& tier = out.tiers.emplace_back(PullTier{"load", 0, 0, 0, 0, 0});
  Snapshot snapshot(connection, source, work.source);
  CANVASBACK_ASSIGN(SourceState state, look_at_source(connection, work.source, source.has_local_times()));
  CANVASBACK_TRY(snapshot.begin(std::move(state)));
  out.began_us = snapshot.before().utc_us;
  if (work.table.load) out.load = *work.table.load;
  out.load.parts.clear();
  const SourceState& now = snapshot.before();
  const bool goes_on = work.table.load && out.load.columns == source.columns() &&
                       out.load.definition == now.definition && out.load.created == now.created &&
                       out.load.server == now.server;
  if (!goes_on) {
    out.load = {};
    out.load.columns = source.columns();
    out.load.began_us = now.now_us;
    out.load.began_utc_us = now.utc_us;
    out.load.server = now.server;
    out.load.definition = now.definition;
    out.load.created = now.created;
    if (work.table.load) {
      out.notes.emplace_back("The table was changed or replaced since the load began: it begins again.");
      out.schema_change = "load";
    }
  }
  LoadParts parts(work, source.schema(), feed, cancel);
  SourcePlace place{{}, out.load.place};
  const SourceTable::PageRequest request{
      [&source](const SourcePlace& after, std::int64_t limit) { return source.rows_by_key(after, limit); }};
  PageSize size(kFirstPageRows, kPageRowsMax);
  const Stopwatch watch;
  out.is_complete = false;
  while (!out.is_complete && watch.elapsed_ms() < kPieceSeconds * 1000) {
    const auto take = [&parts](const PulledRows& rows) { return parts.add(rows); };
    CANVASBACK_ASSIGN(const SourceTable::Page page, source.read_page(request, size, place, tier, take));
    out.is_complete = page.is_last;
    out.inserted += page.rows;
  }
  CANVASBACK_TRY(snapshot.end());
  CANVASBACK_ASSIGN(out.parts, parts.finish());
  out.load.place = place.key;
  out.nulled = source.nulled();
  tier.changed = out.inserted;
  return out;
}

}  // namespace canvasback
