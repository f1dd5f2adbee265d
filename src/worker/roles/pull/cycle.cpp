#include "worker/roles/pull/cycle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "base/limits.hpp"
#include "worker/roles/pull/changes.hpp"
#include "worker/roles/pull/snapshot.hpp"

namespace canvasback {
namespace {

constexpr std::int64_t kSecondUs = 1'000'000;
constexpr std::int64_t kOverlapUs = 5 * kSecondUs;  // DATETIME(0) has ties, and clocks of applications differ
constexpr std::int64_t kFirstPageRows = 50'000;     // of whole rows
constexpr std::int64_t kPageRowsMax = 100'000;      // whose keys a sweep holds
constexpr std::int64_t kKeyPageRows = 200'000;      // of keys alone
constexpr std::size_t kFetchKeys = 500;             // in one statement
constexpr std::int64_t kNewestRange = 100'000;      // keys, the newest of which are counted in every cycle
constexpr std::int64_t kCountedRange = 1'000'000;   // and of the others in turn
constexpr std::int64_t kDeletesAlways = 1'000;

class Cycle {
 public:
  Cycle(const PullWork& work, MysqlConnection& connection, SourceTable& source, WorkFeed& feed,
        const CancelToken& cancel)
      : work_(work),
        connection_(connection),
        source_(source),
        snapshot_(connection, source, work.source),
        copy_(work.table, feed, cancel),
        changes_(copy_, work.table.next_number, source.schema(), static_cast<int>(work.threads), feed, cancel) {
    outcome_.cursor = work.table.cursor;
    outcome_.columns = source.columns();
    outcome_.primary_key = source.primary_key();
  }

  Result<PullOutcome> run() {
    CANVASBACK_ASSIGN(SourceState state, look());
    is_shut_ = is_unchanged(state);
    if (is_shut_ && is_settled(state)) return shut(state);
    CANVASBACK_TRY(snapshot_.begin(std::move(state)));
    if (!is_shut_) {
      begin_windows();
      CANVASBACK_TRY(choose_access());
    }
    if (reads_by_time_) {
      CANVASBACK_TRY(hot_window());
      CANVASBACK_TRY(look_back());
    }
    CANVASBACK_TRY(sweep());
    if (work_.source.deletes) CANVASBACK_TRY(count_deletes());
    CANVASBACK_TRY(snapshot_.end());
    CANVASBACK_TRY(check_deletes());
    return finish();
  }

 private:
  PullTier& tier(const char* name) { return outcome_.tiers.emplace_back(PullTier{name, 0, 0, 0, 0, 0}); }

  Result<SourceState> look() {
    PullTier& gate = tier("gate");
    const Stopwatch watch;
    CANVASBACK_ASSIGN(SourceState state, look_at_source(connection_, work_.source, source_.has_local_times()));
    gate.statements = 1;
    gate.seconds = watch.elapsed_ms() / 1000;
    outcome_.began_us = state.utc_us;
    return state;
  }

  // The gate is shut: no row was changed since the last cycle.
  bool is_unchanged(const SourceState& state) const {
    const PullCursor& before = work_.table.cursor;
    const bool is_same = !state.change_mark.empty() && state.change_mark == before.change_mark &&
                         state.server == before.server && state.definition == before.definition &&
                         state.created == before.created;
    return is_same && !work_.ignore_mark && !work_.sweep_all;
  }

  // And the sweep and the counts, which find what changed long ago, have been through the whole table since.
  bool is_settled(const SourceState& state) const {
    const PullCursor& before = work_.table.cursor;
    const bool is_swept = before.swept_mark == state.change_mark;
    return (is_swept || work_.source.sweep_rows == 0) &&
           (is_swept || before.counted_mark == state.change_mark || !work_.source.deletes);
  }

  PullOutcome shut(const SourceState& state) {
    outcome_.is_unchanged = true;
    outcome_.cursor.checked_us = state.utc_us;
    return std::move(outcome_);
  }

