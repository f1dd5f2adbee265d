#include "encode/mysql/mysql_encoder.hpp"

#include "encode/mysql/mysql_text.hpp"

namespace canvasback {
namespace {

class SqlFormatter final : public BlockFormatter {
 public:
  explicit SqlFormatter(std::string_view table) : insert_("INSERT INTO " + mysql_identifier(table) + " (") {}

  Status begin(const SchemaPtr& schema, std::string&) override {
    CANVASBACK_TRY(MysqlRows::check(*schema));
    for (int i = 0; i < schema->num_fields(); ++i) {
      insert_ += (i > 0 ? ", " : "") + mysql_identifier(schema->field(i)->name());
    }
    insert_ += ") VALUES\n(";
    return {};
  }

  // Where a statement begins follows from the row's number alone, not from how batches were cut.
  Status format(const arrow::RecordBatch& batch, std::int64_t first_row, std::string& out) const override {
    const MysqlRows rows(batch, MysqlRows::Form::Literals);
    TextWriter writer(out);
    for (std::int64_t row = 0; row < batch.num_rows(); ++row) {
      const std::int64_t number = first_row + row;
      if (number % kMysqlRowsPerInsert != 0) {
        writer.append(std::string_view("),\n("));
      } else {
        if (number > 0) writer.append(std::string_view(");\n"));
        writer.append(insert_);
      }
      rows.append_row(row, ',', writer);
    }
    return {};
  }

  Status end(std::int64_t rows, std::string& out) override {
    if (rows > 0) out += ");\n";
    return {};
  }

 private:
  std::string insert_;
};

class TsvFormatter final : public BlockFormatter {
 public:
  Status begin(const SchemaPtr& schema, std::string&) override { return MysqlRows::check(*schema); }

  Status format(const arrow::RecordBatch& batch, std::int64_t, std::string& out) const override {
    const MysqlRows rows(batch, MysqlRows::Form::Fields);
    TextWriter writer(out);
    for (std::int64_t row = 0; row < batch.num_rows(); ++row) {
      rows.append_row(row, '\t', writer);
      writer.append('\n');
    }
    return {};
  }

  Status end(std::int64_t, std::string&) override { return {}; }
};

}  // namespace

std::unique_ptr<BlockFormatter> make_mysql_sql_formatter(const EncodeOptions& options) {
  return std::make_unique<SqlFormatter>(options.document.title);
}

std::unique_ptr<BlockFormatter> make_mysql_tsv_formatter(const EncodeOptions&) {
  return std::make_unique<TsvFormatter>();
}

}  // namespace canvasback
