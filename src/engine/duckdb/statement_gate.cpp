#include "engine/duckdb/statement_gate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <span>
#include <utility>

#include "base/json.hpp"
#include "base/text.hpp"
#include "engine/duckdb/allowed_functions.hpp"
#include "engine/duckdb/json_bounds.hpp"
#include "engine/duckdb/plain_select.hpp"

namespace canvasback {
namespace {

// What a field of a node holds, and so how it is checked.
enum class Field {
  Plain,  // names, numbers, flags: text that no catalog look-up depends on
  Expression,
  Expressions,
  ExpressionLists,
  ExpressionMap,   // [{key, value: expression}]
  OrderModifier,   // {type, orders}
  Orders,          // [{type, null_order, expression}]
  CaseChecks,      // [{when_expr, then_expr}]
  Query,           // a query node
  Select,          // {node, named_param_map}
  Table,           // a table reference
  TableFunction,   // the function expression of a table function
  Modifiers,       // of a query node: order, limit, distinct
  CheckedByQuery,  // what brings names into scope: Walk::query takes it in its own order
  Sample,
  Pivots,
  PivotEntries,
  Type,
  Types,
  NamedTypes,  // [{first: name, second: type}]
  Value,       // a constant {type, is_null, value}
  Values,
  Empty,  // must be absent, null or empty
};

struct FieldRule {
  std::string_view name;
  Field field;
};

// A kind of node with all the fields it may have.
struct NodeRule {
  std::string_view kind;
  std::span<const FieldRule> fields;
};

#define FIELDS(name, ...) constexpr FieldRule name[] = {__VA_ARGS__}

// Expressions, by their class. Each has class, type, alias and query_location besides.
FIELDS(kBetween, {"input", Field::Expression}, {"lower", Field::Expression}, {"upper", Field::Expression});
FIELDS(kCase, {"case_checks", Field::CaseChecks}, {"else_expr", Field::Expression});
FIELDS(kCast, {"child", Field::Expression}, {"cast_type", Field::Type}, {"try_cast", Field::Plain});
FIELDS(kCollate, {"child", Field::Expression}, {"collation", Field::Plain});
FIELDS(kColumn, {"column_names", Field::Plain});
FIELDS(kComparison, {"left", Field::Expression}, {"right", Field::Expression});
FIELDS(kChildren, {"children", Field::Expressions});
FIELDS(kConstant, {"value", Field::Value});
FIELDS(kFunction, {"function_name", Field::Plain}, {"schema", Field::Plain}, {"catalog", Field::Plain},
       {"children", Field::Expressions}, {"filter", Field::Expression}, {"order_bys", Field::OrderModifier},
       {"distinct", Field::Plain}, {"is_operator", Field::Plain}, {"export_state", Field::Empty});
FIELDS(kLambda, {"lhs", Field::Expression}, {"expr", Field::Expression}, {"syntax_type", Field::Plain});
FIELDS(kParameter, {"identifier", Field::Plain});
FIELDS(kPosition, {"index", Field::Plain});
FIELDS(kStar, {"relation_name", Field::Plain}, {"exclude_list", Field::Plain}, {"replace_list", Field::ExpressionMap},
       {"columns", Field::Plain}, {"expr", Field::Expression}, {"qualified_exclude_list", Field::Plain},
       {"rename_list", Field::Plain});
FIELDS(kSubquery, {"subquery_type", Field::Plain}, {"subquery", Field::Select}, {"child", Field::Expression},
       {"comparison_type", Field::Plain});
FIELDS(kWindow, {"function_name", Field::Plain}, {"schema", Field::Plain}, {"catalog", Field::Plain},
       {"children", Field::Expressions}, {"partitions", Field::Expressions}, {"orders", Field::Orders},
       {"start", Field::Plain}, {"end", Field::Plain}, {"start_expr", Field::Expression},
       {"end_expr", Field::Expression}, {"offset_expr", Field::Expression}, {"default_expr", Field::Expression},
       {"ignore_nulls", Field::Plain}, {"filter_expr", Field::Expression}, {"exclude_clause", Field::Plain},
       {"distinct", Field::Plain}, {"arg_orders", Field::Orders});
constexpr NodeRule kExpressions[] = {{"BETWEEN", kBetween},
                                     {"CASE", kCase},
                                     {"CAST", kCast},
                                     {"COLLATE", kCollate},
                                     {"COLUMN_REF", kColumn},
                                     {"COMPARISON", kComparison},
                                     {"CONJUNCTION", kChildren},
                                     {"CONSTANT", kConstant},
                                     {"FUNCTION", kFunction},
                                     {"LAMBDA", kLambda},
                                     {"OPERATOR", kChildren},
                                     {"PARAMETER", kParameter},
                                     {"POSITIONAL_REFERENCE", kPosition},
                                     {"STAR", kStar},
                                     {"SUBQUERY", kSubquery},
                                     {"WINDOW", kWindow}};
// clang-format off
constexpr std::string_view kExpressionTypes[] = {
    "ARRAY_CONSTRUCTOR", "ARRAY_EXTRACT", "ARRAY_SLICE", "ARROW", "CASE_EXPR", "COLLATE", "COLUMN_REF",
    "COMPARE_BETWEEN", "COMPARE_DISTINCT_FROM", "COMPARE_EQUAL", "COMPARE_GREATERTHAN",
    "COMPARE_GREATERTHANOREQUALTO", "COMPARE_IN", "COMPARE_LESSTHAN", "COMPARE_LESSTHANOREQUALTO", "COMPARE_NOTEQUAL",
    "COMPARE_NOT_BETWEEN", "COMPARE_NOT_DISTINCT_FROM", "COMPARE_NOT_IN", "CONJUNCTION_AND", "CONJUNCTION_OR",
    "FUNCTION", "GROUPING_FUNCTION", "LAMBDA", "OPERATOR_CAST", "OPERATOR_COALESCE", "OPERATOR_IS_NOT_NULL",
    "OPERATOR_IS_NULL", "OPERATOR_NOT", "OPERATOR_NULLIF", "OPERATOR_TRY", "OPERATOR_UNPACK", "POSITIONAL_REFERENCE",
    "STAR", "STRUCT_EXTRACT", "SUBQUERY", "VALUE_CONSTANT", "VALUE_PARAMETER", "WINDOW_AGGREGATE", "WINDOW_CUME_DIST",
    "WINDOW_FILL", "WINDOW_FIRST_VALUE", "WINDOW_LAG", "WINDOW_LAST_VALUE", "WINDOW_LEAD", "WINDOW_NTH_VALUE",
    "WINDOW_NTILE", "WINDOW_PERCENT_RANK", "WINDOW_RANK", "WINDOW_RANK_DENSE", "WINDOW_ROW_NUMBER"
};
// clang-format on

// Table references, by their type. Each has type, alias, sample and query_location besides.
FIELDS(kBaseTable, {"schema_name", Field::Plain}, {"table_name", Field::Plain}, {"catalog_name", Field::Plain},
       {"column_name_alias", Field::Plain}, {"at_clause", Field::Empty});
FIELDS(kSubqueryTable, {"subquery", Field::Select}, {"column_name_alias", Field::Plain});
FIELDS(kJoin, {"left", Field::Table}, {"right", Field::Table}, {"condition", Field::Expression},
       {"join_type", Field::Plain}, {"ref_type", Field::Plain}, {"using_columns", Field::Plain},
       {"delim_flipped", Field::Empty}, {"duplicate_eliminated_columns", Field::Empty}, {"is_implicit", Field::Plain});
FIELDS(kTableFunction, {"function", Field::TableFunction}, {"column_name_alias", Field::Plain},
       {"with_ordinality", Field::Plain});
FIELDS(kValuesTable, {"expected_names", Field::Plain}, {"expected_types", Field::Types},
       {"values", Field::ExpressionLists});
FIELDS(kPivotTable, {"source", Field::Table}, {"aggregates", Field::Expressions}, {"unpivot_names", Field::Plain},
       {"pivots", Field::Pivots}, {"groups", Field::Plain}, {"column_name_alias", Field::Plain},
       {"include_nulls", Field::Plain});
// Without a query this is SHOW TABLES, SHOW DATABASES and their kind: listings of the engine's catalog.
FIELDS(kDescribeTable, {"query", Field::Query}, {"show_type", Field::Plain}, {"table_name", Field::Empty},
       {"catalog_name", Field::Empty}, {"schema_name", Field::Empty});
constexpr NodeRule kTables[] = {{"BASE_TABLE", kBaseTable},
                                {"SUBQUERY", kSubqueryTable},
                                {"JOIN", kJoin},
                                {"EMPTY", {}},
                                {"TABLE_FUNCTION", kTableFunction},
                                {"EXPRESSION_LIST", kValuesTable},
                                {"PIVOT", kPivotTable},
                                {"SHOW_REF", kDescribeTable}};

// Query nodes, by their type. Each has type, modifiers and cte_map besides.
FIELDS(kSelect, {"select_list", Field::Expressions}, {"from_table", Field::Table}, {"where_clause", Field::Expression},
       {"group_expressions", Field::Expressions}, {"group_sets", Field::Plain}, {"aggregate_handling", Field::Plain},
       {"having", Field::Expression}, {"sample", Field::Sample}, {"qualify", Field::Expression});
FIELDS(kSetOperation, {"setop_type", Field::Plain}, {"left", Field::Query}, {"right", Field::Query},
       {"setop_all", Field::Plain});
FIELDS(kRecursive, {"cte_name", Field::Plain}, {"union_all", Field::Plain}, {"left", Field::CheckedByQuery},
       {"right", Field::CheckedByQuery}, {"aliases", Field::Plain}, {"key_targets", Field::Expressions});
constexpr NodeRule kQueries[] = {
    {"SELECT_NODE", kSelect}, {"SET_OPERATION_NODE", kSetOperation}, {"RECURSIVE_CTE_NODE", kRecursive}};

FIELDS(kOrderModifier, {"orders", Field::Orders});
FIELDS(kLimitModifier, {"limit", Field::Expression}, {"offset", Field::Expression});
FIELDS(kDistinctModifier, {"distinct_on_targets", Field::Expressions});
constexpr NodeRule kModifiers[] = {{"ORDER_MODIFIER", kOrderModifier},
                                   {"LIMIT_MODIFIER", kLimitModifier},
                                   {"LIMIT_PERCENT_MODIFIER", kLimitModifier},
                                   {"DISTINCT_MODIFIER", kDistinctModifier}};

// Extra information of a type, by its type.
FIELDS(kNoFields, {"alias", Field::Plain});
FIELDS(kDecimalType, {"width", Field::Plain}, {"scale", Field::Plain});
FIELDS(kStringType, {"collation", Field::Plain});
FIELDS(kListType, {"child_type", Field::Type});
FIELDS(kArrayType, {"child_type", Field::Type}, {"size", Field::Plain});
FIELDS(kStructType, {"child_types", Field::NamedTypes});
FIELDS(kIntegerLiteral, {"constant_value", Field::Value});
FIELDS(kUnboundType, {"name", Field::Plain}, {"catalog", Field::Empty}, {"schema", Field::Empty},
       {"user_type_modifiers", Field::Values});
constexpr NodeRule kTypeInfos[] = {{"GENERIC_TYPE_INFO", kNoFields},    {"DECIMAL_TYPE_INFO", kDecimalType},
                                   {"STRING_TYPE_INFO", kStringType},   {"LIST_TYPE_INFO", kListType},
                                   {"ARRAY_TYPE_INFO", kArrayType},     {"STRUCT_TYPE_INFO", kStructType},
                                   {"UNBOUND_TYPE_INFO", kUnboundType}, {"INTEGER_LITERAL_TYPE_INFO", kIntegerLiteral}};

// Parts that are no nodes of their own.
FIELDS(kOrder, {"type", Field::Plain}, {"null_order", Field::Plain}, {"expression", Field::Expression});
FIELDS(kCaseCheck, {"when_expr", Field::Expression}, {"then_expr", Field::Expression});
FIELDS(kMapEntry, {"key", Field::Plain}, {"value", Field::Expression});
FIELDS(kStatement, {"node", Field::Query}, {"named_param_map", Field::Plain});
FIELDS(kSampleOptions, {"sample_size", Field::Value}, {"is_percentage", Field::Plain}, {"method", Field::Plain},
       {"seed", Field::Plain});
// pivot_enum names a type in the catalog.
FIELDS(kPivot, {"pivot_expressions", Field::Expressions}, {"unpivot_names", Field::Plain},
       {"entries", Field::PivotEntries}, {"pivot_enum", Field::Empty});
FIELDS(kPivotEntry, {"values", Field::Values}, {"star_expr", Field::Expression}, {"alias", Field::Plain});
FIELDS(kCommonTable, {"aliases", Field::Plain}, {"query", Field::Select}, {"materialized", Field::Plain},
       {"key_targets", Field::Expressions});
FIELDS(kNamedType, {"first", Field::Plain}, {"second", Field::Type});

FIELDS(kExpressionBase, {"class", Field::Plain}, {"type", Field::Plain}, {"alias", Field::Plain},
       {"query_location", Field::Plain});
FIELDS(kTableBase, {"type", Field::Plain}, {"alias", Field::Plain}, {"query_location", Field::Plain},
       {"sample", Field::Sample});
FIELDS(kQueryBase, {"type", Field::Plain}, {"modifiers", Field::Modifiers}, {"cte_map", Field::CheckedByQuery});
FIELDS(kTypedBase, {"type", Field::Plain});
FIELDS(kTypeInfoBase, {"type", Field::Plain}, {"alias", Field::Plain});
#undef FIELDS

bool is_absent(const Json& value) {
  if (value.is_null()) return true;
  if (value.is_bool()) return !value.as_bool();
  if (value.is_string()) return value.as_string().empty();
  if (value.is_array()) return value.as_array().empty();
  if (value.is_object()) return value.as_object().empty();
  return false;
}

std::unexpected<Error> refuse(ErrorCode code, std::string message, const Json* node = nullptr) {
  Error error{code, std::move(message), {}, {}, 0};
  if (node != nullptr) {
    // Nodes that the parser made up itself carry the largest number.
    const std::int64_t position = node->at("query_location").as_int(-1);
    if (position >= 0 && position <= std::numeric_limits<int>::max()) error.position = static_cast<int>(position);
  }
  return std::unexpected(std::move(error));
}

std::unexpected<Error> refuse_unknown(std::string_view what, std::string_view name, const Json* node = nullptr) {
  return refuse(ErrorCode::QueryForbidden,
                fmt::format("The statement uses {} that is not allowed here: {}.", what, name), node);
}

// Walks a tree. Names in scope form a stack: a query pushes its common tables and takes them back when it ends.
class Walk {
 public:
  explicit Walk(const std::function<bool(std::string_view)>& table_visible) : table_visible_(table_visible) {}

