#include "storage/table/file_set.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "record/twins.hpp"

namespace canvasback {
namespace {

// A commit's files by its number; whole when all of them are there.
struct CommitFiles {
  int count = 1;
  std::set<int> indexes;
  std::set<int> readable;
  bool whole() const { return static_cast<int>(indexes.size()) == count; }
  bool whole_and_readable() const { return static_cast<int>(readable.size()) == count; }
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

// What the files say of each other. A part that cannot be read takes part as far as a note tells what it is.
class Selector {
 public:
  Selector(const std::vector<CollectionFile>& here, const std::vector<CollectionFile>& archived) {
    // Those that can be read first: of two copies they are the ones that count.
    for (const bool troubled : {false, true}) {
      for (const auto* files : {&here, &archived}) {
        for (const CollectionFile& file : *files) {
          if (file.trouble.empty() != troubled) add(file, files == &here);
        }
      }
    }
    for (const auto& [id, file] : parts_) {
      if (!file->trouble.empty() && is_spare(*file)) spare_.insert(id);
    }
    for (const std::string& id : spare_) remove(id);
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
  bool is_spare_id(const std::string& id) const { return spare_.contains(id); }
  // Whether another file of the same id can be read.
  bool has_readable_copy(const CollectionFile& file) const {
    if (file.name.is_commit) {
      const auto found = commits_.find(file.name.commit);
      return found != commits_.end() && found->second.readable.contains(file.name.index);
    }
    const auto found = parts_.find(file.info.id);
    return found != parts_.end() && found->second->trouble.empty();
  }

 private:
  void add(const CollectionFile& file, bool is_here) {
    if (file.name.is_commit) {
      CommitFiles& commit = commits_[file.name.commit];
      commit.count = file.name.count;
      commit.indexes.insert(file.name.index);
      if (file.trouble.empty()) commit.readable.insert(file.name.index);
    } else if (!file.info.id.empty() && parts_.try_emplace(file.info.id, &file).second) {
      if (is_here) here_.insert(file.info.id);
      for (const std::string& id : file.info.replaces) replacing_[id].push_back(&file);
    }
  }

  void remove(const std::string& id) {
    const CollectionFile* file = parts_.at(id);
    for (const std::string& other : file->info.replaces) std::erase(replacing_[other], file);
    std::erase_if(replacing_, [](const auto& entry) { return entry.second.empty(); });
    parts_.erase(id);
  }

  // All that the part was made of is here and can be read, and so is every part that its merge made beside it, none of
  // them merged further: without this part the merge has not happened, and nothing is missing.
  bool is_spare(const CollectionFile& file) const {
    const PartInfo& info = file.info;
    if (info.covers.empty() && info.replaces.empty()) return false;  // nothing is known of it
    if (!here_.contains(info.id) || replacing_.contains(info.id)) return false;
    const bool siblings_here = std::ranges::all_of(
        info.together, [&](const std::string& id) { return here_.contains(id) && !replacing_.contains(id); });
    return siblings_here && sources_can_be_read(info);
  }

  bool sources_can_be_read(const PartInfo& info) const {
    for (const std::string& id : info.replaces) {
      const auto found = parts_.find(id);
      if (found == parts_.end() || !here_.contains(id) || !found->second->trouble.empty()) return false;
    }
    for (const auto& [first, last] : info.covers) {
      std::uint64_t there = 0;
      for (auto at = commits_.lower_bound(first); at != commits_.end() && at->first <= last; ++at) {
        if (at->second.whole_and_readable()) ++there;
      }
      if (there < last - first + 1) return false;
    }
    return true;
  }

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
  std::set<std::string> here_;  // ids of parts that are not in the archive
  std::map<std::string, std::vector<const CollectionFile*>> replacing_;
  std::set<std::string> spare_;
  std::set<std::string> unfinished_;
  std::vector<const PartInfo*> valid_;
};

// Of a part that cannot be read: what a note says that it is.
void add_from_notes(std::vector<CollectionFile>& files, const std::vector<MergeNote>& notes) {
  for (CollectionFile& file : files) {
    if (file.trouble.empty() || file.name.is_commit) continue;
    const std::string name = file.file.path.substr(file.file.path.rfind('/') + 1);
    for (const MergeNote& note : notes) {
      for (const auto& [part, info] : note.parts) {
        if (part == name) file.info = info;
      }
    }
    for (const MergeNote& note : notes) {
      for (const auto& [part, id] : note.replaced) {
        if (part == name && file.info.id.empty()) file.info.id = id;
      }
    }
  }
}

}  // namespace

FileSet select_files(std::vector<CollectionFile> here, std::vector<CollectionFile> archived, const FolderNotes& notes) {
  std::ranges::sort(here, {}, [](const CollectionFile& file) { return file.name.order(); });
  add_from_notes(here, notes.merges);
  add_from_notes(archived, notes.merges);
  const Selector selector(here, archived);
  FileSet out;
  for (const auto* files : {&std::as_const(here), &std::as_const(archived)}) {
    for (const CollectionFile& file : *files) {
      if (file.name.is_commit) out.last_commit = std::max(out.last_commit, file.name.commit);
      for (const auto& range : file.info.covers) out.last_commit = std::max(out.last_commit, range.second);
    }
  }
  // Judged one and all before the first is moved: they are judged by each other.
  std::vector<std::vector<CollectionFile>*> places;
  std::set<std::string> ids;
  const auto place_of = [&](const CollectionFile& file) -> std::vector<CollectionFile>* {
    const bool readable = file.trouble.empty();
    if (file.name.is_commit) {
      const std::uint64_t number = file.name.commit;
      if (selector.is_covered(number)) return &out.superseded;
      if (!selector.is_whole(number)) return &out.unfinished;
      if (readable) return &out.live;
      return notes.synced_up_to && number > *notes.synced_up_to ? &out.spare : &out.blocking;
    }
    if (file.info.id.empty()) return &out.blocking;
    if (!readable && (selector.is_spare_id(file.info.id) || selector.has_readable_copy(file))) return &out.spare;
    if (selector.is_unfinished(file.info)) return &out.unfinished;
    if (selector.is_replaced(file.info)) return &out.superseded;
    if (!readable) return &out.blocking;
    return ids.insert(file.info.id).second ? &out.live : nullptr;  // a copy of a file counts once
  };
  for (const CollectionFile& file : here) places.push_back(place_of(file));
  for (CollectionFile& file : archived) {
    if (file.trouble.empty() || selector.has_readable_copy(file)) continue;
    const auto* place = place_of(file);
    if (place == &out.blocking || place == &out.spare) out.blocking.push_back(std::move(file));
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
  settle_twins(out);
  return out;
}

}  // namespace canvasback
