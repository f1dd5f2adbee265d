#include "service/collection/trash_service.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "base/clock.hpp"
#include "base/hash.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "service/collection/ingest_request.hpp"
#include "service/schedule/on_thread.hpp"
#include "storage/file.hpp"

namespace canvasback {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kRemoving = "removing-";  // what an entry is called while it goes for good
constexpr std::int64_t kDayUs = 86'400'000'000;

std::unexpected<Error> no_entry(std::string_view id) {
  return fail(ErrorCode::NotFound, fmt::format("The trash holds nothing of the id \"{}\".", id.substr(0, 64)));
}

bool is_there(const std::string& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0;
}

// Under another name first, so that what is half gone is never taken for what was there.
Status remove_for_good(const std::string& trash, const std::string& id) {
  const std::string doomed = fmt::format("{}/{}{}", trash, kRemoving, id);
  CANVASBACK_TRY(file::rename(trash + "/" + id, doomed));
  std::error_code error;
  fs::remove_all(doomed, error);
  if (error) return fail(ErrorCode::Unavailable, fmt::format("{} cannot be removed.", doomed), error.message());
  return {};
}

void remove_rests(const std::string& trash) {
  std::error_code error;
  for (fs::directory_iterator at(trash, error), end; !error && at != end; at.increment(error)) {
    std::error_code ignored;
    const std::string name = at->path().filename().string();
    const bool is_ours = name.starts_with(kRemoving) && is_trash_id(std::string_view(name).substr(kRemoving.size()));
    if (is_ours && at->symlink_status(ignored).type() == fs::file_type::directory) fs::remove_all(at->path(), ignored);
  }
}

// The files of a folder, made safe where that may still be owed (durability = interval).
Status sync_files_of(const std::string& folder) {
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    if (at->path().extension() == ".parquet") CANVASBACK_TRY(file::sync_by_name(at->path().string()));
  }
  return file::sync_folder(folder);
}

// Files back beside those that came since; none where a name is taken.
Status move_back(const std::string& from, const std::string& to) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator at(from, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (!parse_part_name(name)) continue;
    if (is_there(to + "/" + name)) {
      return fail(ErrorCode::InvalidData,
                  fmt::format("Records that came since were merged into a file {}, which the trash has, too: nothing "
                              "was brought back.",
                              name));
    }
    names.push_back(name);
  }
  if (error) return fail(ErrorCode::Unavailable, fmt::format("{} cannot be read.", from), error.message());
  std::ranges::sort(names);
  for (const std::string& name : names) CANVASBACK_TRY(file::rename(from + "/" + name, to + "/" + name));
  CANVASBACK_TRY(file::sync_folder(to));
  return file::sync_folder(from);
}

}  // namespace

// Nobody writes, merges or removes meanwhile.
struct TrashService::Both {
  Both(Collection& held, CollectionLock::Held first, CollectionLock::Held second)
      : collection(&held), lock(std::move(first)), removal(std::move(second)) {}
  Both(Both&& other) noexcept
      : collection(std::exchange(other.collection, nullptr)),
        lock(std::move(other.lock)),
        removal(std::move(other.removal)) {}
  Both& operator=(Both&&) = delete;
  ~Both() {
    if (collection == nullptr) return;
    collection->merges.end(MergeSize::Small);
    collection->merges.end(MergeSize::Large);
  }

  Collection* collection;
  CollectionLock::Held lock;
  std::optional<CollectionLock::Held> removal;
};

asio::awaitable<TrashService::Both> TrashService::hold(Collection& collection) {
  co_await collection.merges.idle();
  collection.merges.begin(MergeSize::Small);
  collection.merges.begin(MergeSize::Large);
  auto lock = co_await collection.lock.hold();
  auto removal = co_await collection.removal.hold();
  co_return Both(collection, std::move(lock), std::move(removal));
}

