#include "query/dashboard_check.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/nearest_name.hpp"
#include "query/dashboard_fields.hpp"
#include "record/column_type.hpp"

namespace canvasback {
namespace {

class Check {
 public:
  Check(const MetricsModel& model, const std::string& path, const std::vector<DatasetColumn>& columns,
        DashboardProblems& problems)
      : model_(model), path_(path), columns_(columns), problems_(problems) {
    for (const DatasetColumn& column : columns) names_.push_back(column.name);
    source_ = model.sql.empty() ? fmt::format("Dataset \"{}\"", model.source) : std::string("The statement");
  }

  void run() {
    if (!model_.time.empty()) check_type(path_ + ".time", model_.time, is_date_type, "a date or time");
    for (std::size_t i = 0; i < model_.dimensions.size(); ++i) dimension(i);
    for (std::size_t i = 0; i < model_.measures.size(); ++i) measure(i);
    for (std::size_t i = 0; i < model_.private_columns.size(); ++i) {
      find(fmt::format("{}.private[{}]", path_, i), model_.private_columns[i], names_);
    }
  }

 private:
  using IsOfType = bool (*)(std::string_view);

  const DatasetColumn* find(const std::string& at, const std::string& name, const std::vector<std::string>& known) {
    const auto found = std::ranges::find(columns_, name, &DatasetColumn::name);
    if (found != columns_.end()) return &*found;
    std::string nearest = nearest_name(name, known);
    add_problem(problems_,
                {at, fmt::format("{} has no column \"{}\".{}", source_, name.substr(0, 64), meant(nearest)), nearest});
    return nullptr;
  }

  void check_type(const std::string& at, const std::string& name, IsOfType is_of_type, std::string_view what) {
    const DatasetColumn* column = find(at, name, names_);
    if (column == nullptr || is_of_type(column->type)) return;
    add_problem(problems_, {at, fmt::format("\"{}\" is {}, and must be {}.", name, column->type, what)});
  }

  void dimension(std::size_t index) {
    const MetricDimension& dimension = model_.dimensions[index];
    std::string at = fmt::format("{}.dimensions[{}]", path_, index);
    const bool of_time = !dimension.part.empty() || dimension.grain != Grain::None;
    if (dimension.column.empty()) return;  // of the time, or an expression
    if (dimension.column != dimension.name || of_time || !dimension.bins.empty()) at += ".column";
    if (of_time) return check_type(at, dimension.column, is_date_type, "a date or time");
    if (!dimension.bins.empty()) return check_type(at, dimension.column, is_number_type, "a number");
    const bool is_mapping = model_.document.at("dimensions").as_array()[index].is_object();
    if (is_mapping && dimension.column == dimension.name) at += ".name";
    find(at, dimension.column, names_);
  }

  void measure(std::size_t index) {
    const Metric& measure = model_.measures[index];
    const std::string at = fmt::format("{}.measures[{}]", path_, index);
    const bool of_numbers =
        measure.kind == MetricKind::Sum || measure.kind == MetricKind::Average || measure.kind == MetricKind::Quantile;
    if (!measure.column.empty() && of_numbers) {
      check_type(at + ".of", measure.column, is_number_type, "a number");
    } else if (!measure.column.empty()) {
      find(at + ".of", measure.column, names_);
    }
    std::vector<std::string> known = names_;
    for (const MetricDimension& dimension : model_.dimensions) known.push_back(dimension.name);
    for (const MetricCondition& condition : measure.where) {
      if (model_.find_dimension(condition.name) != nullptr) continue;
      find(fmt::format("{}.where.{}", at, condition.name), condition.name, known);
    }
  }

  const MetricsModel& model_;
  const std::string& path_;
  const std::vector<DatasetColumn>& columns_;
  DashboardProblems& problems_;
  std::vector<std::string> names_;
  std::string source_;
};

}  // namespace

void check_metrics(const MetricsModel& model, const std::string& path, const std::vector<DatasetColumn>& columns,
                   DashboardProblems& problems) {
  Check(model, path, columns, problems).run();
}

std::string metrics_path(const Json& document, std::size_t index) {
  return document.at("metrics").is_array() ? fmt::format("metrics[{}]", index) : std::string("metrics");
}

}  // namespace canvasback
