#include "analyse/profile_json.hpp"

#include <arrow/builder.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "analyse/hyperloglog.hpp"
#include "analyse/position_sample.hpp"
#include "analyse/quality.hpp"

namespace canvasback::analyse {
namespace {

double rounded(double value, double steps) { return std::round(value * steps) / steps; }

std::string_view name_of(ProfileType type) {
  switch (type) {
    case ProfileType::Summary: return "summary";
    case ProfileType::Profile: return "profile";
    case ProfileType::Quality: break;
  }
  return "quality";
}

Json patterns_json(const std::vector<Pattern>& patterns) {
  Json out = Json::Array{};
  for (const Pattern& pattern : patterns) {
    Json entry;
    entry.set("pattern", pattern.text);
    entry.set("share", rounded(pattern.share, 1e6));
    out.push(std::move(entry));
  }
  return out;
}

void add_text(Json& out, const TextFacts& text) {
  Json length;
  length.set("min", text.length_min);
  length.set("max", text.length_max);
  length.set("mean", text.length_mean);
  out.set("length", std::move(length));
  out.set("empty", text.empty);
  out.set("padded_share", rounded(text.padded_share, 1e6));
  out.set("patterns", patterns_json(text.patterns));
  out.set("formats", patterns_json(text.formats));
}

void add_summary(Json& out, const ColumnProfile& column) {
  out.set("name", column.name);
  out.set("type", column.type);
  out.set("count", column.count());
  out.set("nulls", column.nulls);
  out.set("min", column.min);
  out.set("max", column.max);
  out.set("mean", column.mean);
  out.set("std", column.standard_deviation);
  out.set("sum", column.sum);
  if (column.not_a_number + column.infinite > 0) {
    out.set("nan", column.not_a_number);
    out.set("infinite", column.infinite);
  }
}

void add_distinct(Json& out, const ColumnProfile& column) {
  out.set("distinct", column.distinct ? Json(*column.distinct) : Json());
  out.set("distinct_exact", column.distinct_exact && column.distinct.has_value());
  out.set("distinct_error", column.distinct_exact ? Json(0.0) : Json(rounded(HyperLogLog::kErrorStated, 1e4)));
}

void add_distribution(Json& out, const ColumnProfile& column) {
  Json quantiles;
  for (const Quantile& quantile : column.quantiles) {
    quantiles.set(fmt::format("{}", quantile.probability), quantile.value);
  }
  if (!column.quantiles.empty()) {
    out.set("quantiles", std::move(quantiles));
    out.set("quantiles_exact", column.quantiles_exact);
  }
  Json top = Json::Array{};
  for (const FrequentValue& value : column.top) {
    Json entry;
    entry.set("value", value.value);
    entry.set("count", value.count);
    if (!column.top_exact) entry.set("count_error", value.count_error);
    top.push(std::move(entry));
  }
  out.set("top", std::move(top));
  out.set("top_exact", column.top_exact);
  // Of ranks and of shares: quantiles, patterns, histogram.
  out.set("rank_error", rounded(column.sample_error, 1e5));
  if (column.sample_error > 0) out.set("confidence", kSampleConfidence);
  if (column.text) add_text(out, *column.text);
  if (column.histogram) {
    Json histogram;
    histogram.set("from", column.histogram->from);
    histogram.set("to", column.histogram->to);
    Json counts = Json::Array{};
    for (std::int64_t count : column.histogram->counts) counts.push(count);
    histogram.set("counts", std::move(counts));
    histogram.set("exact", column.sample_error == 0);
    out.set("histogram", std::move(histogram));
  }
}

void add_quality(Json& out, const ColumnProfile& column) {
  const ColumnQuality quality = quality_of(column);
  out.set("score", rounded(quality.score, 100));
  Json findings = Json::Array{};
  for (const Finding& finding : quality.findings) {
    Json entry;
    entry.set("code", finding.code);
    entry.set("message", finding.message);
    entry.set("share", rounded(finding.share, 1e6));
    entry.set("cost", finding.cost);
    findings.push(std::move(entry));
  }
  out.set("findings", std::move(findings));
}

double duplicates_cost(const DatasetProfile& profile) {
  if (!profile.duplicates || profile.rows == 0) return 0;
  return 30 * static_cast<double>(profile.duplicates->rows) / static_cast<double>(profile.rows);
}

// The columns' mean, less what duplicate rows cost.
double dataset_score(const DatasetProfile& profile) {
  double sum = 0;
  for (const ColumnProfile& column : profile.columns) sum += quality_of(column).score;
  const double mean = profile.columns.empty() ? 100 : sum / static_cast<double>(profile.columns.size());
  return std::clamp(mean - duplicates_cost(profile), 0.0, 100.0);
}

// One column of the table form.
class TableColumn {
 public:
  explicit TableColumn(std::string name) : name_(std::move(name)) {}
  virtual ~TableColumn() = default;
  virtual arrow::Status append(const ColumnProfile& column) = 0;
  virtual arrow::Result<std::shared_ptr<arrow::Array>> finish() = 0;
  const std::string& name() const { return name_; }

 private:
  std::string name_;
};

template <class Builder, class Get>
class TableColumnOf final : public TableColumn {
 public:
  TableColumnOf(std::string name, Get get) : TableColumn(std::move(name)), get_(get) {}
  arrow::Status append(const ColumnProfile& column) override {
    const auto value = get_(column);
    return value ? builder_.Append(*value) : builder_.AppendNull();
  }
  arrow::Result<std::shared_ptr<arrow::Array>> finish() override { return builder_.Finish(); }