Result<Collection*> TrashService::named(const std::string& name, std::string_view verb) {
  if (context_.stopping()) return fail(Error{ErrorCode::Unavailable, "The server is stopping.", {}, {}, 5});
  CANVASBACK_ASSIGN(Collection * collection, parts_.registry.existing(name));
  if (name == kDefaultCollection) {
    return fail(ErrorCode::InvalidData,
                fmt::format("\"{}\" is the default collection and cannot be {}; it can be emptied.", name, verb));
  }
  return collection;
}

Status TrashService::check_free(const std::string& name) {
  if (!is_dataset_name(name)) {
    return fail(ErrorCode::InvalidData, fmt::format("\"{}\" cannot be the name of a collection.", name.substr(0, 64)));
  }
  const std::string known = parts_.registry.name_like(name);
  if (known.empty() && !is_there(base_of(name)) && parts_.schemas.find(name) == nullptr) return {};
  return fail(
      ErrorCode::InvalidData,
      known.empty() || known == name
          ? fmt::format("\"{}\" already exists.", name)
          : fmt::format("\"{}\" already exists; names that differ only in the case of letters are one in SQL.", known));
}

TrashEntry TrashService::entry_of(const Collection& collection, TrashEntry::Kind kind) const {
  TrashEntry out;
  out.time_us = wall_us();
  out.id = trash_id_of(out.time_us, random_hex(4));
  out.kind = kind;
  out.collection = collection.name;
  out.records = collection.records();
  out.bytes = collection.bytes();
  return out;
}

Status TrashService::write_entry(const TrashEntry& entry) const {
  const std::string place = folder() + "/" + entry.id;
  CANVASBACK_TRY(file::make_folder(place));
  if (const auto* versions = parts_.schemas.versions(entry.collection)) {
    CANVASBACK_TRY(file::replace(place + "/schema.json", SchemaStore::text_of(*versions)));
  }
  return file::replace(place + "/entry.json", to_json(entry).dump() + "\n");
}

// Of one whose files did not come: there is nothing to bring back.
void TrashService::remove_half_made(const TrashEntry& entry) const {
  const Status removed = remove_for_good(folder(), entry.id);
  if (!removed) log::warning("{} {}", removed.error().message, removed.error().detail);
}

asio::awaitable<Status> TrashService::forget_schema(std::string name) {
  if (parts_.schemas.find(name) == nullptr) co_return Status();
  auto erase = [this, &name] { return parts_.schemas.erase(name); };
  Status erased = co_await on_thread(context_.commit_io, erase);
  parts_.schemas.forget(name);
  co_return erased;
}

asio::awaitable<Result<TrashEntry>> TrashService::remove(std::string name) {
  using Out = Result<TrashEntry>;
  const auto turn = co_await turn_.hold();
  auto found = named(name, "deleted");
  if (!found) co_return Out(std::unexpected(found.error()));
  Collection& collection = **found;
  const auto busy = context_.work.begin();
  const auto held = co_await hold(collection);
  if (collection.is_retired) co_return Out(fail(no_collection(name)));
  const TrashEntry entry = entry_of(collection, TrashEntry::Kind::Deleted);
  auto move = [this, &entry, base = base_of(name)]() -> Status {
    CANVASBACK_TRY(sync_files_of(base + "/parquet"));
    Status moved = write_entry(entry);
    if (moved) moved = file::rename(base, fmt::format("{}/{}/collection", folder(), entry.id));
    if (!moved) {
      remove_half_made(entry);
      return moved;
    }
    CANVASBACK_TRY(file::sync_folder(context_.options.data_folder + "/collections"));
    return file::sync_folder(folder() + "/" + entry.id);
  };
  Status moved = co_await on_thread(context_.maintenance_io, move);
  if (!moved) co_return Out(std::unexpected(moved.error()));
  parts_.registry.retire(
      collection,
      Error{ErrorCode::DatasetNotFound, fmt::format("The collection \"{}\" was deleted.", name), {}, {}, 0});
  Status forgotten = co_await forget_schema(name);
  if (!forgotten) co_return Out(std::unexpected(forgotten.error()));
  log::info("collection {}: deleted; {} records are in the trash as {}", name, entry.records, entry.id);
  co_return entry;
}

