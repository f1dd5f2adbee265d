#include "encode/csv/csv_encoder.hpp"

#include "encode/value_text.hpp"

namespace canvasback {
namespace {

class CsvFormatter final : public BlockFormatter {
 public:
  explicit CsvFormatter(const EncodeOptions& options) : style_{TextStyle::Dialect::Csv, options.numbers_exact} {}

  Status begin(const SchemaPtr& schema, std::string& out) override {
    TextWriter writer(out);
    for (int i = 0; i < schema->num_fields(); ++i) {
      CANVASBACK_TRY(ValueText::check(*schema->field(i)));
      if (i > 0) writer.append(',');
      write_csv_string(writer, schema->field(i)->name());
    }
    writer.append('\n');
    return {};
  }

  Status format(const arrow::RecordBatch& batch, std::int64_t, std::string& out) const override {
    std::vector<ValueText> columns;
    columns.reserve(static_cast<std::size_t>(batch.num_columns()));
    for (const auto& array : batch.columns()) columns.emplace_back(array, style_);
    TextWriter writer(out);
    for (std::int64_t row = 0; row < batch.num_rows(); ++row) {
      for (std::size_t i = 0; i < columns.size(); ++i) {
        if (i > 0) writer.append(',');
        columns[i].append(row, writer);
      }
      writer.append('\n');
    }
    return {};
  }

  Status end(std::int64_t, std::string&) override { return {}; }

 private:
  const TextStyle style_;
};

}  // namespace

std::unique_ptr<BlockFormatter> make_csv_formatter(const EncodeOptions& options) {
  return std::make_unique<CsvFormatter>(options);
}

}  // namespace canvasback
