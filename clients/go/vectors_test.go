package canvasback

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// The golden vectors of protocol/vectors by this client's own calls; protocol/README.md describes them.

type vectorFile struct {
	Datasets map[string]struct{ File, Text string }
	Vectors  []struct {
		Name   string
		Call   *vectorCall
		Result *vectorResult
		Error  *struct {
			Code     Code
			Status   int
			Position *int
			Records  []int64
		}
	}
}

type vectorCall struct {
	Kind, Dataset, SQL, Collection, After string
	Columns                               []string
	Filter                                any
	Sort                                  []SortKey
	Limit                                 int64
	TimeoutMS                             int64 `json:"timeout_ms"`
	Parameters                            any
	Records                               []any
	Quarantine                            bool
	View                                  ViewSpec
	Window                                WindowRequest
}

// vectorResult has what a vector says, or what a call gave.
type vectorResult struct {
	Columns     []string
	Rows        *[][]any
	Total       *int64
	Exact       *bool
	More        *bool
	Cut         *bool
	Records     *int64
	Quarantined *int64
	Repeated    *bool
}

func (call *vectorCall) selection() Selection {
	return Selection{Columns: call.Columns, Filter: call.Filter, Sort: call.Sort, Limit: call.Limit}
}

func (call *vectorCall) options() []QueryOption {
	var options []QueryOption
	switch parameters := call.Parameters.(type) {
	case []any:
		options = append(options, Parameters(parameters...))
	case map[string]any:
		options = append(options, NamedParameters(parameters))
	}
	if call.Limit > 0 {
		options = append(options, Limit(call.Limit))
	}
	if call.TimeoutMS > 0 {
		options = append(options, Timeout(time.Duration(call.TimeoutMS)*time.Millisecond))
	}
	return options
}

func typeName(kind arrow.DataType) string {
	switch kind := kind.(type) {
	case *arrow.Decimal128Type:
		return fmt.Sprintf("decimal128(%d, %d)", kind.Precision, kind.Scale)
	case *arrow.TimestampType:
		return fmt.Sprintf("timestamp[%s]", kind.Unit)
	case *arrow.StringType:
		return "utf8"
	}
	return kind.Name()
}

// plain is a value of Arrow as a JSON answer writes it.
func plain(values arrow.Array, row int) any {
	if values.IsNull(row) {
		return nil
	}
	switch values := values.(type) {
	case *array.Int64:
		return float64(values.Value(row))
	case *array.Int32:
		return float64(values.Value(row))
	case *array.Float64:
		return values.Value(row)
	case *array.String:
		return values.Value(row)
	case *array.Boolean:
		return values.Value(row)
	case *array.Date32:
		return values.Value(row).FormattedString()
	case *array.Decimal128:
		return values.Value(row).ToString(values.DataType().(*arrow.Decimal128Type).Scale)
	case *array.Timestamp:
		unit := values.DataType().(*arrow.TimestampType).Unit
		return values.Value(row).ToTime(unit).Format("2006-01-02T15:04:05.999999")
	}
	panic("no vector has this type: " + values.DataType().String())
}

func (result *vectorResult) add(batch arrow.RecordBatch) {
	for row := range int(batch.NumRows()) {
		values := make([]any, batch.NumCols())
		for column := range values {
			values[column] = plain(batch.Column(column), row)
		}
		*result.Rows = append(*result.Rows, values)
	}
}

func columnsOfStream(schema *arrow.Schema) []string {
	var names []string
	for _, field := range schema.Fields() {
		names = append(names, field.Name+" "+typeName(field.Type))
	}
	return names
}

func columnsOfPage(columns []Column) []string {
	var names []string
	for _, column := range columns {
		names = append(names, column.Name+" "+column.Type)
	}
	return names
}

func streamed(stream *Stream, err error) (*vectorResult, error) {
	if err != nil {
		return nil, err
	}
	result := &vectorResult{Columns: columnsOfStream(stream.Schema()), Rows: &[][]any{}}
	for batch, err := range stream.Batches() {
		if err != nil {
			return nil, err
		}
		result.add(batch)
	}
	more := stream.Truncated()
	result.More = &more
	return result, nil
}

func paged(page *Page, err error) (*vectorResult, error) {
	if err != nil {
		return nil, err
	}
	more := page.Truncated || page.Next != ""
	rows := numbersOf(page.Rows)
	return &vectorResult{Columns: columnsOfPage(page.Columns), Rows: &rows, Total: page.TotalRows,
		Exact: &page.TotalExact, More: &more}, nil
}

// numbersOf has the numbers of a page as those of the vectors are read.
func numbersOf(rows [][]any) [][]any {
	var same [][]any
	if err := json.Unmarshal(must(json.Marshal(rows)), &same); err != nil {
		panic(err)
	}
	return same
}