// Under its new name first: a crash between leaves the old one as well, of no records.
asio::awaitable<Status> TrashService::move_schema(const std::string& name, const std::string& new_name) {
  const auto* versions = parts_.schemas.versions(name);
  if (versions == nullptr) co_return Status();
  SchemaStore::Versions renamed = *versions;
  for (RecordSchema& version : renamed) version.name = new_name;
  auto write = [this, &new_name, &renamed] { return parts_.schemas.write(new_name, renamed); };
  Status written = co_await on_thread(context_.commit_io, write);
  if (written) parts_.schemas.set(new_name, std::move(renamed));
  co_return written;
}

asio::awaitable<Status> TrashService::rename(std::string name, std::string new_name) {
  const auto turn = co_await turn_.hold();
  auto found = named(name, "renamed");
  if (!found) co_return Status(std::unexpected(found.error()));
  if (Status free = check_free(new_name); !free) co_return free;
  Collection& collection = **found;
  const auto busy = context_.work.begin();
  {
    const auto held = co_await hold(collection);
    if (collection.is_retired) co_return Status(fail(no_collection(name)));
    if (Status free = check_free(new_name); !free) co_return free;
    if (Status written = co_await move_schema(name, new_name); !written) co_return written;
    auto move = [this, from = base_of(name), to = base_of(new_name)]() -> Status {
      CANVASBACK_TRY(sync_files_of(from + "/parquet"));
      CANVASBACK_TRY(file::rename(from, to));
      return file::sync_folder(context_.options.data_folder + "/collections");
    };
    Status moved = co_await on_thread(context_.maintenance_io, move);
    if (!moved) {
      static_cast<void>(co_await forget_schema(new_name));
      co_return moved;
    }
    parts_.registry.retire(collection, Error{ErrorCode::DatasetNotFound,
                                             fmt::format("The collection \"{}\" is called \"{}\" now.", name, new_name),
                                             {},
                                             {},
                                             0});
    if (Status forgotten = co_await forget_schema(name); !forgotten) co_return forgotten;
  }
  auto opened = co_await parts_.loader.open_one(new_name);
  if (!opened) co_return Status(std::unexpected(opened.error()));
  log::info("collection {}: it is called {} now", name, new_name);
  co_return Status();
}

asio::awaitable<Result<TrashEntry>> TrashService::empty(std::string name) {
  using Out = Result<TrashEntry>;
  const auto turn = co_await turn_.hold();
  auto found = parts_.registry.existing(name);
  if (!found) co_return Out(std::unexpected(found.error()));
  Collection& collection = **found;
  const auto busy = context_.work.begin();
  auto held = co_await hold(collection);
  if (collection.is_retired) co_return Out(fail(no_collection(name)));
  if (Status usable = collection.health.usable(); !usable) co_return Out(std::unexpected(usable.error()));
  const TrashEntry entry = entry_of(collection, TrashEntry::Kind::Emptied);
  const NumberNote note = collection.numbers.last_note();
  auto move = [this, &entry, &collection, &note]() -> Status {
    const std::string place = fmt::format("{}/{}/parquet", folder(), entry.id);
    // A folder that is a link stays one.
    std::error_code error;
    const fs::path live = fs::canonical(collection.folder, error);
    if (error) return fail(ErrorCode::Unavailable, fmt::format("{} cannot be read.", collection.folder));
    CANVASBACK_TRY(sync_files_of(live));
    const auto exchange = [&]() -> Status {
      CANVASBACK_TRY(write_entry(entry));
      CANVASBACK_TRY(file::make_folder(place));
      CANVASBACK_TRY(write_number_note(place, note));
      CANVASBACK_TRY(file::sync_folder(place));
      return file::exchange(live, place);
    };
    if (Status exchanged = exchange(); !exchanged) {
      remove_half_made(entry);
      return exchanged;
    }
    CANVASBACK_TRY(file::sync_folder(live.parent_path()));
    return file::sync_folder(folder() + "/" + entry.id);
  };
  Status moved = co_await on_thread(context_.maintenance_io, move);
  if (!moved) co_return Out(std::unexpected(moved.error()));
  collection.numbers.noted(note);
  collection.versions.forget_superseded();
  parts_.loader.renew_grants();
  held.removal.reset();  // the loader takes it
  co_await parts_.loader.reload(collection);
  log::info("collection {}: emptied; {} records are in the trash as {}", name, entry.records, entry.id);
  co_return entry;
}