  Status statement(const Json& tree) {
    if (!tree.at("node").is_object()) return refuse_unknown("a construct", "malformed tree");
    return fields(tree, kStatement);
  }
  std::vector<std::string> take_tables() { return std::move(tables_); }

 private:
  Status field(Field kind, const Json& value);
  Status fields(const Json& node, std::span<const FieldRule> own, std::span<const FieldRule> base = {});
  Status each(const Json& list, Status (Walk::*check)(const Json&));
  Status each_of(const Json& list, std::span<const FieldRule> own);
  Status named_node(const Json& node, std::string_view kind, std::span<const NodeRule> rules,
                    std::span<const FieldRule> base, std::string_view what);

  Status expression(const Json& node);
  Status expression_list(const Json& list) { return each(list, &Walk::expression); }
  Status table_function(const Json& node);
  Status query(const Json& node);
  Status recursion(const Json& node);
  Status common_tables(const Json& map);
  Status common_table(std::string_view name, const Json& table);
  Status table(const Json& node);
  Status base_table(const Json& node);
  Status modifier(const Json& node) { return named_node(node, "type", kModifiers, kTypedBase, "a clause"); }
  Status type(const Json& node);
  Status value(const Json& node);

  bool in_scope(std::string_view name) const {
    return std::find(scope_.begin(), scope_.end(), lower(name)) != scope_.end();
  }
  void use_table(std::string_view name);

