#include "engine/duckdb/cheaper.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "base/text.hpp"

namespace canvasback {
namespace {

constexpr std::int64_t kLimitMax = 10'000;  // past it too many partitions would be wanted

Json with(const Json& object, std::string_view name, Json value) {
  Json::Object members = object.as_object();
  for (auto& [known, old] : members) {
    if (known == name) old = std::move(value);
  }
  return Json(std::move(members));
}

std::string_view class_of(const Json& expression) { return expression.at("class").as_string(); }

bool is_empty(const Json& value) {
  return value.is_null() || (value.is_array() && value.as_array().empty()) || value.as_string("x").empty();
}

// The same for expressions that mean the same wherever they stand.
std::string meaning_of(const Json& value) {
  if (value.is_array()) {
    std::string out = "[";
    for (const Json& item : value.as_array()) out += meaning_of(item) + ",";
    return out + "]";
  }
  if (!value.is_object()) return value.dump();
  std::string out = "{";
  for (const auto& [name, member] : value.as_object()) {
    if (name != "query_location" && name != "alias") out += name + ":" + meaning_of(member) + ",";
  }
  return out + "}";
}

bool any_of(const Json& value, const std::function<bool(const Json&)>& test) {
  if (value.is_object() && test(value)) return true;
  if (value.is_array()) {
    return std::ranges::any_of(value.as_array(), [&](const Json& item) { return any_of(item, test); });
  }
  return std::ranges::any_of(value.as_object(), [&](const auto& member) { return any_of(member.second, test); });
}

Json parse_tree(const char* text) { return Json::parse(text).value_or(Json()); }

// ------------------------------------------------------------------------------------------------ quantiles

// percentile_cont(q) WITHIN GROUP (ORDER BY value), or quantile_cont(value, q).
struct Quantile {
  Json value;
  Json share;
};

std::optional<Quantile> quantile_of(const Json& call) {
  if (class_of(call) != "FUNCTION" || call.at("function_name").as_string() != "quantile_cont" ||
      call.at("distinct").as_bool() || !is_empty(call.at("schema")) || call.at("export_state").as_bool()) {
    return std::nullopt;
  }
  const auto& children = call.at("children").as_array();
  const auto& orders = call.at("order_bys").at("orders").as_array();
  Quantile out;
  if (children.size() == 1 && orders.size() == 1) {
    const std::string_view order = orders[0].at("type").as_string();
    if (order != "ORDER_DEFAULT" && order != "ASCENDING") return std::nullopt;
    out = {orders[0].at("expression"), children[0]};
  } else if (children.size() == 2 && orders.empty()) {
    out = {children[0], children[1]};
  } else {
    return std::nullopt;
  }
  const std::string_view kind = out.share.at("value").at("type").at("id").as_string();
  if (class_of(out.share) != "CONSTANT" || (kind != "DECIMAL" && kind != "DOUBLE")) return std::nullopt;
  return out;
}

class Quantiles {
 public:
  // Notes the quantiles of an expression; those of subqueries and windows are another matter.
  void note(const Json& expression) {
    walk(expression, [this](const Json& call, const Quantile& quantile) {
      auto& shares = groups_[key_of(call, quantile)];
      const std::string share = meaning_of(quantile.share);
      if (std::ranges::find(shares, share, &Share::meaning) == shares.end()) shares.push_back({share, quantile.share});
    });
  }

  bool any() const {
    return std::ranges::any_of(groups_, [](const auto& group) { return group.second.size() > 1; });
  }

  // The expression with places in lists of quantiles for single ones.
  Json replaced(const Json& expression) const {
    if (const auto quantile = quantile_of(expression)) {
      const auto& shares = groups_.at(key_of(expression, *quantile));
      if (shares.size() > 1) return place(expression, *quantile, shares);
    }
    if (is_closed(expression)) return expression;
    if (expression.is_array()) {
      Json out = Json::Array{};
      for (const Json& item : expression.as_array()) out.push(replaced(item));
      return out;
    }
    if (!expression.is_object()) return expression;
    Json::Object members;
    for (const auto& [name, member] : expression.as_object()) members.emplace_back(name, replaced(member));
    return Json(std::move(members));
  }

 private:
  struct Share {
    std::string meaning;
    Json constant;
  };

  static bool is_closed(const Json& expression) {
    return class_of(expression) == "SUBQUERY" || class_of(expression) == "WINDOW";
  }

  static std::string key_of(const Json& call, const Quantile& quantile) {
    return meaning_of(quantile.value) + meaning_of(call.at("filter"));
  }