Result<TrashEntry> TrashService::read_entry(const std::string& id) const {
  const std::string path = folder() + "/" + id + "/entry.json";
  if (!is_there(path)) return no_entry(id);
  CANVASBACK_ASSIGN(const std::string text, file::read(path));
  CANVASBACK_ASSIGN(const Json json, Json::parse(text));
  return trash_entry_from(id, json);
}

asio::awaitable<Result<TrashEntry>> TrashService::find(std::string id) {
  if (!is_trash_id(id)) co_return Result<TrashEntry>(no_entry(id));
  auto read = [this, &id] { return read_entry(id); };
  co_return co_await on_thread(context_.maintenance_io, read);
}

asio::awaitable<Result<std::vector<TrashEntry>>> TrashService::list() {
  auto read = [this]() -> Result<std::vector<TrashEntry>> {
    std::vector<TrashEntry> out;
    std::error_code error;
    for (fs::directory_iterator at(folder(), error), end; !error && at != end; at.increment(error)) {
      const std::string id = at->path().filename().string();
      if (!is_trash_id(id)) continue;
      // One whose files have not come or have gone again is none.
      const std::string place = folder() + "/" + id;
      if (!is_there(place + "/collection") && !is_there(place + "/parquet")) continue;
      if (auto entry = read_entry(id)) out.push_back(std::move(*entry));
    }
    if (error && error != std::errc::no_such_file_or_directory) {
      return fail(ErrorCode::Unavailable, "The trash cannot be read.", error.message());
    }
    std::ranges::sort(out, std::greater(), [](const TrashEntry& entry) { return std::pair(entry.time_us, entry.id); });
    return out;
  };
  co_return co_await on_thread(context_.maintenance_io, read);
}

// The schema that it had, if there is none now.
asio::awaitable<Status> TrashService::bring_back_schema(const TrashEntry& entry) {
  const std::string path = folder() + "/" + entry.id + "/schema.json";
  if (!is_there(path)) co_return Status();
  const auto text = file::read(path);
  auto versions = text ? SchemaStore::versions_from(*text, entry.collection) : std::unexpected(text.error());
  if (!versions) co_return Status(std::unexpected(versions.error()));
  if (const RecordSchema* now = parts_.schemas.find(entry.collection)) {
    if (now->keys() == versions->back().keys()) co_return Status();
    // Which versions of records count is a matter of their keys.
    co_return Status(fail(ErrorCode::InvalidData,
                          fmt::format("The schema of \"{}\" has other keys than when it was emptied: nothing was "
                                      "brought back.",
                                      entry.collection)));
  }
  auto write = [this, &entry, &versions] { return parts_.schemas.write(entry.collection, *versions); };
  Status written = co_await on_thread(context_.commit_io, write);
  if (written) parts_.schemas.set(entry.collection, std::move(*versions));
  co_return written;
}

asio::awaitable<Status> TrashService::bring_back_whole(const TrashEntry& entry) {
  if (Status free = check_free(entry.collection); !free) co_return free;
  if (Status schema = co_await bring_back_schema(entry); !schema) co_return schema;
  const std::string place = folder() + "/" + entry.id;
  auto move = [this, &place, base = base_of(entry.collection)]() -> Status {
    CANVASBACK_TRY(file::rename(place + "/collection", base));
    CANVASBACK_TRY(file::sync_folder(context_.options.data_folder + "/collections"));
    return file::sync_folder(place);
  };
  Status moved = co_await on_thread(context_.maintenance_io, move);
  if (!moved) {
    static_cast<void>(co_await forget_schema(entry.collection));
    co_return moved;
  }
  auto opened = co_await parts_.loader.open_one(entry.collection);
  co_return opened ? Status() : Status(std::unexpected(opened.error()));
}

