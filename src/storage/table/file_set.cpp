#include "storage/table/file_set.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace canvasback {
namespace {

// A commit's files by its number; whole when all of them are there.
struct CommitFiles {
  int count = 1;
  std::set<int> indexes;
  bool whole() const { return static_cast<int>(indexes.size()) == count; }
};

bool covers(const PartInfo& info, std::uint64_t commit) {
  return std::ranges::any_of(info.covers,
                             [&](const auto& range) { return range.first <= commit && commit <= range.second; });
}

bool takes_place_of(const CollectionFile& file, const CollectionFile& other) {
  if (file.name.is_commit) return false;
  if (other.name.is_commit) return covers(file.info, other.name.commit);
  return std::ranges::find(file.info.replaces, other.info.id) != file.info.replaces.end();
}

class Selector {
 public:
  Selector(const std::vector<CollectionFile>& here, const std::vector<CollectionFile>& archived) {
    for (const auto* files : {&here, &archived}) {
      for (const CollectionFile& file : *files) {
        if (file.name.is_commit) {
          CommitFiles& commit = commits_[file.name.commit];
          commit.count = file.name.count;
          commit.indexes.insert(file.name.index);
        } else if (parts_.try_emplace(file.info.id, &file).second) {
          for (const std::string& id : file.info.replaces) replacing_[id].push_back(&file);
        }
      }
    }
    for (const auto& [id, file] : parts_) {
      if (!merge_ended(file->info)) unfinished_.insert(id);
    }
    for (const auto& [id, file] : parts_) {
      if (!unfinished_.contains(id)) valid_.push_back(&file->info);
    }
  }

  bool is_unfinished(const PartInfo& info) const { return unfinished_.contains(info.id); }
  bool is_replaced(const PartInfo& info) const {
    return std::ranges::any_of(valid_, [&](const PartInfo* part) {
      return std::ranges::find(part->replaces, info.id) != part->replaces.end();
    });
  }
  bool is_covered(std::uint64_t commit) const {
    return std::ranges::any_of(valid_, [&](const PartInfo* part) { return covers(*part, commit); });
  }
  bool is_whole(std::uint64_t commit) const {
    const auto found = commits_.find(commit);
    return found != commits_.end() && found->second.whole();
  }

 private:
  // Either all parts of the merge are there (or were replaced since), or something that it was made of is gone, which
  // is removed only after the merge has ended.
  bool merge_ended(const PartInfo& info) const {
    const bool all_there = std::ranges::all_of(
        info.together, [&](const std::string& id) { return parts_.contains(id) || replacing_.contains(id); });
    return all_there || input_is_gone(info);
  }

  bool input_is_gone(const PartInfo& info) const {
    for (const std::string& id : info.replaces) {
      if (!parts_.contains(id)) return true;
    }
    for (const auto& [first, last] : info.covers) {
      std::uint64_t there = 0;
      for (auto at = commits_.lower_bound(first); at != commits_.end() && at->first <= last; ++at) {
        if (at->second.whole()) ++there;
      }
      if (there < last - first + 1) return true;
    }
    return false;
  }

  std::map<std::uint64_t, CommitFiles> commits_;
  std::map<std::string, const CollectionFile*> parts_;
  std::map<std::string, std::vector<const CollectionFile*>> replacing_;
  std::set<std::string> unfinished_;
  std::vector<const PartInfo*> valid_;
};

auto order_of(const CollectionFile& file) {
  const PartName& name = file.name;
  return std::tuple(name.is_commit, name.year, name.week, name.serial, name.commit, name.index);
}

}  // namespace

FileSet select_files(std::vector<CollectionFile> here, const std::vector<CollectionFile>& archived) {
  std::ranges::sort(here, {}, order_of);
  const Selector selector(here, archived);
  FileSet out;
  for (const auto* files : {&std::as_const(here), &archived}) {
    for (const CollectionFile& file : *files) {
      if (file.name.is_commit) out.last_commit = std::max(out.last_commit, file.name.commit);
      for (const auto& range : file.info.covers) out.last_commit = std::max(out.last_commit, range.second);
    }
  }
  // Judged one and all before the first is moved: they are judged by each other.
  std::vector<std::vector<CollectionFile>*> places;
  std::set<std::string> ids;
  for (const CollectionFile& file : here) {
    if (file.name.is_commit) {
      places.push_back(selector.is_covered(file.name.commit) ? &out.superseded
                       : selector.is_whole(file.name.commit) ? &out.live
                                                             : &out.unfinished);
    } else if (selector.is_unfinished(file.info)) {
      places.push_back(&out.unfinished);
    } else if (selector.is_replaced(file.info)) {
      places.push_back(&out.superseded);
    } else {
      places.push_back(ids.insert(file.info.id).second ? &out.live : nullptr);  // a copy of a file counts once
    }
  }
  for (std::size_t i = 0; i < here.size(); ++i) {
    if (places[i] != nullptr) places[i]->push_back(std::move(here[i]));
  }
  return out;
}

std::vector<std::vector<std::string>> removal_order(const std::vector<CollectionFile>& superseded) {
  std::vector<std::size_t> generation(superseded.size(), 0);
  // As often as generations are found, and never without end, whatever the files say.
  for (std::size_t round = 0, changes = 1; changes > 0 && round < superseded.size(); ++round) {
    changes = 0;
    for (std::size_t i = 0; i < superseded.size(); ++i) {
      for (std::size_t j = 0; j < superseded.size(); ++j) {
        if (generation[j] < generation[i] || i == j || !takes_place_of(superseded[i], superseded[j])) continue;
        generation[i] = generation[j] + 1;
        ++changes;
      }
    }
  }
  std::vector<std::vector<std::string>> out;
  for (std::size_t i = 0; i < superseded.size(); ++i) {
    if (out.size() <= generation[i]) out.resize(generation[i] + 1);
    out[generation[i]].push_back(superseded[i].file.path);
  }
  return out;
}

Kinds kinds_of(const FileSet& files) {
  Kinds out = files.declared;
  for (const CollectionFile& file : files.live) out.merge(file.info.kinds);
  if (files.live.empty() && !out.members.empty()) out.member(kIngestedAtColumn).seen |= bit(Kind::Timestamp);
  return out;
}

}  // namespace canvasback