  // From when on whole rows are read, and from when on times are compared.
  void begin_windows() {
    const SourceState& now = snapshot_.before();
    const PullCursor& before = work_.table.cursor;
    outcome_.began_us = now.utc_us;
    hot_from_us_ = std::min(now.now_us - work_.source.hot_window_s * kSecondUs, before.snapshot_us - kOverlapUs);
    look_back_from_us_ = std::min(now.now_us, before.snapshot_us) - work_.source.look_back_s * kSecondUs;
    if (now.now_us < before.snapshot_us) note("The source's clock went back; the look-back covers what it covered.");
    PullCursor& cursor = outcome_.cursor;
    const bool is_other = before.server != now.server;
    const bool is_replaced = before.created != now.created;
    if (is_other || is_replaced) {
      note(is_other ? "The source is another server now: everything is compared again."
                    : "The table was replaced or emptied since the last cycle: everything is compared again.");
      hot_from_us_ = std::min(hot_from_us_, look_back_from_us_);
      cursor.sweep = {};
      cursor.count = {};
      compares_all_ = true;
    }
    cursor.snapshot_us = now.now_us;
    cursor.as_of_us = now.utc_us;
    cursor.checked_us = now.utc_us;
    cursor.server = now.server;
    cursor.change_mark = now.change_mark;
    cursor.definition = now.definition;
    cursor.created = now.created;
  }

  void note(std::string text) { outcome_.notes.push_back(std::move(text)); }

  Status choose_access() {
    if (!source_.has_time()) return {};
    CANVASBACK_ASSIGN(const SourceAccess access,
                      explain(connection_, source_.rows_by_time(hot_from_us_, {}, kFirstPageRows)));
    reads_by_time_ = access.is_gentle();
    if (!reads_by_time_) {
      note(fmt::format("The source has no index to read {} by ({}): changes are found by the sweep alone.",
                       work_.source.updated_at, access.text));
    }
    return {};
  }

  Status hot_window() {
    PullTier& hot = tier("hot_window");
    const SourceTable::PageRequest request{[this](const SourcePlace& after, std::int64_t limit) {
                                             return source_.rows_by_time(hot_from_us_, after, limit);
                                           },
                                           true};
    PageSize size(kFirstPageRows, kPageRowsMax);
    SourcePlace place;
    while (true) {
      CANVASBACK_ASSIGN(const auto page, source_.read_page(request, size, place, hot, take_into(hot)));
      if (page.is_last) return {};
      CANVASBACK_TRY(snapshot_.renew_if_old());
    }
  }

  SourceTable::TakeRows take_into(PullTier& tier) {
    return [this, &tier](const PulledRows& rows) -> Status {
      CANVASBACK_ASSIGN(const std::int64_t changed, changes_.take(rows));
      tier.changed += changed;
      return {};
    };
  }

  // Keys whose time of change the copy has not.
  Status look_back() {
    if (look_back_from_us_ >= hot_from_us_) return {};
    PullTier& back = tier("look_back");
    SourcePlace place;
    std::vector<std::vector<std::string>> others;
    const auto compare = [&](const SourceKeys& keys) -> Status {
      CANVASBACK_ASSIGN(const auto places, copy_.locate(keys.keys));
      for (std::size_t i = 0; i < places.size(); ++i) {
        if (!places[i] || places[i]->changed_us != keys.changed_us[i]) others.push_back(keys.literals[i]);
      }
      return {};
    };
    while (true) {
      const std::string sql = source_.keys_by_time(look_back_from_us_, hot_from_us_, place, kKeyPageRows);
      CANVASBACK_ASSIGN(const std::int64_t count, source_.read_keys(sql, true, place, back, compare));
      CANVASBACK_TRY(fetch(std::exchange(others, {}), back));
      if (count < kKeyPageRows) return {};
      CANVASBACK_TRY(snapshot_.renew_if_old());
    }
  }

  Status fetch(std::vector<std::vector<std::string>> keys, PullTier& tier) {
    for (std::size_t begin = 0; begin < keys.size(); begin += kFetchKeys) {
      const auto from = keys.begin() + static_cast<std::ptrdiff_t>(begin);
      const std::vector<std::vector<std::string>> some(
          from, from + static_cast<std::ptrdiff_t>(std::min(kFetchKeys, keys.size() - begin)));
      SourcePlace unused;
      CANVASBACK_TRY(source_.read_rows(source_.rows_of(some), false, unused, tier, take_into(tier)));
      CANVASBACK_TRY(snapshot_.renew_if_old());
    }
    return {};
  }

