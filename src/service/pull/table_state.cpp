#include "service/pull/table_state.hpp"

#include <algorithm>
#include <utility>

namespace canvasback {
namespace {

std::unexpected<Error> unfit() {
  return fail(ErrorCode::DataProcessing, "The worker's answer does not fit the table; it was not used.");
}

void let_go(PulledTable& table, const PulledPart& part, std::int64_t now_us) {
  table.gone.push_back({part.path(), part.key_map_path(), now_us});
}

// Parts without live rows are none of the table's any more.
void drop_empty(PulledTable& table, std::int64_t now_us) {
  for (const PulledPart& part : table.parts) {
    if (part.live_rows() == 0) let_go(table, part, now_us);
  }
  std::erase_if(table.parts, [](const PulledPart& part) { return part.live_rows() == 0; });
}

Status add_parts(PulledTable& table, std::vector<PulledPart>& target, std::vector<PulledPart> parts) {
  for (PulledPart& part : parts) {
    if (part.number != table.next_number) return unfit();
    ++table.next_number;
    target.push_back(std::move(part));
  }
  return {};
}

Status add_dead(PulledTable& table, std::map<std::uint64_t, std::vector<std::int64_t>> dead) {
  for (auto& [number, rows] : dead) {
    PulledPart* part = table.find(number);
    if (part == nullptr) return unfit();
    const std::int64_t before = part->dead.count();
    const auto count = static_cast<std::int64_t>(rows.size());
    part->dead.add(std::move(rows));
    if (part->dead.count() != before + count || part->dead.ranges().back().second >= part->rows) return unfit();
  }
  return {};
}

}  // namespace

Status apply_cycle(PulledTable& table, PullOutcome outcome, std::int64_t now_us) {
  const std::int64_t expected = table.rows() + outcome.inserted - outcome.deleted;
  CANVASBACK_TRY(add_dead(table, std::move(outcome.dead)));
  CANVASBACK_TRY(add_parts(table, table.parts, std::move(outcome.parts)));
  if (table.rows() != expected) return unfit();
  table.cursor = std::move(outcome.cursor);
  drop_empty(table, now_us);
  ++table.version;
  return {};
}

Status apply_load(PulledTable& table, PullOutcome outcome, std::int64_t now_us) {
  std::vector<PulledPart> before;
  if (table.load) before = std::exchange(table.load->parts, {});
  if (!outcome.schema_change.empty()) {  // the load has begun again
    for (const PulledPart& part : before) let_go(table, part, now_us);
    before.clear();
  }
  table.load = std::move(outcome.load);
  table.load->is_complete = outcome.is_complete;
  table.load->primary_key = std::move(outcome.primary_key);
  table.load->parts = std::move(before);
  CANVASBACK_TRY(add_parts(table, table.load->parts, std::move(outcome.parts)));
  ++table.version;
  return {};
}

void take_load(PulledTable& table, const PullSource& source, std::int64_t now_us) {
  for (const PulledPart& part : table.parts) let_go(table, part, now_us);
  PullLoad load = std::move(*table.load);
  table.load.reset();
  table.parts = std::move(load.parts);
  table.columns = std::move(load.columns);
  table.primary_key = std::move(load.primary_key);
  table.partition_by = source.partition_by;
  table.partition_every = source.partition_every;
  table.cursor = {};
  table.cursor.snapshot_us = load.began_us;
  table.cursor.as_of_us = load.began_utc_us;
  table.cursor.checked_us = load.began_utc_us;
  table.cursor.loaded_us = std::max<std::int64_t>(1, load.began_us);
  table.cursor.server = load.server;
  table.cursor.definition = load.definition;
  table.cursor.created = load.created;
  drop_empty(table, now_us);
}

Status apply_merge(PulledTable& table, const PulledMerge& merge, PullOutcome outcome, std::int64_t now_us) {
  const std::int64_t expected = table.rows();
  CANVASBACK_TRY(add_dead(table, std::move(outcome.dead)));
  for (const std::uint64_t number : merge.inputs) {
    PulledPart* part = table.find(number);
    if (part == nullptr) return unfit();
    part->periods.erase(merge.period);
  }
  CANVASBACK_TRY(add_parts(table, table.parts, std::move(outcome.parts)));
  if (table.rows() != expected) return unfit();
  drop_empty(table, now_us);
  ++table.version;
  return {};
}

}  // namespace canvasback
