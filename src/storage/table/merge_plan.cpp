#include "storage/table/merge_plan.hpp"

#include <algorithm>
#include <utility>

namespace canvasback {
namespace {

std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges_of(std::vector<std::uint64_t> numbers) {
  std::ranges::sort(numbers);
  std::vector<std::pair<std::uint64_t, std::uint64_t>> out;
  for (std::uint64_t number : numbers) {
    if (!out.empty() && number <= out.back().second + 1) {
      out.back().second = number;
    } else {
      out.emplace_back(number, number);
    }
  }
  return out;
}

std::int64_t dead_rows_of(const std::vector<CollectionFile>& files) {
  std::int64_t sum = 0;
  for (const CollectionFile& file : files) sum += file.file.dead_rows();
  return sum;
}

}  // namespace

PartInfo merged_info(const FileSet& inputs, const std::function<bool(std::string_view key)>& remembered,
                     std::int64_t now_us) {
  PartInfo info;
  info.kinds = kinds_of(inputs);
  info.time_us = now_us;
  std::vector<std::uint64_t> commits;
  for (const CollectionFile& file : inputs.live) {
    if (file.name.is_commit) {
      commits.push_back(file.name.commit);
    } else {
      info.replaces.push_back(file.info.id);
      for (const auto& range : file.info.covers) info.covers.push_back(range);
      for (const Conflict& conflict : file.info.conflicts) info.conflicts.push_back(conflict);
    }
    for (KeptRequest request : file.info.requests) {
      if (request.commit == 0) request.commit = file.name.commit;
      if (remembered(request.key)) info.requests.push_back(std::move(request));
    }
  }
  for (const auto& range : ranges_of(std::move(commits))) info.covers.push_back(range);
  return info;
}

bool must_keep_deletes(const std::vector<CollectionFile>& live, const std::vector<CollectionFile>& inputs,
                       bool any_archived, bool any_on_its_way) {
  return dead_rows_of(live) != dead_rows_of(inputs) || any_archived || any_on_its_way;
}

std::vector<KeptDelete> deletes_of(const std::vector<CollectionFile>& inputs) {
  std::vector<KeptDelete> out;
  for (const CollectionFile& file : inputs) {
    out.insert(out.end(), file.info.deletes.begin(), file.info.deletes.end());
  }
  return out;
}

CollectionFile part_of(MergedPart told, const std::string& folder, std::set<std::string>& taken) {
  const std::string name = free_week_name({told.year, told.week}, taken);
  CollectionFile out;
  out.name = *parse_part_name(name);
  out.info = std::move(told.info);
  out.file.path = folder + "/" + name;
  out.file.rows = told.rows;
  out.file.row_group_rows = std::move(told.row_group_rows);
  return out;
}

MergeNote note_of(const std::string& merge_id, const std::vector<CollectionFile>& inputs,
                  const std::vector<CollectionFile>& parts) {
  MergeNote out;
  out.id = merge_id;
  for (const CollectionFile& file : inputs) {
    if (!file.name.is_commit) out.replaced.emplace_back(file_name(file.file.path), file.info.id);
  }
  for (const CollectionFile& part : parts) out.parts.emplace_back(file_name(part.file.path), part.info);
  return out;
}

Replaced replace_files(std::vector<CollectionFile> live, const std::vector<CollectionFile>& inputs,
                       std::vector<CollectionFile> added) {
  std::set<std::string> merged;
  for (const CollectionFile& file : inputs) merged.insert(file.file.path);
  Replaced out;
  out.live = std::move(added);
  for (CollectionFile& file : live) {
    (merged.contains(file.file.path) ? out.gone : out.live).push_back(std::move(file));
  }
  std::ranges::stable_sort(out.live, {}, [](const CollectionFile& file) { return file.name.order(); });
  return out;
}

}  // namespace canvasback