  // The next stripe of the key, whole; behind the last one the first.
  Status sweep() {
    const bool is_whole = work_.sweep_all || compares_all_;
    if ((work_.source.sweep_rows == 0 || (work_.after_load && reads_by_time_)) && !is_whole) return {};
    PullTier& stripe = tier("sweep");
    PullCursor& cursor = outcome_.cursor;
    if (is_whole) cursor.sweep = {};
    SourcePlace place{{}, cursor.sweep};
    if (place.empty()) {
      cursor.sweep_began_us = snapshot_.before().utc_us;
      cursor.sweep_mark = snapshot_.before().change_mark;
    }
    PageSize size(kFirstPageRows, kPageRowsMax);
    std::int64_t left = is_whole ? INT64_MAX : work_.source.sweep_rows;
    while (left > 0) {
      CANVASBACK_ASSIGN(const auto page, sweep_page(place, size, left, stripe));
      if (page.is_last) {
        cursor.sweep = {};
        cursor.swept_us = cursor.sweep_began_us;
        cursor.swept_mark = mark_since(cursor.sweep_mark);
        return {};
      }
      left -= page.rows;
      cursor.sweep = place.key;
      CANVASBACK_TRY(snapshot_.renew_if_old());
    }
    return {};
  }

  // The mark that something began with, if it is the source's still.
  std::string mark_since(const std::string& mark) const {
    return mark == snapshot_.before().change_mark ? mark : std::string();
  }

  Result<SourceTable::Page> sweep_page(SourcePlace& place, PageSize& size, std::int64_t rows_max, PullTier& stripe) {
    KeyList there;
    const auto take = [&](const PulledRows& rows) -> Status {
      for (std::size_t i = 0; i < rows.keys.size(); ++i) there.push(rows.keys[i]);
      CANVASBACK_ASSIGN(const std::int64_t changed, changes_.take(rows));
      stripe.changed += changed;
      return {};
    };
    const std::string after = place.key.bytes;
    const SourceTable::PageRequest request{
        [this](const SourcePlace& begin, std::int64_t limit) { return source_.rows_by_key(begin, limit); }, false,
        rows_max};
    CANVASBACK_ASSIGN(const auto page, source_.read_page(request, size, place, stripe, take));
    if (!work_.source.deletes) return page;
    CANVASBACK_ASSIGN(const std::int64_t gone,
                      remove_others({after, page.is_last ? std::string() : place.key.bytes}, there, 0));
    stripe.changed += gone;
    return page;
  }

  // What the copy has in the range and the source has not: it has all of the source's, but where some are missing.
  Result<std::int64_t> remove_others(const TableCopy::Range& range, const KeyList& keys, std::int64_t missing) {
    CANVASBACK_ASSIGN(const std::int64_t count, copy_.count_in(range));
    if (count + missing == static_cast<std::int64_t>(keys.size())) return 0;
    std::unordered_set<std::string_view> there;
    for (std::size_t i = 0; i < keys.size(); ++i) there.insert(keys[i]);
    std::vector<std::pair<std::string, TableCopy::Place>> gone;
    const auto look = [&](std::string key, const TableCopy::Place& place) -> Status {
      if (!there.contains(key)) gone.emplace_back(std::move(key), place);
      return {};
    };
    CANVASBACK_TRY(copy_.each_in(range, look));
    for (const auto& [key, place] : gone) changes_.remove(key, place);
    return static_cast<std::int64_t>(gone.size());
  }

  // Where fewer or more keys are than in the copy: the newest range in every cycle, one of the others in turn.
  Status count_deletes() {
    PullCursor& cursor = outcome_.cursor;
    const SourceState& now = snapshot_.before();
    if (cursor.swept_us == now.utc_us) {  // this cycle's sweep saw every key
      count_ended(now.utc_us, now.change_mark);
      return {};
    }
    PullTier& counts = tier("deletes");
    CANVASBACK_ASSIGN(const SourcePlace newest, key_at({}, kNewestRange - 1, true, counts));
    if (newest.empty()) {
      CANVASBACK_TRY(count_rest({}, counts));
      count_ended(now.utc_us, now.change_mark);
      return {};
    }
    CANVASBACK_TRY(compare_range(newest, {}, kNewestRange - 1, counts));
    const SourcePlace after{{}, cursor.count};
    if (after.empty()) {
      cursor.count_began_us = now.utc_us;
      cursor.count_mark = now.change_mark;
    }
    CANVASBACK_ASSIGN(const SourcePlace up_to, key_at(after, kCountedRange - 1, false, counts));
    cursor.count = up_to.key;
    if (!up_to.empty()) return compare_range(after, up_to, kCountedRange, counts);
    CANVASBACK_TRY(count_rest(after, counts));
    count_ended(cursor.count_began_us, mark_since(cursor.count_mark));
    return {};
  }

  // Every range was counted since then.
  void count_ended(std::int64_t began_us, std::string mark) {
    PullCursor& cursor = outcome_.cursor;
    cursor.counted_us = began_us;
    cursor.counted_mark = std::move(mark);
    cursor.count = {};
  }

