#include <algorithm>
#include <map>

#include "storage/table/file_set.hpp"

namespace canvasback {
namespace {

// Types that a scan without the engine reads as the engine does (storage/parquet/footer.cpp). All of ours are.
bool is_plain(std::string_view type) { return type.find("MAP") == std::string_view::npos; }

}  // namespace

Dataset dataset_of(const std::string& name, const FileSet& files, const std::string& version) {
  const Kinds all = kinds_of(files);
  Dataset out;
  out.name = name;
  out.kind = DatasetKind::Parquet;
  out.version = version;
  out.rows = 0;
  out.plain_scan = true;
  out.is_collection = true;
  for (const KindColumn& column : columns_of_members(all)) {
    DatasetColumn entry;
    entry.name = column.name;
    entry.type = sql_type_of(*all.find(column.key), column.role);
    out.plain_scan = out.plain_scan && is_plain(entry.type);
    out.columns.push_back(std::move(entry));
  }
  if (out.columns.empty()) {  // what its first record will have
    for (const auto& [column, type] : {std::pair{kIdColumn, "VARCHAR"}, {kIngestedAtColumn, "TIMESTAMP"}}) {
      DatasetColumn entry;
      entry.name = column;
      entry.type = type;
      out.columns.push_back(std::move(entry));
    }
  }
  // Files of one signature stand together: a row's place counts through them in this order.
  const std::string wanted = signature_of(all);
  auto kinds = std::make_shared<FileKinds>();
  std::map<std::string, int> shapes;
  bool any_dead = false;
  for (const CollectionFile& file : files.live) {
    if (file.file.rows == 0) continue;  // it only says something
    const std::string signature = file.signature.empty() ? signature_of(file.info.kinds) : file.signature;
    const auto [shape, added] = shapes.try_emplace(signature, static_cast<int>(shapes.size()));
    if (added) kinds->shapes.push_back(file.info.kinds);
    DataFile entry = file.file;
    entry.shape = shape->second;
    out.rows += entry.rows - entry.dead_rows();
    any_dead = any_dead || !entry.dead.empty();
    out.files.push_back(std::move(entry));
  }
  if (!any_dead && shapes.size() <= 1 && (shapes.empty() || shapes.begin()->first == wanted)) {
    out.plain_scan = out.plain_scan && !out.files.empty();
    return out;
  }
  kinds->all = all;
  out.file_kinds = std::move(kinds);
  out.plain_scan = false;
  std::ranges::stable_sort(out.files, {}, &DataFile::shape);
  return out;
}

}  // namespace canvasback
