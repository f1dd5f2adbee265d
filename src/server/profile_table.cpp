#include "server/profile_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.hpp"
#include "server/terminal.hpp"

namespace canvasback {
namespace {

std::string number_text(const Json& value) {
  if (value.is_null()) return "";
  if (value.is_integer()) return with_thousands(value.as_int());
  if (value.is_number()) return fmt::format("{:.6g}", value.as_double());
  return value.scalar_text();
}

std::string value_text(const Json& value) {
  if (value.is_null()) return "";
  if (value.is_bool()) return value.as_bool() ? "true" : "false";
  return value.is_number() ? number_text(value) : std::string(value.as_string());
}

std::string percent_text(double share) {
  if (share == 0) return "";
  return share < 0.001 ? "<0.1 %" : fmt::format("{:.1f} %", share * 100);
}

std::string nulls_text(const Json& column) {
  const double nulls = column.at("nulls").as_double(static_cast<double>(column.at("nulls").as_int()));
  const double rows = nulls + static_cast<double>(column.at("count").as_int());
  return rows > 0 ? percent_text(nulls / rows) : "";
}

std::string distinct_text(const Json& column) {
  if (!column.at("distinct").is_integer()) return "";
  const std::string count = with_thousands(column.at("distinct").as_int());
  return column.at("distinct_exact").as_bool() ? count : "~" + count;
}

// What a column looks like: its histogram, else its most frequent value and how frequent that is.
std::string shape_text(const Json& column) {
  if (column.find("histogram") != nullptr) return spark_line(column.at("histogram").at("counts"));
  const auto& top = column.at("top").as_array();
  const std::int64_t count = column.at("count").as_int();
  if (top.empty() || count == 0) return "";
  const double share = static_cast<double>(top[0].at("count").as_int()) / static_cast<double>(count);
  return fmt::format("{} {}", percent_text(share), value_text(top[0].at("value")));
}

std::string findings_text(const Json& column) {
  std::string out;
  for (const Json& finding : column.at("findings").as_array()) {
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", finding.at("code").as_string(),
                       percent_text(finding.at("share").as_double(static_cast<double>(finding.at("share").as_int()))));
  }
  return out;
}

struct Shown {
  TableColumn column;
  std::string (*text)(const Json& column);
};

std::vector<Shown> shown_columns(std::string_view type) {
  auto text = [](const char* name, std::string (*get)(const Json&), bool right = false) {
    return Shown{{name, "", right}, get};
  };
  std::vector<Shown> out{text("column", [](const Json& c) { return std::string(c.at("name").as_string()); }),
                         text("type", [](const Json& c) { return std::string(c.at("type").as_string()); }),
                         text("nulls", nulls_text, true)};
  if (type == "quality") {
    out.insert(out.begin() + 2, text(
                                    "score", [](const Json& c) { return number_text(c.at("score")); }, true));
    out.push_back(text("distinct", distinct_text, true));
    out.push_back(text("findings", findings_text));
    return out;
  }
  if (type != "summary") {
    out.push_back(text("distinct", distinct_text, true));
    out.push_back(text("distribution", shape_text));
  }
  out.push_back(text("min", [](const Json& c) { return value_text(c.at("min")); }));
  if (type != "summary") {
    out.push_back(text("median", [](const Json& c) { return value_text(c.at("quantiles").at("0.5")); }));
  }
  out.push_back(text("max", [](const Json& c) { return value_text(c.at("max")); }));
  out.push_back(text(
      "mean", [](const Json& c) { return number_text(c.at("mean")); }, true));
  if (type == "summary") {
    out.push_back(text(
        "std", [](const Json& c) { return number_text(c.at("std")); }, true));
    out.push_back(text(
        "sum", [](const Json& c) { return number_text(c.at("sum")); }, true));
  }
  return out;
}

}  // namespace

std::string spark_line(const Json& counts) {
  static constexpr std::array<std::string_view, 9> kBars{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  std::int64_t most = 0;
  for (const Json& count : counts.as_array()) most = std::max(most, count.as_int());
  std::string out;
  for (const Json& count : counts.as_array()) {
    const double share = most > 0 ? static_cast<double>(count.as_int()) / static_cast<double>(most) : 0;
    out += kBars[static_cast<std::size_t>(std::ceil(share * 8))];
  }
  return out;
}

std::string render_profile(const Json& document, int width) {
  const std::string_view type = document.at("type").as_string();
  std::string out = fmt::format("{}: {} rows, {} columns", document.at("dataset").as_string(),
                                with_thousands(document.at("rows").as_int()), document.at("columns").as_array().size());
  if (type == "quality") {
    out += fmt::format(", score {}", number_text(document.at("score")));
    const Json& duplicates = document.at("duplicate_rows");
    out += fmt::format(", {}{} duplicate rows", duplicates.at("exact").as_bool() ? "" : "about ",
                       number_text(duplicates.at("rows")));
  }
  out += "\n";
  const std::vector<Shown> shown = shown_columns(type);
  std::vector<TableColumn> columns;
  for (const Shown& column : shown) columns.push_back(column.column);
  std::vector<std::vector<std::string>> rows;
  for (const Json& column : document.at("columns").as_array()) {
    std::vector<std::string> cells;
    for (const Shown& cell : shown) cells.push_back(cell.text(column));
    rows.push_back(std::move(cells));
  }
  return out + render_table(columns, rows, width);
}

}  // namespace canvasback
