#include "sql/shape_sql.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>

#include "base/text.hpp"
#include "record/kinds.hpp"

namespace canvasback {
namespace {

constexpr std::size_t kSelectListsMax = 16;

// A double that stands where wide integers are; as source/records decides it.
constexpr const char* kCountsAsInteger =
    "({0} = trunc({0}) AND abs({0}) <= 9007199254740992 AND NOT ({0} = 0 AND signbit({0})))";

std::string null_of(const std::string& type) { return fmt::format("CAST(NULL AS {})", type); }

// One place of the file: its columns, each with the SQL that reads it.
struct Source {
  ColumnRole role;
  std::string sql;
  std::string type;
};

class Shaper {
 public:
  // The columns of the members of `all`, from a record or struct of kinds `file` whose members `access` reads.
  template <class Access>
  std::string members(const Kinds& file, const Kinds& all, const char* pattern, Access access) {
    std::vector<std::string> parts;
    const auto file_columns = columns_of_members(file);
    for (const KindColumn& column : columns_of_members(all)) {
      const Kinds& wanted = *all.find(column.key);
      const Kinds* had = file.find(column.key);
      std::vector<Source> sources;
      for (const KindColumn& own : file_columns) {
        if (own.key == column.key) sources.push_back({own.role, access(own.name), sql_type_of(*had, own.role)});
      }
      const std::string sql =
          had == nullptr ? null_of(sql_type_of(wanted, column.role)) : value(*had, wanted, column.role, sources);
      parts.push_back(
          fmt::format(fmt::runtime(pattern), fmt::arg("sql", sql), fmt::arg("name", sql_identifier(column.name))));
    }
    return fmt::format("{}", fmt::join(parts, ", "));
  }

 private:
  static const Source* find(const std::vector<Source>& sources, ColumnRole role) {
    for (const Source& source : sources) {
      if (source.role == role) return &source;
    }
    return nullptr;
  }

  static std::string cast(const Source& source, const std::string& type) {
    return source.type == type ? source.sql : fmt::format("CAST({} AS {})", source.sql, type);
  }

  std::string value(const Kinds& had, const Kinds& wanted, ColumnRole role, const std::vector<Source>& sources) {
    const std::string type = sql_type_of(wanted, role);
    const Source* source = find(sources, role);
    switch (role) {
      case ColumnRole::Numbers:
        if (source == nullptr) return null_of(type);
        if (splits_doubles(wanted) && source->type == "DOUBLE") {
          return fmt::format("CASE WHEN {} THEN CAST({} AS {}) END",
                             fmt::format(fmt::runtime(kCountsAsInteger), source->sql), source->sql, type);
        }
        return cast(*source, type);
      case ColumnRole::Doubles: {
        if (source != nullptr) return source->sql;
        const Source* numbers = find(sources, ColumnRole::Numbers);
        if (numbers == nullptr || numbers->type != "DOUBLE") return null_of(type);
        return fmt::format("CASE WHEN NOT {} THEN {} END", fmt::format(fmt::runtime(kCountsAsInteger), numbers->sql),
                           numbers->sql);
      }
      case ColumnRole::List: return source == nullptr ? null_of(type) : list(had, wanted, *source, type);
      case ColumnRole::Object: return source == nullptr ? null_of(type) : object(had, wanted, *source, type);
      case ColumnRole::Odd: return odd(had, wanted, sources);
      default: return source == nullptr ? null_of(type) : cast(*source, type);
    }
  }

  std::string list(const Kinds& had, const Kinds& wanted, const Source& source, const std::string& type) {
    if (source.type == type) return source.sql;
    if (type == "VARCHAR") return text_of(had, source);
    const auto had_items = had.items ? columns_of(*had.items, "") : std::vector<KindColumn>();
    if (had_items.empty()) return fmt::format("CAST({} AS {})", source.sql, type);
    const std::string item = fmt::format("x{}", depth_++);
    const ColumnRole role = columns_of(*wanted.items, "")[0].role;
    std::vector<Source> sources(1, Source{had_items[0].role, item, sql_type_of(*had.items, had_items[0].role)});
    const std::string sql = value(*had.items, *wanted.items, role, sources);
    return fmt::format("list_transform({}, lambda {}: {})", source.sql, item, sql);
  }

  std::string object(const Kinds& had, const Kinds& wanted, const Source& source, const std::string& type) {
    if (source.type == type) return source.sql;
    if (type == "VARCHAR") return text_of(had, source);
    const bool has_fields = source.type != "VARCHAR";
    const std::string fields = members(
        has_fields ? had : Kinds(), wanted, "{name} := {sql}",
        [&](const std::string& name) { return fmt::format("struct_extract({}, {})", source.sql, sql_literal(name)); });
    return fmt::format("CASE WHEN {} IS NOT NULL THEN struct_pack({}) END", source.sql, fields);
  }

  std::string text_of(const Kinds& had, const Source& source) {
    if (source.type == "VARCHAR") return source.sql;
    const bool nested = source.role == ColumnRole::List || source.role == ColumnRole::Object;
    return nested ? json_of(had, source) : fmt::format("CAST({} AS VARCHAR)", source.sql);
  }