  // The key that stands so far behind a place, or before the end; an empty place where there are not so many.
  Result<SourcePlace> key_at(const SourcePlace& after, std::int64_t offset, bool backwards, PullTier& tier) {
    SourcePlace place;
    const auto take = [](const SourceKeys&) { return Status(); };
    CANVASBACK_TRY(source_.read_keys(source_.key_at_offset(after, offset, backwards), false, place, tier, take));
    return place;
  }

  Status count_rest(const SourcePlace& after, PullTier& counts) {
    const Stopwatch watch;
    CANVASBACK_ASSIGN(const auto rows, connection_.rows(source_.count(after)));
    ++counts.statements;
    counts.seconds += watch.elapsed_ms() / 1000;
    const std::int64_t count = rows.empty() || !rows[0][0] ? 0 : std::stoll(*rows[0][0]);
    if (after.empty()) outcome_.source_rows = count;
    return compare_range(after, {}, count, counts);
  }

  // The range has so many keys at the source. Where the copy has another number of them, they are listed.
  Status compare_range(const SourcePlace& after, const SourcePlace& up_to, std::int64_t source_count,
                       PullTier& counts) {
    CANVASBACK_ASSIGN(const std::int64_t count, copy_.count_in({after.key.bytes, up_to.key.bytes}));
    if (count == source_count) return {};
    SourcePlace place = after;
    while (true) {
      KeyList there;
      std::vector<std::vector<std::string>> missing;
      const auto take = [&](const SourceKeys& keys) -> Status {
        CANVASBACK_ASSIGN(const auto places, copy_.locate(keys.keys));
        for (std::size_t i = 0; i < places.size(); ++i) {
          if (!places[i]) missing.push_back(keys.literals[i]);
        }
        for (std::size_t i = 0; i < keys.keys.size(); ++i) there.push(keys.keys[i]);
        return {};
      };
      const std::string begin = place.key.bytes;
      const std::string sql = source_.keys_by_key(place, up_to, kKeyPageRows);
      CANVASBACK_ASSIGN(const std::int64_t read, source_.read_keys(sql, false, place, counts, take));
      const bool is_last = read < kKeyPageRows;
      CANVASBACK_ASSIGN(const std::int64_t gone, remove_others({begin, is_last ? up_to.key.bytes : place.key.bytes},
                                                               there, std::ssize(missing)));
      counts.changed += gone;
      CANVASBACK_TRY(fetch(std::move(missing), counts));
      if (is_last) return {};
      CANVASBACK_TRY(snapshot_.renew_if_old());
    }
  }

  Status check_deletes() const {
    const double share = work_.source.deletes_share_max * static_cast<double>(work_.table.rows());
    const std::int64_t most = std::max(kDeletesAlways, static_cast<std::int64_t>(share));
    if (work_.any_deletes || changes_.deleted() <= most) return {};
    return fail(ErrorCode::InvalidData,
                fmt::format("{} rows are gone from the source, and a cycle may delete {}. Look at the source; if it is "
                            "right, pull once with --any-deletes.",
                            changes_.deleted(), most));
  }

  Result<PullOutcome> finish() {
    CANVASBACK_ASSIGN(outcome_.parts, changes_.finish());
    outcome_.dead = copy_.dead();
    outcome_.inserted = changes_.inserted();
    outcome_.updated = changes_.updated();
    outcome_.deleted = changes_.deleted();
    outcome_.nulled = source_.nulled();
    if (is_shut_) {
      outcome_.is_unchanged = outcome_.inserted + outcome_.updated + outcome_.deleted == 0;
      outcome_.cursor.checked_us = outcome_.began_us;
    }
    return std::move(outcome_);
  }

  const PullWork& work_;
  MysqlConnection& connection_;
  SourceTable& source_;
  Snapshot snapshot_;
  TableCopy copy_;
  Changes changes_;
  PullOutcome outcome_;
  std::int64_t hot_from_us_ = 0;
  std::int64_t look_back_from_us_ = 0;
  bool is_shut_ = false;
  bool reads_by_time_ = false;
  bool compares_all_ = false;
};

}  // namespace

Result<PullOutcome> run_cycle(const PullWork& work, MysqlConnection& connection, SourceTable& source, WorkFeed& feed,
                              const CancelToken& cancel) {
  return Cycle(work, connection, source, feed, cancel).run();
}

}  // namespace canvasback