 private:
  Get get_;
  Builder builder_;
};

std::optional<std::string> text_of(const Json& value) {
  if (value.is_null()) return std::nullopt;
  if (value.is_bool()) return value.as_bool() ? "true" : "false";
  return value.scalar_text();
}

std::optional<double> number_of(const Json& value) {
  if (!value.is_number()) return std::nullopt;
  return value.as_double();
}

using TableColumns = std::vector<std::unique_ptr<TableColumn>>;

template <class Builder, class Get>
void add_column(TableColumns& columns, std::string name, Get get) {
  columns.push_back(std::make_unique<TableColumnOf<Builder, Get>>(std::move(name), get));
}

TableColumns table_columns(ProfileType type) {
  using Column = const ColumnProfile&;
  TableColumns out;
  add_column<arrow::StringBuilder>(out, "column", [](Column c) { return std::optional(c.name); });
  add_column<arrow::StringBuilder>(out, "type", [](Column c) { return std::optional(c.type); });
  add_column<arrow::Int64Builder>(out, "count", [](Column c) { return std::optional(c.count()); });
  add_column<arrow::Int64Builder>(out, "nulls", [](Column c) { return std::optional(c.nulls); });
  add_column<arrow::StringBuilder>(out, "min", [](Column c) { return text_of(c.min); });
  add_column<arrow::StringBuilder>(out, "max", [](Column c) { return text_of(c.max); });
  add_column<arrow::DoubleBuilder>(out, "mean", [](Column c) { return number_of(c.mean); });
  add_column<arrow::DoubleBuilder>(out, "std", [](Column c) { return number_of(c.standard_deviation); });
  add_column<arrow::StringBuilder>(out, "sum", [](Column c) { return text_of(c.sum); });
  if (type == ProfileType::Summary) return out;
  add_column<arrow::Int64Builder>(out, "distinct", [](Column c) { return c.distinct; });
  add_column<arrow::BooleanBuilder>(out, "distinct_exact",
                                    [](Column c) { return std::optional(c.distinct_exact && c.distinct.has_value()); });
  for (std::size_t i = 0; i < 7; ++i) {
    static constexpr std::array kNames{"q01", "q05", "q25", "q50", "q75", "q95", "q99"};
    add_column<arrow::StringBuilder>(out, kNames[i], [i](Column c) {
      return i < c.quantiles.size() ? text_of(c.quantiles[i].value) : std::nullopt;
    });
  }
  add_column<arrow::DoubleBuilder>(out, "rank_error", [](Column c) { return std::optional(c.sample_error); });
  add_column<arrow::StringBuilder>(out, "top",
                                   [](Column c) { return c.top.empty() ? std::nullopt : text_of(c.top[0].value); });
  add_column<arrow::Int64Builder>(
      out, "top_count", [](Column c) { return c.top.empty() ? std::nullopt : std::optional(c.top[0].count); });
  if (type == ProfileType::Profile) return out;
  add_column<arrow::DoubleBuilder>(out, "score", [](Column c) { return std::optional(quality_of(c).score); });
  add_column<arrow::StringBuilder>(out, "findings", [](Column c) {
    std::string text;
    for (const Finding& finding : quality_of(c).findings) text += (text.empty() ? "" : " ") + finding.message;
    return text.empty() ? std::nullopt : std::optional(text);
  });
  return out;
}

Error table_error(const arrow::Status& status) {
  return Error{ErrorCode::DataProcessing, "The profile could not be converted to a table.", status.ToString(), {}, 0};
}

}  // namespace

Json to_json(const DatasetProfile& profile) {
  Json out;
  out.set("dataset", profile.dataset);
  out.set("type", name_of(profile.type));
  out.set("rows", profile.rows);
  if (profile.type == ProfileType::Quality) {
    out.set("score", rounded(dataset_score(profile), 100));
    if (profile.duplicates) {
      Json duplicates;
      duplicates.set("rows", profile.duplicates->rows);
      duplicates.set("exact", profile.duplicates->exact);
      duplicates.set("error", profile.duplicates->error);
      duplicates.set("cost", rounded(duplicates_cost(profile), 100));
      out.set("duplicate_rows", std::move(duplicates));
    }
  }
  Json columns = Json::Array{};
  for (const ColumnProfile& column : profile.columns) {
    Json entry;
    add_summary(entry, column);
    if (profile.type != ProfileType::Summary) {
      add_distinct(entry, column);
      add_distribution(entry, column);
    }
    if (profile.type == ProfileType::Quality) add_quality(entry, column);
    columns.push(std::move(entry));
  }
  out.set("columns", std::move(columns));
  return out;
}

Result<BatchPtr> to_batch(const DatasetProfile& profile) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const auto& column : table_columns(profile.type)) {
    for (const ColumnProfile& row : profile.columns) {
      if (auto status = column->append(row); !status.ok()) return std::unexpected(table_error(status));
    }
    auto array = column->finish();
    if (!array.ok()) return std::unexpected(table_error(array.status()));
    fields.push_back(arrow::field(column->name(), (*array)->type()));
    arrays.push_back(std::move(*array));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), static_cast<std::int64_t>(profile.columns.size()),
                                  std::move(arrays));
}

}  // namespace canvasback::analyse