  // The JSON text of a column's value, NULL where it is: with the keys as they were sent, whatever the columns that
  // their values are in. The engine's own JSON of a struct would give its names for those of twins.
  std::string json_of(const Kinds& kinds, const Source& source) {
    const ColumnRole first = columns_of(kinds, "")[0].role;
    const bool was_json =
        source.role == ColumnRole::List || source.role == ColumnRole::Object ||
        (source.role == ColumnRole::Odd && (first == ColumnRole::List || first == ColumnRole::Binaries));
    if (source.type == "VARCHAR" && was_json) return source.sql;
    if (source.role == ColumnRole::List) return json_of_list(kinds, source);
    if (source.role == ColumnRole::Object) return json_of_object(kinds, source);
    return fmt::format("CAST(to_json({}) AS VARCHAR)", source.sql);
  }

  std::string json_of_list(const Kinds& kinds, const Source& source) {
    const auto items = kinds.items ? columns_of(*kinds.items, "") : std::vector<KindColumn>();
    if (items.empty()) return fmt::format("CAST(to_json({}) AS VARCHAR)", source.sql);
    const std::string item = fmt::format("x{}", depth_++);
    const std::string json = json_of(*kinds.items, {items[0].role, item, sql_type_of(*kinds.items, items[0].role)});
    return fmt::format("('[' || array_to_string(list_transform({}, lambda {}: COALESCE({}, 'null')), ',') || ']')",
                       source.sql, item, json);
  }

  // A member that is null was so, or was not there: as everywhere, it is left out.
  std::string json_of_object(const Kinds& kinds, const Source& source) {
    std::vector<std::string> parts;
    const auto columns = columns_of_members(kinds);
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const Kinds& member = *kinds.find(columns[i].key);
      // By position: of twins the engine knows but one by its name.
      const std::string value = fmt::format("struct_extract_at({}, {})", source.sql, i + 1);
      const std::string json = json_of(member, {columns[i].role, value, sql_type_of(member, columns[i].role)});
      parts.push_back(fmt::format("{} || {}", sql_literal(Json(columns[i].key).dump() + ":"), json));
    }
    return fmt::format("CASE WHEN {} IS NOT NULL THEN '{{' || concat_ws(',', {}) || '}}' END", source.sql,
                       fmt::join(parts, ", "));
  }

  std::string odd(const Kinds& had, const Kinds& wanted, const std::vector<Source>& sources) {
    const ColumnRole first = columns_of(wanted, "")[0].role;
    std::vector<std::string> parts;
    for (const Source& source : sources) {
      if (source.role == first || source.role == ColumnRole::Numbers || source.role == ColumnRole::Doubles) continue;
      parts.push_back(text_of(had, source));
    }
    if (parts.empty()) return null_of("VARCHAR");
    return parts.size() == 1 ? parts[0] : fmt::format("COALESCE({})", fmt::join(parts, ", "));
  }

  int depth_ = 0;
};

}  // namespace

std::vector<std::string> engine_names(const std::vector<std::string>& columns) {
  std::vector<std::string> out;
  std::map<std::string, int> taken;  // in lower case: the next number
  for (std::string name : columns) {
    while (taken.contains(lower(name))) {
      const int number = taken[lower(name)]++;
      name += fmt::format("_{}", number);
    }
    taken.emplace(lower(name), 1);
    out.push_back(std::move(name));
  }
  return out;
}

std::string exact_columns_sql(const std::vector<std::string>& names) {
  const auto told = engine_names(names);
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < names.size(); ++i) {
    parts.push_back(told[i] == names[i] ? sql_identifier(names[i])
                                        : fmt::format("{} AS {}", sql_identifier(told[i]), sql_identifier(names[i])));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string shape_sql(const Kinds& file, const Kinds& all) {
  std::vector<std::string> names;
  for (const KindColumn& column : columns_of_members(file)) names.push_back(column.name);
  const auto told = engine_names(names);
  return Shaper().members(file, all, "{sql} AS {name}", [&](const std::string& name) {
    return sql_identifier(told[static_cast<std::size_t>(std::ranges::find(names, name) - names.begin())]);
  });
}

std::shared_ptr<const SelectLists> select_lists(const std::shared_ptr<const FileKinds>& kinds) {
  struct Kept {
    std::weak_ptr<const FileKinds> kinds;
    std::shared_ptr<const SelectLists> lists;
  };
  static std::mutex mutex;
  static std::vector<Kept> kept;
  std::scoped_lock lock(mutex);
  std::erase_if(kept, [](const Kept& entry) { return entry.kinds.expired(); });
  for (const Kept& entry : kept) {
    if (entry.kinds.lock() == kinds) return entry.lists;
  }
  auto lists = std::make_shared<SelectLists>();
  for (const Kinds& shape : kinds->shapes) lists->push_back(shape_sql(shape, kinds->all));
  if (kept.size() >= kSelectListsMax) kept.erase(kept.begin());
  kept.push_back({kinds, lists});
  return lists;
}

}  // namespace canvasback