  template <class Found>
  static void walk(const Json& expression, const Found& found) {
    if (const auto quantile = quantile_of(expression)) return found(expression, *quantile);
    if (is_closed(expression)) return;
    for (const Json& item : expression.as_array()) walk(item, found);
    for (const auto& [name, member] : expression.as_object()) walk(member, found);
  }

  static Json place(const Json& call, const Quantile& quantile, const std::vector<Share>& shares) {
    Json constants = Json::Array{};
    for (const Share& share : shares) constants.push(share.constant);
    Json list = parse_tree(
        R"({"class":"FUNCTION","type":"FUNCTION","alias":"","query_location":0,"function_name":"list_value",)"
        R"("schema":"main","children":[],"filter":null,"order_bys":{"type":"ORDER_MODIFIER","orders":[]},)"
        R"("distinct":false,"is_operator":false,"export_state":false,"catalog":""})");
    list = with(list, "children", std::move(constants));
    Json all = with(call, "children", Json::Array{quantile.value, std::move(list)});
    all = with(all, "order_bys", parse_tree(R"({"type":"ORDER_MODIFIER","orders":[]})"));
    const auto at = std::ranges::find(shares, meaning_of(quantile.share), &Share::meaning) - shares.begin();
    Json number = parse_tree(R"({"class":"CONSTANT","type":"VALUE_CONSTANT","alias":"","query_location":0,)"
                             R"("value":{"type":{"id":"INTEGER","type_info":null},"is_null":false,"value":0}})");
    number = with(number, "value", with(number.at("value"), "value", Json(static_cast<std::int64_t>(at) + 1)));
    Json out = parse_tree(R"({"class":"OPERATOR","type":"ARRAY_EXTRACT","alias":"","query_location":0,"children":[]})");
    out = with(out, "alias", call.at("alias"));
    return with(out, "children", Json::Array{with(all, "alias", ""), std::move(number)});
  }

