#include "worker/roles/pull/pull.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "source/mysql/mysql_connection.hpp"
#include "worker/child/sandbox.hpp"
#include "worker/roles/pull/cycle.hpp"
#include "worker/roles/pull/snapshot.hpp"

namespace canvasback {
namespace {

// Ends what the source is doing once the task is cancelled, whatever this process waits for.
class CancelWatch {
 public:
  CancelWatch(MysqlConnection& connection, const CancelToken& cancel)
      : thread_([&connection, cancel](const std::stop_token& stop) {
          while (!stop.stop_requested()) {
            if (cancel.cancelled()) return connection.cancel();
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
          }
        }) {}

 private:
  std::jthread thread_;
};

std::string numbers_in(std::string_view declared) {
  const std::size_t open = declared.find('(');
  return std::string(open == std::string_view::npos ? declared : declared.substr(0, open));
}

// Only new columns, and columns of the same kind that may hold more: a longer text, a wider number.
bool is_additive(const std::vector<PulledColumn>& before, const std::vector<PulledColumn>& after) {
  return std::ranges::all_of(before, [&](const PulledColumn& column) {
    const auto found = std::ranges::find(after, column.name, &PulledColumn::name);
    if (found == after.end()) return false;
    if (found->type == column.type) return true;
    const bool both_decimal = found->type.starts_with("DECIMAL") && column.type.starts_with("DECIMAL");
    const auto width = [](const std::string& type) {
      static constexpr std::string_view kWidths[] = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT"};
      return std::ranges::find(kWidths, type) - std::begin(kWidths);
    };
    const bool both_integer = width(found->type) < 4 && width(column.type) < 4;
    return (both_integer && width(found->type) >= width(column.type)) ||
           (both_decimal && numbers_in(found->type) == numbers_in(column.type));
  });
}

std::string describe_change(const std::vector<PulledColumn>& before, const std::vector<PulledColumn>& after) {
  std::vector<std::string> texts;
  for (const PulledColumn& column : after) {
    const auto found = std::ranges::find(before, column.name, &PulledColumn::name);
    if (found == before.end()) {
      texts.push_back(fmt::format("column \"{}\" ({}) is new", column.name, column.declared));
    } else if (found->declared != column.declared || found->type != column.type) {
      texts.push_back(fmt::format("column \"{}\" was {} and is {}", column.name, found->declared, column.declared));
    }
  }
  for (const PulledColumn& column : before) {
    if (std::ranges::find(after, column.name, &PulledColumn::name) == after.end()) {
      texts.push_back(fmt::format("column \"{}\" ({}) is gone", column.name, column.declared));
    }
  }
  if (texts.empty()) texts.emplace_back("the columns have another order");
  return fmt::format("{}", fmt::join(texts, "; "));
}

Result<PullOutcome> check(const PullWork& work, MysqlConnection& connection, SourceTable& source) {
  PullOutcome out;
  out.columns = source.columns();
  out.primary_key = source.primary_key();
  CANVASBACK_ASSIGN(const SourceState state, look_at_source(connection, work.source, source.has_local_times()));
  out.began_us = state.now_us;
  for (const PulledColumn& column : source.columns()) {
    const bool may_be_zero = column.type == "DATE" || column.type.starts_with("TIMESTAMP");
    const bool is_wide = column.declared.starts_with("decimal") && column.type == "VARCHAR";
    out.column_plans.push_back({column, may_be_zero ? "zero and partial dates become NULL and are counted"
                                        : is_wide   ? "more than 38 digits: kept as text"
                                                    : ""});
  }
  const std::int64_t now_us = state.now_us;
  const std::int64_t hot_us = now_us - work.source.hot_window_s * 1'000'000;
  const std::int64_t back_us = now_us - work.source.look_back_s * 1'000'000;
  std::vector<std::pair<std::string, std::string>> statements{{"load and sweep", source.rows_by_key({}, 50'000)}};
  if (source.has_time()) {
    statements.emplace_back("hot window", source.rows_by_time(hot_us, {}, 50'000));
    statements.emplace_back("look-back", source.keys_by_time(back_us, hot_us, {}, 200'000));
  }
  if (work.source.deletes) statements.emplace_back("deletes", source.key_at_offset({}, 99'999, true));
  for (const auto& [purpose, sql] : statements) {
    CANVASBACK_ASSIGN(const SourceAccess access, explain(connection, sql));
    out.statement_plans.push_back({purpose, sql, access.text, access.rows, access.is_gentle()});
  }
  CANVASBACK_ASSIGN(const auto grants, connection.rows("SHOW GRANTS"));
  for (const auto& row : grants) out.grants.push_back(row.empty() ? "" : row[0].value_or(""));
  if (!sandbox_restricts_ports()) {
    out.notes.emplace_back(
        "This kernel cannot restrict ports (Landlock 4, Linux 6.7): until it has logged in, a worker "
        "could connect to others.");
  }
  return out;
}

Result<PullOutcome> run_kind(const PullWork& work, MysqlConnection& connection, WorkFeed& feed,
                             const CancelToken& cancel) {
  CANVASBACK_ASSIGN(SourceTable source, SourceTable::open(connection, work.source, cancel));
  if (work.kind == PullKind::Check) return check(work, connection, source);
  if (work.kind == PullKind::Load) return run_load(work, connection, source, feed, cancel);
  const std::vector<PulledColumn>& before = work.table.columns;
  if (before == source.columns() && work.table.primary_key == source.primary_key()) {
    return run_cycle(work, connection, source, feed, cancel);
  }
  PullOutcome out;
  out.columns = source.columns();
  out.primary_key = source.primary_key();
  out.cursor = work.table.cursor;
  const bool same_key = work.table.primary_key == source.primary_key();
  out.schema_change = same_key ? describe_change(before, source.columns()) : "the primary key is another one";
  out.change_is_additive = same_key && is_additive(before, source.columns());
  return out;
}

}  // namespace

Result<PullOutcome> run_pull(const PullWork& work, WorkFeed& feed, const CancelToken& cancel) {
  CANVASBACK_ASSIGN(const auto connection, MysqlConnection::connect(work.source.login));
  CANVASBACK_TRY(seal_sandbox());
  const CancelWatch watch(*connection, cancel);
  auto outcome = run_kind(work, *connection, feed, cancel);
  if (outcome) outcome->server = connection->server().version;
  return outcome;
}

}  // namespace canvasback
