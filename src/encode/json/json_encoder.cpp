#include "encode/json/json_encoder.hpp"

#include <utility>

#include "encode/value_text.hpp"
#include "record/type_name.hpp"

namespace canvasback {
namespace {

std::vector<ValueText> bind_columns(const arrow::RecordBatch& batch, const TextStyle& style) {
  std::vector<ValueText> columns;
  columns.reserve(static_cast<std::size_t>(batch.num_columns()));
  for (const auto& array : batch.columns()) columns.emplace_back(array, style);
  return columns;
}

Status check_columns(const arrow::Schema& schema) {
  for (const auto& field : schema.fields()) CANVASBACK_TRY(ValueText::check(*field));
  return {};
}

class JsonFormatter final : public BlockFormatter {
 public:
  explicit JsonFormatter(const EncodeOptions& options)
      : style_{TextStyle::Dialect::Json, options.numbers_exact},
        row_objects_(options.row_objects),
        tail_(options.tail) {}

  Status begin(const SchemaPtr& schema, std::string& out) override {
    CANVASBACK_TRY(check_columns(*schema));
    JsonWriter columns;
    columns.begin_array();
    for (const auto& field : schema->fields()) {
      columns.begin_object().member("name", field->name()).member("type", sql_type_name(*field)).end_object();
    }
    columns.end_array();
    out += "{\"columns\":";
    out += columns.text();
    out += row_objects_ ? ",\"data\":[" : ",\"rows\":[";
    if (row_objects_) keys_ = unique_json_keys(schema->fields());
    for (std::size_t i = 1; i < keys_.size(); ++i) keys_[i].insert(0, ",");
    return {};
  }

  Status format(const arrow::RecordBatch& batch, std::int64_t first_row, std::string& out) const override {
    const auto columns = bind_columns(batch, style_);
    TextWriter writer(out);
    for (std::int64_t row = 0; row < batch.num_rows(); ++row) {
      if (first_row + row > 0) writer.append(',');
      writer.append(row_objects_ ? '{' : '[');
      for (std::size_t i = 0; i < columns.size(); ++i) {
        if (row_objects_) {
          writer.append(std::string_view(keys_[i]));
        } else if (i > 0) {
          writer.append(',');
        }
        columns[i].append(row, writer);
      }
      writer.append(row_objects_ ? '}' : ']');
    }
    return {};
  }

  Status end(std::int64_t, std::string& out) override {
    out += ']';
    if (tail_) {
      const Json tail = tail_();
      for (const auto& [name, value] : tail.as_object()) {
        out += ',';
        append_json_string(out, name);
        out += ':';
        out += value.dump();
      }
    }
    out += '}';
    return {};
  }

 private:
  const TextStyle style_;
  const bool row_objects_;
  std::vector<std::string> keys_;  // with their colon and, but for the first, a comma before
  const std::function<Json()> tail_;
};

class NdjsonFormatter final : public BlockFormatter {
 public:
  explicit NdjsonFormatter(const EncodeOptions& options) : style_{TextStyle::Dialect::Json, options.numbers_exact} {}

  Status begin(const SchemaPtr& schema, std::string&) override {
    keys_ = unique_json_keys(schema->fields());
    for (std::size_t i = 0; i < keys_.size(); ++i) keys_[i].insert(0, i == 0 ? "{" : ",");
    if (keys_.empty()) opening_ = "{";
    return check_columns(*schema);
  }

  Status format(const arrow::RecordBatch& batch, std::int64_t, std::string& out) const override {
    const auto columns = bind_columns(batch, style_);
    TextWriter writer(out);
    for (std::int64_t row = 0; row < batch.num_rows(); ++row) {
      writer.append(opening_);
      for (std::size_t i = 0; i < columns.size(); ++i) {
        writer.append(keys_[i]);
        columns[i].append(row, writer);
      }
      writer.append(std::string_view("}\n"));
    }
    return {};
  }

  Status end(std::int64_t, std::string&) override { return {}; }

 private:
  const TextStyle style_;
  std::vector<std::string> keys_;  // with what stands before each: {"a": and ,"b":
  std::string_view opening_;       // of a row without columns
};

}  // namespace

std::unique_ptr<BlockFormatter> make_json_formatter(const EncodeOptions& options) {
  return std::make_unique<JsonFormatter>(options);
}
std::unique_ptr<BlockFormatter> make_ndjson_formatter(const EncodeOptions& options) {
  return std::make_unique<NdjsonFormatter>(options);
}

}  // namespace canvasback
