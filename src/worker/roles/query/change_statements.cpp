#include "worker/roles/query/change_statements.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "encode/mysql/mysql_text.hpp"
#include "source/marketplace/marketplace_batches.hpp"

namespace canvasback {
namespace {

using marketplace::Change;
using marketplace::ChangeKind;

constexpr std::int64_t kChangesPerPiece = 200 * kChangesPerTransaction;

// The rows of some changes, table by table, as text.
class ChangedRows {
 public:
  static Result<ChangedRows> of(const std::vector<Change>& changes) {
    ChangedRows out;
    CANVASBACK_TRY((out.collect<marketplace::Order>(changes)));
    CANVASBACK_TRY((out.collect<marketplace::Offer>(changes)));
    CANVASBACK_TRY((out.collect<marketplace::Seller>(changes)));
    CANVASBACK_TRY((out.collect<marketplace::Customer>(changes)));
    return out;
  }

  // Appends the statement of the next change; call it with each of them once, in their order.
  void append(const Change& change, TextWriter& out) {
    const auto index = static_cast<std::size_t>(change.table());
    const std::string_view name = marketplace::name_of(change.table());
    const MysqlRows& rows = *rows_[index];
    const std::int64_t row = next_[index]++;
    switch (change.kind) {
      case ChangeKind::Insert:
        write(out, {"INSERT INTO ", name, " VALUES ("});
        rows.append_row(row, ',', out);
        out.append(')');
        break;
      case ChangeKind::Update:
      case ChangeKind::SilentUpdate:
        write(out, {"UPDATE ", name, " SET "});
        if (change.kind == ChangeKind::Update) {
          rows.append_assignments(row, {"id"}, out);
        } else {
          rows.append_assignments(row, {"id", "updated_at"}, out);
        }
        append_condition(rows, row, out);
        break;
      case ChangeKind::Delete:
        write(out, {"DELETE FROM ", name});
        append_condition(rows, row, out);
        break;
    }
    out.append(std::string_view(";\n"));
  }

 private:
  static void write(TextWriter& out, std::initializer_list<std::string_view> texts) {
    for (const std::string_view text : texts) out.append(text);
  }

  static void append_condition(const MysqlRows& rows, std::int64_t row, TextWriter& out) {
    out.append(std::string_view(" WHERE id = "));
    rows.append_value(0, row, out);
  }

  template <class Row>
  Status collect(const std::vector<Change>& changes) {
    std::vector<Row> rows;
    for (const Change& change : changes) {
      if (const Row* row = std::get_if<Row>(&change.row)) rows.push_back(*row);
    }
    CANVASBACK_ASSIGN(const BatchPtr batch, marketplace::batch_of(std::span<const Row>(rows)));
    rows_[decltype(Change::row)(Row()).index()].emplace(*batch, MysqlRows::Form::Literals);
    return {};
  }

  std::array<std::optional<MysqlRows>, 4> rows_;
  std::array<std::int64_t, 4> next_{};
};

}  // namespace

Result<std::string_view> ChangeStatements::next() {
  piece_.clear();
  const std::int64_t end = std::min(done_ + kChangesPerPiece, changes_);
  if (done_ >= end) return std::string_view();
  std::vector<Change> changes;
  for (std::int64_t number = done_; number < end; ++number) {
    changes.push_back(marketplace::change_at(marketplace_, number));
  }
  CANVASBACK_ASSIGN(ChangedRows rows, ChangedRows::of(changes));
  {
    TextWriter out(piece_);
    if (done_ == 0) out.append(std::string_view("SET NAMES utf8mb4;\nSET time_zone = '+00:00';\n"));
    for (const Change& change : changes) {
      if (done_ % kChangesPerTransaction == 0) out.append(std::string_view("START TRANSACTION;\n"));
      rows.append(change, out);
      if (++done_ % kChangesPerTransaction == 0 || done_ == changes_) out.append(std::string_view("COMMIT;\n"));
    }
  }
  return std::string_view(piece_);
}

}  // namespace canvasback