func (call *vectorCall) run(ctx context.Context, client *Client) (*vectorResult, error) {
	switch call.Kind {
	case "page":
		return paged(client.Page(ctx, call.Dataset, call.selection(), call.After))
	case "pages":
		all := &Page{}
		for page, err := range client.Pages(ctx, call.Dataset, call.selection()) {
			if err != nil {
				return nil, err
			}
			page.Rows = append(all.Rows, page.Rows...)
			all = page
		}
		return paged(all, nil)
	case "stream":
		return streamed(client.Stream(ctx, call.Dataset, call.selection()))
	case "query":
		return paged(client.QueryPage(ctx, call.SQL, call.options()...))
	case "query_stream":
		return streamed(client.Query(ctx, call.SQL, call.options()...))
	case "dataset":
		dataset, err := client.Dataset(ctx, call.Dataset)
		if err != nil {
			return nil, err
		}
		result := &vectorResult{Total: dataset.Rows}
		for _, column := range dataset.Columns {
			result.Columns = append(result.Columns, column.Name+" "+column.Type)
		}
		return result, nil
	case "ingest":
		stored, err := Ingest(ctx, client, call.Collection, call.Records, IngestOptions{Quarantine: call.Quarantine})
		if err != nil {
			return nil, err
		}
		return &vectorResult{Records: &stored.Records, Quarantined: &stored.Quarantined, Repeated: &stored.Repeated}, nil
	case "window":
		return call.window(ctx, client)
	}
	return nil, fmt.Errorf("calls of kind %q are not tested here", call.Kind)
}

func (call *vectorCall) window(ctx context.Context, client *Client) (*vectorResult, error) {
	connection, err := client.Connect(ctx)
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	view, err := connection.Open(ctx, call.View)
	if err != nil {
		return nil, err
	}
	state, err := view.Ready(ctx)
	if err != nil {
		return nil, err
	}
	window, err := view.Window(ctx, call.Window)
	if err != nil {
		return nil, err
	}
	defer window.Release()
	result := &vectorResult{Columns: columnsOfStream(window.Batch.Schema()), Rows: &[][]any{}, Total: state.Rows,
		Exact: &state.RowsExact, More: &window.Partial, Cut: &window.Cut}
	result.add(window.Batch)
	return result, nil
}

// compare says where a result is not what its vector says; what the vector does not say is not looked at.
func compare(t *testing.T, wanted, got *vectorResult) {
	t.Helper()
	fields, values := reflect.ValueOf(*wanted), reflect.ValueOf(*got)
	for i := range fields.NumField() {
		field, value := fields.Field(i), values.Field(i)
		if !field.IsNil() && !reflect.DeepEqual(field.Interface(), value.Interface()) {
			t.Errorf("%s: %s instead of %s", fields.Type().Field(i).Name,
				must(json.Marshal(value.Interface())), must(json.Marshal(field.Interface())))
		}
	}
}

func runVectors(t *testing.T, file vectorFile) {
	folder := t.TempDir()
	var served []string
	for name, dataset := range file.Datasets {
		path := filepath.Join(folder, dataset.File)
		if err := os.WriteFile(path, []byte(dataset.Text), 0o600); err != nil {
			t.Fatal(err)
		}
		served = append(served, name+"="+path)
	}
	found, stop, err := serve(folder, served...)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	client := must(New(found))
	for _, vector := range file.Vectors {
		if vector.Call == nil {
			continue
		}
		t.Run(vector.Name, func(t *testing.T) {
			got, err := vector.Call.run(background(t), client)
			var problem *Error
			switch {
			case vector.Error == nil && err != nil:
				t.Fatal(err)
			case vector.Error == nil:
				compare(t, vector.Result, got)
			case !errors.As(err, &problem):
				t.Fatalf("%v instead of %s", err, vector.Error.Code)
			case problem.Code != vector.Error.Code || problem.Status != vector.Error.Status:
				t.Errorf("%+v", problem)
			case vector.Error.Position != nil && *vector.Error.Position != *problem.Position:
				t.Errorf("position %d", *problem.Position)
			case vector.Error.Records != nil:
				var records []int64
				for _, record := range problem.Errors {
					records = append(records, record.Record)
				}
				if !slices.Equal(records, vector.Error.Records) {
					t.Errorf("records %v", records)
				}
			}
		})
	}
}

func TestVectors(t *testing.T) {
	paths := must(filepath.Glob("../../protocol/vectors/*.json"))
	if len(paths) == 0 {
		t.Fatal("there are no vectors")
	}
	for _, path := range paths {
		var file vectorFile
		if err := json.Unmarshal(must(os.ReadFile(path)), &file); err != nil {
			t.Fatal(path, err)
		}
		t.Run(strings.TrimSuffix(filepath.Base(path), ".json"), func(t *testing.T) { runVectors(t, file) })
	}
}