  std::map<std::string, std::vector<Share>> groups_;
};

std::optional<Json> with_lists_of_quantiles(const Json& node, const std::vector<std::string>& names) {
  const auto& list = node.at("select_list").as_array();
  Quantiles quantiles;
  for (const Json& item : list) quantiles.note(item);
  if (!quantiles.any()) return std::nullopt;
  Json items = Json::Array{};
  for (std::size_t i = 0; i < list.size(); ++i) {
    Json item = quantiles.replaced(list[i]);
    if (meaning_of(item) != meaning_of(list[i]) && is_empty(item.at("alias"))) {
      // Without a name of its own a column is named by its text. A star stands for any number of them.
      if (names.size() != list.size()) return std::nullopt;
      item = with(item, "alias", names[i]);
    }
    items.push(std::move(item));
  }
  return with(node, "select_list", std::move(items));
}

// -------------------------------------------------------------------------------------------------- windows

std::optional<std::int64_t> number_of(const Json& constant) {
  const Json& value = constant.at("value").at("value");
  if (class_of(constant) != "CONSTANT" || !value.is_integer() || value.as_int(-1) < 0) return std::nullopt;
  return value.as_int();
}

// LIMIT and OFFSET together, where they are numbers and nothing else stands behind the rows.
std::optional<std::int64_t> rows_wanted(const Json& node) {
  const auto& modifiers = node.at("modifiers").as_array();
  if (modifiers.size() != 1 || modifiers[0].at("type").as_string() != "LIMIT_MODIFIER") return std::nullopt;
  const auto limit = number_of(modifiers[0].at("limit"));
  const Json& offset = modifiers[0].at("offset");
  const auto skipped = offset.is_null() ? std::optional<std::int64_t>(0) : number_of(offset);
  if (!limit || !skipped || *limit > kLimitMax || *skipped > kLimitMax) return std::nullopt;
  return *limit + *skipped;
}

// Whether an expression is a function of the row alone, without calling any.
bool is_plain(const Json& expression) {
  return !any_of(expression, [](const Json& each) {
    const std::string_view kind = class_of(each);
    return !kind.empty() && kind != "COLUMN_REF" && kind != "CONSTANT" && kind != "COMPARISON" &&
           kind != "CONJUNCTION" && kind != "BETWEEN" && kind != "CAST" && kind != "OPERATOR";
  });
}

bool is_window(const Json& item) { return class_of(item) == "WINDOW"; }
bool is_plain_item(const Json& item) { return is_plain(class_of(item) == "STAR" ? with(item, "class", "") : item); }

// The column that every window of the list partitions by; null where there is none, or where other things than windows
// are computed.
Json shared_partition(const Json& list) {
  std::vector<Json> candidates;
  bool first = true;
  for (const Json& item : list.as_array()) {
    if (!is_window(item)) {
      if (!is_plain_item(item)) return {};
      continue;
    }
    if (any_of(item, [](const Json& each) { return class_of(each) == "SUBQUERY"; })) return {};
    const auto& partitions = item.at("partitions").as_array();
    if (std::exchange(first, false)) candidates = partitions;
    std::erase_if(candidates, [&](const Json& candidate) {
      return class_of(candidate) != "COLUMN_REF" || candidate.at("column_names").as_array().size() != 1 ||
             std::ranges::find(partitions, meaning_of(candidate), meaning_of) == partitions.end();
    });
  }
  return candidates.empty() ? Json() : candidates[0];
}

bool is_table_alone(const Json& node) {
  const Json& table = node.at("from_table");
  return table.at("type").as_string() == "BASE_TABLE" && table.at("sample").is_null() &&
         table.at("at_clause").is_null() && node.at("cte_map").at("map").as_array().empty() &&
         is_empty(node.at("group_expressions")) && is_empty(node.at("group_sets")) && node.at("having").is_null() &&
         node.at("sample").is_null() && node.at("qualify").is_null() &&
         node.at("aggregate_handling").as_string() == "STANDARD_HANDLING";
}

std::optional<Json> with_few_partitions(const Json& node) {
  const auto wanted = rows_wanted(node);
  if (!wanted || !is_table_alone(node) || !is_plain(node.at("where_clause"))) return std::nullopt;
  Json column = shared_partition(node.at("select_list"));
  if (column.is_null()) return std::nullopt;
  // A name that the list gives to something else would mean that.
  const std::string_view name = column.at("column_names").as_array()[0].as_string();
  for (const Json& item : node.at("select_list").as_array()) {
    if (lower(item.at("alias").as_string()) == lower(name)) return std::nullopt;
  }
  column = with(column, "alias", "");
  Json limit = parse_tree(
      R"({"type":"LIMIT_MODIFIER","limit":{"class":"CONSTANT","type":"VALUE_CONSTANT","alias":"","query_location":0,)"
      R"("value":{"type":{"id":"BIGINT","type_info":null},"is_null":false,"value":0}},"offset":null})");
  const Json& constant = limit.at("limit");
  limit = with(limit, "limit", with(constant, "value", with(constant.at("value"), "value", *wanted)));
  Json first = with(node, "select_list", Json::Array{column});
  first = with(first, "modifiers", Json::Array{std::move(limit)});
  Json statement;
  statement.set("node", std::move(first));
  statement.set("named_param_map", Json::Array{});
  Json among = parse_tree(
      R"({"class":"SUBQUERY","type":"SUBQUERY","alias":"","query_location":0,"subquery_type":"ANY","subquery":null,)"
      R"("child":null,"comparison_type":"COMPARE_EQUAL"})");
  among = with(with(among, "subquery", std::move(statement)), "child", column);
  Json unknown =
      parse_tree(R"({"class":"OPERATOR","type":"OPERATOR_IS_NULL","alias":"","query_location":0,"children":[]})");
  unknown = with(unknown, "children", Json::Array{column});
  const auto joined = [](const char* type, Json left, Json right) {
    Json out = parse_tree(R"({"class":"CONJUNCTION","type":"","alias":"","query_location":0,"children":[]})");
    return with(with(out, "type", type), "children", Json::Array{std::move(left), std::move(right)});
  };
  // The rows without a value are a partition, too, and no list holds it.
  Json condition = joined("CONJUNCTION_OR", std::move(among), std::move(unknown));
  const Json& where = node.at("where_clause");
  if (!where.is_null()) condition = joined("CONJUNCTION_AND", where, std::move(condition));
  return with(node, "where_clause", std::move(condition));
}

bool has_word(const std::string& text, std::string_view word) { return text.find(word) != std::string::npos; }

}  // namespace

bool may_be_cheaper(std::string_view sql) {
  const std::string text = lower(sql);
  if (has_word(text, "percentile_cont") || has_word(text, "quantile_cont")) return true;
  return has_word(text, "partition") && has_word(text, "limit");
}

std::optional<Json> cheaper(const Json& tree, const std::vector<std::string>& names) {
  const auto& statements = tree.at("statements").as_array();
  if (statements.size() != 1) return std::nullopt;
  const Json& node = statements[0].at("node");
  if (node.at("type").as_string() != "SELECT_NODE" || !is_empty(statements[0].at("named_param_map"))) {
    return std::nullopt;
  }
  auto made = with_lists_of_quantiles(node, names);
  if (!made) made = with_few_partitions(node);
  if (!made) return std::nullopt;
  return with(tree, "statements", Json::Array{with(statements[0], "node", std::move(*made))});
}

}  // namespace canvasback