asio::awaitable<Status> TrashService::bring_back_files(Restored& restored) {
  const TrashEntry& entry = restored.entry;
  auto found = parts_.registry.existing(entry.collection);
  if (!found) co_return Status(std::unexpected(found.error()));
  Collection& collection = **found;
  auto held = co_await hold(collection);
  if (collection.is_retired) co_return Status(fail(no_collection(entry.collection)));
  if (Status usable = collection.health.usable(); !usable) co_return usable;
  if (Status schema = co_await bring_back_schema(entry); !schema) co_return schema;
  if (const RecordSchema* schema = parts_.schemas.find(entry.collection)) {
    collection.schema = std::make_shared<const RecordSchema>(*schema);
  }
  const std::int64_t before = collection.records();
  auto move = [this, &entry, &collection] {
    return move_back(fmt::format("{}/{}/parquet", folder(), entry.id), collection.folder);
  };
  Status moved = co_await on_thread(context_.maintenance_io, move);
  if (!moved) co_return moved;
  held.removal.reset();  // the loader takes it
  co_await parts_.loader.reload(collection);
  restored.superseded = std::max<std::int64_t>(0, before + entry.records - collection.records());
  restored.problems = shared_value_problems(collection);
  for (const std::string& problem : restored.problems) log::warning("collection {}: {}", collection.name, problem);
  co_return Status();
}

asio::awaitable<Result<TrashService::Restored>> TrashService::restore(std::string id) {
  using Out = Result<Restored>;
  const auto turn = co_await turn_.hold();
  if (context_.stopping()) co_return Out(fail(Error{ErrorCode::Unavailable, "The server is stopping.", {}, {}, 5}));
  auto entry = co_await find(id);
  if (!entry) co_return Out(std::unexpected(entry.error()));
  const auto busy = context_.work.begin();
  Restored out;
  out.entry = std::move(*entry);
  Status back;
  if (out.entry.kind == TrashEntry::Kind::Deleted) {
    back = co_await bring_back_whole(out.entry);
  } else {
    back = co_await bring_back_files(out);
  }
  if (!back) co_return Out(std::unexpected(back.error()));
  auto remove = [this, &id] { return remove_for_good(folder(), id); };
  Status removed = co_await on_thread(context_.maintenance_io, remove);
  if (!removed) log::warning("{} {}", removed.error().message, removed.error().detail);
  log::info("collection {}: {} records are back from the trash", out.entry.collection,
            out.entry.records - out.superseded);
  co_return Out(std::move(out));
}

asio::awaitable<Status> TrashService::purge(std::string id) {
  const auto turn = co_await turn_.hold();
  auto entry = co_await find(id);
  if (!entry) co_return Status(std::unexpected(entry.error()));
  auto remove = [this, &id] { return remove_for_good(folder(), id); };
  co_return co_await on_thread(context_.maintenance_io, remove);
}

asio::awaitable<void> TrashService::purge_old(std::int64_t days) {
  if (is_purging_) co_return;
  is_purging_ = true;
  const auto turn = co_await turn_.hold();
  auto entries = co_await list();
  auto remove_old = [this, &entries, days] {
    remove_rests(folder());
    if (!entries || days <= 0) return;
    for (const TrashEntry& entry : *entries) {
      if (wall_us() - entry.time_us < days * kDayUs) continue;
      Status removed = remove_for_good(folder(), entry.id);
      if (removed) log::info("{} of collection {} is gone from the trash", entry.id, entry.collection);
      if (!removed) log::warning("{} {}", removed.error().message, removed.error().detail);
    }
  };
  co_await on_thread(context_.maintenance_io, remove_old);
  is_purging_ = false;
}

}  // namespace canvasback
