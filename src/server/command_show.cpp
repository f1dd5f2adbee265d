// The commands that show: info, datasets, config.
#include <fmt/format.h>

#include <cstdio>

#include "base/text.hpp"
#include "net/http_client.hpp"
#include "record/text_reading.hpp"
#include "server/command_support.hpp"
#include "server/commands.hpp"
#include "server/terminal.hpp"

namespace canvasback {
namespace {

Result<bool> wants_json(const CommandOptions& options) {
  if (options.format.empty() || options.format == "table") return false;
  if (options.format == "json") return true;
  return fail(ErrorCode::InvalidData, "--format must be table or json.");
}

std::string rows_text(const Dataset& dataset) {
  return dataset.rows >= 0 ? with_thousands(dataset.rows) : "not counted";
}

std::string shown(char byte) {
  if (byte == '\0') return "none";
  return byte == '\t' ? "tab" : std::string(1, byte);
}

// How files of CSV and JSON are read, which is told once where it is the same for all of them; and those that are not.
std::string reading_text(const Dataset& dataset) {
  std::string out;
  for (std::size_t i = 0; dataset.text && i < dataset.text->files.size(); ++i) {
    const TextFileReading& file = dataset.text->files[i];
    const TextDialect& dialect = file.dialect;
    const bool is_csv = dataset.kind == DatasetKind::Csv;
    const bool is_told = i > 0 && (!is_csv || dialect == dataset.text->files[0].dialect);
    if (is_csv && !is_told) {
      out += fmt::format("{}: {}, delimiter {}, quote {}, {}\n", i == 0 ? "read as" : dataset.files[i].path,
                         dialect.encoding, shown(dialect.delimiter), shown(dialect.quote),
                         dialect.header ? "with a header" : "without a header");
    }
    if (file.short_rows > 0 || file.long_rows > 0) {
      out += fmt::format("{}: {} rows have fewer cells than the others, {} have more\n", dataset.files[i].path,
                         with_thousands(file.short_rows), with_thousands(file.long_rows));
    }
  }
  for (std::size_t i = 0; dataset.text && i < dataset.text->columns.size(); ++i) {
    const TextColumn& column = dataset.text->columns[i];
    if (!column.reason.empty()) out += fmt::format("{} is {}: {}\n", column.name, column.type, column.reason);
  }
  for (const LeftOutFile& file : dataset.left_out) out += fmt::format("left out: {}: {}\n", file.path, file.reason);
  return out;
}

Status print_info(const Dataset& dataset) {
  std::size_t groups = 0;
  for (const DataFile& file : dataset.files) groups += file.row_group_rows.size();
  std::string text =
      fmt::format("{}: {}, {} rows, {} columns, {} in {} files", dataset.name, name_of(dataset.kind),
                  rows_text(dataset), dataset.columns.size(), human_bytes(dataset.bytes()), dataset.files.size());
  text += groups > 0 ? fmt::format(", {} row groups\n", groups) : "\n";
  text += reading_text(dataset);
  std::vector<std::vector<std::string>> rows;
  for (const DatasetColumn& column : dataset.columns) {
    rows.push_back({column.name, column.type, column.null_count ? with_thousands(*column.null_count) : "",
                    column.min.value_or(""), column.max.value_or("")});
  }
  text += render_table(
      {{"column", "", false}, {"type", "", false}, {"nulls", "", true}, {"min", "", false}, {"max", "", false}}, rows,
      terminal_width());
  return print(text);
}

Status info(const CommandOptions& options) {
  CANVASBACK_ASSIGN(bool json, wants_json(options));
  CANVASBACK_ASSIGN(Config config, load_config(options));
  CommandOptions only_paths = options;
  std::vector<DatasetSource> sources;
  for (const std::string& path : options.paths) {
    CANVASBACK_ASSIGN(DatasetSource source, options.standard_input->source_of(path));
    sources.push_back(std::move(source));
  }
  CANVASBACK_ASSIGN(std::unique_ptr<Runtime> runtime, one_shot_runtime(options, std::move(sources)));
  Json all = Json::Array{};
  bool first = true;
  for (const auto& dataset : runtime->datasets().readable()) {
    if (json) {
      all.push(to_json(*dataset));
      continue;
    }
    if (!first) CANVASBACK_TRY(print("\n"));
    first = false;
    CANVASBACK_TRY(print_info(*dataset));
  }
  return json ? print(all.dump() + "\n") : Status();
}

Status datasets(const CommandOptions& options) {
  CANVASBACK_ASSIGN(bool json, wants_json(options));
  const std::vector<TableColumn> columns{{"dataset", "", false}, {"kind", "", false}, {"rows", "", true},
                                         {"columns", "", true},  {"size", "", true},  {"files", "", true}};
  std::vector<std::vector<std::string>> rows;
  if (!options.server.empty()) {
    std::string body;
    CANVASBACK_TRY(http::fetch({options.server, "GET", "/api/v1/datasets", {}, {}}, [&](std::string_view bytes) {
      body += bytes;
      return Status();
    }));
    if (json) return print(body + "\n");
    CANVASBACK_ASSIGN(Json document, Json::parse(body));
    for (const Json& entry : document.at("datasets").as_array()) {
      rows.push_back({std::string(entry.at("name").as_string()), std::string(entry.at("kind").as_string("unreadable")),
                      entry.at("rows").is_integer() ? with_thousands(entry.at("rows").as_int()) : "",
                      entry.at("column_count").dump(), human_bytes(entry.at("bytes").as_uint()),
                      entry.at("files").dump()});
    }
    return print(render_table(columns, rows, terminal_width()));
  }
  CANVASBACK_ASSIGN(Config config, load_config(options));
  CANVASBACK_ASSIGN(std::vector<DatasetSource> sources, dataset_sources(options, config));
  CANVASBACK_ASSIGN(std::unique_ptr<Runtime> runtime, one_shot_runtime(options, std::move(sources)));
  Json all = Json::Array{};
  for (const auto& dataset : runtime->datasets().readable()) {
    all.push(to_json(*dataset));
    rows.push_back({dataset->name, std::string(name_of(dataset->kind)), rows_text(*dataset),
                    fmt::format("{}", dataset->columns.size()), human_bytes(dataset->bytes()),
                    fmt::format("{}", dataset->files.size())});
  }
  return print(json ? all.dump() + "\n" : render_table(columns, rows, terminal_width()));
}

Status config(const CommandOptions& options) {
  CANVASBACK_ASSIGN(bool json, wants_json(options));
  CANVASBACK_ASSIGN(Config loaded, load_config(options));
  if (options.check) return {};
  Json all;
  std::vector<std::vector<std::string>> rows;
  for (const SettingInfo& info : Config::known()) {
    const Setting& setting = loaded.at(info.name);
    Json entry;
    entry.set("value", setting.text);
    entry.set("origin", setting.origin);
    all.set(info.name, std::move(entry));
    rows.push_back({info.name, setting.text, setting.origin, info.help});
  }
  for (const DatasetSource& source : loaded.datasets())
    rows.push_back({"dataset " + source.name, source.pattern, "file", ""});
  return print(
      json ? all.dump() + "\n"
           : render_table({{"setting", "", false}, {"value", "", false}, {"from", "", false}, {"meaning", "", false}},
                          rows, terminal_width()));
}

}  // namespace

int run_info(const CommandOptions& options) { return report(info(options)); }
int run_datasets(const CommandOptions& options) { return report(datasets(options)); }
int run_config(const CommandOptions& options) { return report(config(options)); }

}  // namespace canvasback