  const std::function<bool(std::string_view)>& table_visible_;
  std::vector<std::string> scope_;         // lower case; a recursive table also as "recurring." and its name
  std::vector<std::string> tables_;        // as spelled
  std::vector<std::string> lower_tables_;  // the same in lower case
};

// Only for the advice in a message.
bool reads_files(std::string_view function) {
  const auto part_of = [&](std::string_view part) { return function.find(part) != std::string_view::npos; };
  return part_of("read_") || part_of("_scan") || part_of("parquet_") || part_of("csv") || part_of("glob");
}

const FieldRule* find_rule(std::span<const FieldRule> rules, std::string_view name) {
  auto found = std::find_if(rules.begin(), rules.end(), [&](const FieldRule& rule) { return rule.name == name; });
  return found == rules.end() ? nullptr : &*found;
}

// Every member of an object must be known, and is checked by its kind.
Status Walk::fields(const Json& node, std::span<const FieldRule> own, std::span<const FieldRule> base) {
  if (!node.is_object()) return refuse_unknown("a construct", "malformed tree");
  for (const auto& [name, member] : node.as_object()) {
    const FieldRule* rule = find_rule(own, name);
    if (rule == nullptr) rule = find_rule(base, name);
    if (is_absent(member)) continue;
    if (rule == nullptr) return refuse_unknown("a construct", name, &node);
    if (rule->field == Field::Empty) return refuse_unknown("a construct", name, &node);
    CANVASBACK_TRY(field(rule->field, member));
  }
  return {};
}

Status Walk::each(const Json& list, Status (Walk::*check)(const Json&)) {
  if (!list.is_array()) return refuse_unknown("a construct", "malformed list");
  for (const Json& item : list.as_array()) CANVASBACK_TRY((this->*check)(item));
  return {};
}

Status Walk::each_of(const Json& list, std::span<const FieldRule> own) {
  if (!list.is_array()) return refuse_unknown("a construct", "malformed list");
  for (const Json& item : list.as_array()) CANVASBACK_TRY(fields(item, own));
  return {};
}

Status Walk::field(Field kind, const Json& value_of) {
  switch (kind) {
    case Field::Plain: return {};
    case Field::Expression: return expression(value_of);
    case Field::Expressions: return expression_list(value_of);
    case Field::ExpressionLists: return each(value_of, &Walk::expression_list);
    case Field::ExpressionMap: return each_of(value_of, kMapEntry);
    case Field::OrderModifier: return modifier(value_of);
    case Field::Orders: return each_of(value_of, kOrder);
    case Field::CaseChecks: return each_of(value_of, kCaseCheck);
    case Field::Query: return query(value_of);
    case Field::Select: return fields(value_of, kStatement);
    case Field::Table: return table(value_of);
    case Field::TableFunction: return table_function(value_of);
    case Field::Modifiers: return each(value_of, &Walk::modifier);
    case Field::CheckedByQuery: return {};
    case Field::Sample: return fields(value_of, kSampleOptions);
    case Field::Pivots: return each_of(value_of, kPivot);
    case Field::PivotEntries: return each_of(value_of, kPivotEntry);
    case Field::Type: return type(value_of);
    case Field::Types: return each(value_of, &Walk::type);
    case Field::NamedTypes: return each_of(value_of, kNamedType);
    case Field::Value: return value(value_of);
    case Field::Values: return each(value_of, &Walk::value);
    case Field::Empty: break;
  }
  return refuse_unknown("a construct", "malformed tree");
}

Status Walk::named_node(const Json& node, std::string_view kind, std::span<const NodeRule> rules,
                        std::span<const FieldRule> base, std::string_view what) {
  const std::string_view name = node.at(kind).as_string();
  for (const NodeRule& rule : rules) {
    if (rule.kind == name) return fields(node, rule.fields, base);
  }
  return refuse_unknown(what, name, &node);
}

Status Walk::expression(const Json& node) {
  const std::string_view type_name = node.at("type").as_string();
  if (std::find(std::begin(kExpressionTypes), std::end(kExpressionTypes), type_name) == std::end(kExpressionTypes)) {
    return refuse_unknown("an expression", type_name, &node);
  }
  const std::string_view node_class = node.at("class").as_string();
  if (node_class == "FUNCTION" || node_class == "WINDOW") {
    const std::string_view name = node.at("function_name").as_string();
    if (!is_allowed_function(name)) {
      return refuse(ErrorCode::QueryForbidden,
                    fmt::format("The function \"{}\" is not known or not allowed here.", name), &node);
    }
    if (auto wrong = wrong_json(name, node)) return refuse(ErrorCode::QueryInvalid, std::move(*wrong), &node);
  }
  return named_node(node, "class", kExpressions, kExpressionBase, "an expression");
}

Status Walk::table_function(const Json& node) {
  const std::string_view name = node.at("function_name").as_string();
  if (!is_allowed_table_function(name)) {
    std::string message = fmt::format("The table function \"{}\" is not known or not allowed here.", name);
    if (reads_files(name)) message += " Files are read as the datasets they are registered as.";
    return refuse(ErrorCode::QueryForbidden, std::move(message), &node);
  }
  if (node.at("class").as_string() != "FUNCTION") {
    return refuse_unknown("a table", node.at("class").as_string(), &node);
  }
  return fields(node, kFunction, kExpressionBase);
}

Status Walk::query(const Json& node) {
  const std::size_t outer = scope_.size();
  CANVASBACK_TRY(common_tables(node.at("cte_map")));
  CANVASBACK_TRY(named_node(node, "type", kQueries, kQueryBase, "a query"));
  if (node.at("type").as_string() == "RECURSIVE_CTE_NODE") CANVASBACK_TRY(recursion(node));
  scope_.resize(outer);
  return {};
}

// The right side, and it alone, also sees what the recursion made so far, under the query's own name.
Status Walk::recursion(const Json& node) {
  CANVASBACK_TRY(query(node.at("left")));
  const std::string name = lower(node.at("cte_name").as_string());
  scope_.push_back(name);
  scope_.push_back("recurring." + name);
  return query(node.at("right"));
}

// As in DuckDB, a common table sees those before it and what is outside, not itself.
Status Walk::common_tables(const Json& map) {
  if (is_absent(map)) return {};
  if (map.as_object().size() != 1) return refuse_unknown("a construct", "malformed WITH");
  for (const Json& entry : map.at("map").as_array()) {
    const std::string_view name = entry.at("key").as_string();
    CANVASBACK_TRY(common_table(name, entry.at("value")));
    scope_.push_back(lower(name));
  }
  return {};
}

Status Walk::common_table(std::string_view name, const Json& common) {
  // Should DuckDB ever resolve such a name otherwise than this walk does, it must not find a file or a system view.
  bool risky = name.empty() || name.starts_with('~') || name.find_first_of("./*?[:\\") != std::string_view::npos;
  for (std::string_view prefix : {"duckdb_", "pg_", "pragma_", "sqlite_"}) {
    risky = risky || starts_with_ignoring_case(name, prefix);
  }
  if (risky) {
    return refuse(ErrorCode::QueryForbidden, fmt::format("WITH may not define the name \"{}\": it reads like a file or "
                                                         "a system table.",
                                                         name));
  }
  return fields(common, kCommonTable);
}

Status Walk::table(const Json& node) {
  const std::string_view kind = node.at("type").as_string();
  if (kind == "BASE_TABLE") CANVASBACK_TRY(base_table(node));
  if (kind == "SHOW_REF" && is_absent(node.at("query"))) {
    return refuse(ErrorCode::QueryForbidden, "SHOW is not allowed here; GET /api/v1/datasets lists the datasets.");
  }
  return named_node(node, "type", kTables, kTableBase, "a table");
}

Status Walk::base_table(const Json& node) {
  const std::string_view name = node.at("table_name").as_string();
  const std::string schema = lower(node.at("schema_name").as_string());
  const std::string catalog = lower(node.at("catalog_name").as_string());
  if (catalog.empty() && schema.empty() && in_scope(name)) return {};
  if (catalog.empty() && schema == "recurring" && in_scope("recurring." + std::string(name))) return {};
  // DuckDB reads a single qualifier as a schema or, failing that, as a database.
  const bool own = (catalog.empty() && (schema.empty() || schema == "main" || schema == "memory")) ||
                   (catalog == "memory" && schema == "main");
  if (!own || !table_visible_(name)) {
    std::string full(name);
    if (!schema.empty()) full = schema + "." + full;
    if (!catalog.empty()) full = catalog + "." + full;
    return refuse(ErrorCode::QueryInvalid, fmt::format("The table \"{}\" does not exist or is not visible.", full),
                  &node);
  }
  use_table(name);
  return {};
}

void Walk::use_table(std::string_view name) {
  std::string key = lower(name);
  if (std::find(lower_tables_.begin(), lower_tables_.end(), key) != lower_tables_.end()) return;
  lower_tables_.push_back(std::move(key));
  tables_.emplace_back(name);
}

Status Walk::type(const Json& node) {
  const std::string_view id = node.at("id").as_string();
  const Json& info = node.at("type_info");
  // A name that the parser does not know itself is looked up in the catalog.
  const std::string_view name = id == "UNBOUND" ? info.at("name").as_string() : id;
  if (!is_allowed_type(name)) {
    return refuse(ErrorCode::QueryForbidden, fmt::format("The type \"{}\" is not known or not allowed here.", name));
  }
  for (const auto& member : node.as_object()) {
    if (member.first != "id" && member.first != "type_info") return refuse_unknown("a type", member.first);
  }
  if (is_absent(info)) return {};
  return named_node(info, "type", kTypeInfos, kTypeInfoBase, "a type");
}

// The value itself is data; only its type is looked at.
Status Walk::value(const Json& node) {
  if (!node.is_object()) return refuse_unknown("a construct", "malformed value");
  return type(node.at("type"));
}

std::unexpected<Error> parser_error(const Json& root) {
  const std::string_view kind = root.at("error_type").as_string();
  const std::string_view message = root.at("error_message").as_string();
  if (message.starts_with("Only SELECT statements")) {
    return refuse(ErrorCode::QueryForbidden,
                  "Only one SELECT is allowed here (or FROM, VALUES, DESCRIBE, SUMMARIZE, UNPIVOT, or PIVOT with its "
                  "values listed: ON column IN (…)).");
  }
  if (kind == "serialization") {
    return refuse(ErrorCode::QueryForbidden, fmt::format("The statement cannot be checked: {}.", message));
  }
  Error error{ErrorCode::QueryInvalid, std::string(message), {}, {}, 0};
  const std::string_view position = root.at("position").as_string();
  int offset = 0;
  if (std::from_chars(position.data(), position.data() + position.size(), offset).ec == std::errc{}) {
    error.position = offset;
  }
  return std::unexpected(std::move(error));
}

// The first word, past white space, comments and opening brackets, in lower case.
std::string leading_word(std::string_view sql) {
  while (true) {
    sql.remove_prefix(std::min(sql.find_first_not_of(" \t\r\n\f\v(;"), sql.size()));
    if (sql.starts_with("--")) {
      sql.remove_prefix(std::min(sql.find('\n'), sql.size()));
    } else if (sql.starts_with("/*")) {
      const std::size_t end = sql.find("*/", 2);
      sql.remove_prefix(end == std::string_view::npos ? sql.size() : end + 2);
    } else {
      break;
    }
  }
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return lower(
      sql.substr(0, static_cast<std::size_t>(std::find_if_not(sql.begin(), sql.end(), is_letter) - sql.begin())));
}

struct Refusal {
  std::string_view words;  // between spaces
  std::string_view message;
};

constexpr std::array kRefusals{
    Refusal{" copy ",
            "COPY is not allowed here; use GET /api/v1/datasets/{name}/export or `format` on this query to "
            "get a file."},
    Refusal{" export ", "EXPORT is not allowed here; use GET /api/v1/datasets/{name}/export to get a file."},
    Refusal{" insert update delete merge truncate ",
            "Statements that change data are not allowed here; this route only reads."},
    Refusal{
        " create drop alter comment ",
        "Statements that define tables, views or functions are not allowed here; name a subquery with WITH instead."},
    Refusal{" attach detach use import ",
            "Other databases cannot be attached; files are read as the datasets they are registered as."},
    Refusal{" install load ", "Extensions cannot be installed or loaded here."},
    Refusal{" set reset pragma ", "Settings cannot be changed here."},
    Refusal{" call execute prepare deallocate ",
            "Only a SELECT is allowed here; values are passed as `parameters` of the query."},
    Refusal{" begin start commit rollback abort end checkpoint vacuum analyze ",
            "Transactions and maintenance are not allowed here; each SELECT reads one consistent state."},
    Refusal{" explain ", "EXPLAIN is not allowed here."}};

}  // namespace

Result<GateResult> check_statement(const GateRequest& request) {
  const Result<Json> root = Json::parse(request.serialized, kStatementDepthMax);
  if (!root) {
    if (root.error().message.find("nested") != std::string::npos) {
      return refuse(ErrorCode::QueryInvalid, "The statement is nested too deeply.");
    }
    return std::unexpected(
        Error{ErrorCode::QueryForbidden, "The statement cannot be checked.", root.error().message, {}, 0});
  }
  if (root->at("error").as_bool(true)) return parser_error(*root);
  const Json::Array& statements = root->at("statements").as_array();
  if (statements.empty()) return refuse(ErrorCode::QueryInvalid, "The statement is empty.");
  if (statements.size() > 1) return refuse(ErrorCode::QueryForbidden, "Only one statement at a time is allowed here.");
  Walk walk(request.table_visible);
  CANVASBACK_TRY(walk.statement(statements.front()));
  return GateResult{walk.take_tables(), plain_select(statements.front())};
}

Result<void> explain_refusal(std::string_view sql) {
  if (sql.find('\0') != std::string_view::npos) return refuse(ErrorCode::QueryInvalid, "The statement has a NUL byte.");
  const std::string word = leading_word(sql);
  if (word.empty()) return {};
  for (const Refusal& refusal : kRefusals) {
    if (refusal.words.find(" " + word + " ") != std::string_view::npos) {
      return refuse(ErrorCode::QueryForbidden, std::string(refusal.message));
    }
  }
  return {};
}

}  // namespace canvasback
