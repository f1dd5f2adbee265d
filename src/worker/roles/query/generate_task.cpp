#include "worker/roles/query/generate_task.hpp"

#include <fmt/format.h>

#include <memory>

#include "source/marketplace/marketplace_batches.hpp"
#include "source/marketplace/mysql_tables.hpp"
#include "worker/roles/query/answer.hpp"
#include "worker/roles/query/change_statements.hpp"

namespace canvasback {
namespace {

Status write_text(TaskContext& context, const std::string& text) {
  CANVASBACK_TRY(context.sink.write(text));
  return context.sink.finish();
}

Status write_changes(TaskContext& context, const marketplace::Marketplace& marketplace, std::int64_t changes) {
  if (marketplace.rows(marketplace::Table::Orders) == 0) {
    return fail(ErrorCode::InvalidData, "There are no orders to change.");
  }
  ChangeStatements statements(marketplace, changes);
  context.progress.expect_rows(changes);
  while (true) {
    CANVASBACK_ASSIGN(const std::string_view piece, statements.next());
    if (piece.empty()) return context.sink.finish();
    CANVASBACK_TRY(context.sink.write(piece));
    context.metrics.rows = statements.changes_done();
    context.progress.set_rows(statements.changes_done());
    context.progress.set_bytes(context.sink.bytes());
    CANVASBACK_TRY(context.cancel.check());
  }
}

}  // namespace

Status run_generate(TaskContext& context, const GenerateWork& work) {
  context.metrics.method = "generate";
  if (work.dataset == "schema") return write_text(context, marketplace::mysql_schema());
  if (work.dataset == "load") return write_text(context, marketplace::mysql_load());
  const auto marketplace =
      std::make_shared<const marketplace::Marketplace>(static_cast<std::uint64_t>(work.seed), work.orders);
  if (work.dataset == "changes") return write_changes(context, *marketplace, work.changes);
  const auto table = marketplace::table_from(work.dataset);
  if (!table) return fail(ErrorCode::InvalidData, fmt::format("The marketplace has no table \"{}\".", work.dataset));
  context.progress.expect_rows(marketplace->rows(*table));
  const auto rows = marketplace::open_table(marketplace, *table, context.cancel);
  return write_answer(context, *rows, {});
}

}  // namespace canvasback
