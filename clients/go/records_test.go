package canvasback

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"
)

func TestPagesCoverTheSelectionOnce(t *testing.T) {
	client := connect(t)
	filter := map[string]any{"id": map[string]any{"op": "lt", "value": 2500}}
	next, pages := 0, 0
	for page, err := range client.Pages(background(t), "orders", Selection{Filter: filter, Limit: 999}) {
		if err != nil {
			t.Fatal(err)
		}
		pages++
		for _, row := range page.Rows {
			if row[0] != json.Number(fmt.Sprint(next)) {
				t.Fatalf("row %d is %v", next, row)
			}
			next++
		}
	}
	if next != 2500 || pages != 3 {
		t.Errorf("%d rows in %d pages", next, pages)
	}
}

func TestPagesKeepEveryDigit(t *testing.T) {
	page := must(connect(t).QueryPage(background(t),
		"SELECT 9007199254740993::BIGINT AS a, 12345678901234567890.123456789::DECIMAL(38, 9) AS b, 1.5::DOUBLE AS c"))
	want := []any{"9007199254740993", "12345678901234567890.123456789", json.Number("1.5")}
	if !slices.Equal(page.Rows[0], want) {
		t.Error(page.Rows[0])
	}
}

func TestColumnsOfAnyName(t *testing.T) {
	selection := Selection{Columns: []string{`a,b`, `c"d`}, Sort: []SortKey{{Column: `-x`, Descending: true}}}
	query := must(selection.query())
	if query.Get("columns") != `"a,b","c""d"` || query.Get("sort") != `-"-x"` {
		t.Error(query)
	}
}

func TestDatasets(t *testing.T) {
	client := connect(t)
	list := must(client.Datasets(background(t)))
	found := slices.IndexFunc(list, func(dataset Dataset) bool { return dataset.Name == "orders" })
	if found < 0 || *list[found].Rows != ordersRows {
		t.Fatalf("%+v", list)
	}
	detail := must(client.Dataset(background(t), "orders"))
	if detail.Columns[0].Name != "id" || *detail.Columns[0].Max != fmt.Sprint(ordersRows-1) {
		t.Errorf("%+v", detail.Columns[0])
	}
}

type event struct {
	ID    string `json:"id"`
	Value int    `json:"value"`
}

func TestIngestStoresAndRejects(t *testing.T) {
	client := connect(t)
	events := []event{{"a", 1}, {"b", 2}}
	stored := must(Ingest(background(t), client, "events", events, IngestOptions{IdempotencyKey: "once"}))
	if stored.Records != 2 || stored.Collection != "events" || stored.Repeated {
		t.Errorf("%+v", stored)
	}
	again := must(Ingest(background(t), client, "events", events, IngestOptions{IdempotencyKey: "once"}))
	if !again.Repeated {
		t.Errorf("%+v", again)
	}
	page := must(client.QueryPage(background(t), "SELECT id, value FROM events ORDER BY id"))
	if len(page.Rows) != 2 || page.Rows[1][0] != "b" {
		t.Error(page.Rows)
	}
	_, err := Ingest(background(t), client, "events", []any{event{"c", 3}, 17}, IngestOptions{})
	var problem *Error
	if !errors.As(err, &problem) || len(problem.Errors) != 1 || problem.Errors[0].Record != 1 {
		t.Errorf("%+v", err)
	}
	kept := must(Ingest(background(t), client, "events", []any{event{"c", 3}, 17}, IngestOptions{Quarantine: true}))
	if kept.Records != 1 || kept.Quarantined != 1 {
		t.Errorf("%+v", kept)
	}
}

func TestIngestOfBatchesEqualsTheirSource(t *testing.T) {
	client := connect(t)
	source := must(client.Stream(background(t), "orders", Selection{Columns: []string{"id", "country"}}))
	defer source.Close()
	stored := must(client.IngestBatches(background(t), "copied", source, IngestOptions{}))
	if stored.Records != ordersRows {
		t.Errorf("%+v", stored)
	}
	page := must(client.QueryPage(background(t), `SELECT count(*) AS n FROM
		(SELECT id, country FROM orders EXCEPT ALL SELECT id, country FROM copied)`))
	if page.Rows[0][0] != json.Number("0") {
		t.Error(page.Rows)
	}
}

// brokenReader has a batch and then an error, as a stream that was cut.
type brokenReader struct{ array.RecordReader }

func (brokenReader) Err() error { return io.ErrUnexpectedEOF }

func TestABrokenSourceStoresNothing(t *testing.T) {
	client := connect(t)
	source := must(client.Stream(background(t), "orders", Selection{Limit: 1000}))
	defer source.Close()
	if _, err := client.IngestBatches(background(t), "broken", brokenReader{source}, IngestOptions{}); err == nil {
		t.Fatal("a broken source was accepted")
	}
	if page, err := client.QueryPage(background(t), "SELECT count(*) FROM broken"); err == nil {
		t.Errorf("%v rows were stored", page.Rows)
	}
}

func TestIngestIsSentAgainUnderItsKey(t *testing.T) {
	var keys []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		keys = append(keys, r.Header.Get("Idempotency-Key"))
		switch len(keys) {
		case 1: // the answer is lost
			connection, _, _ := w.(http.Hijacker).Hijack()
			connection.Close()
		case 2:
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = w.Write([]byte(`{"code": "Unavailable", "status": 503, "detail": "starting"}`))
		default:
			_, _ = w.Write([]byte(`{"records_processed": 1, "collection": "c", "repeated": true}`))
		}
	}))
	defer server.Close()
	stored := must(Ingest(background(t), must(New(server.URL)), "c", []event{{"a", 1}}, IngestOptions{}))
	if !stored.Repeated || len(keys) != 3 || keys[0] == "" || keys[0] != keys[2] {
		t.Errorf("%+v, %q", stored, keys)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Ingest(ctx, must(New(server.URL)), "c", []event{}, IngestOptions{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// The constants are the list of the interface's own document.
func TestCodesAreTheClosedList(t *testing.T) {
	var document struct {
		Components struct {
			Schemas struct {
				ErrorCode struct {
					Enum []string
				}
			}
		}
	}
	text := must(os.ReadFile("../../protocol/openapi.json"))
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	source := string(must(os.ReadFile("errors.go")))
	codes := document.Components.Schemas.ErrorCode.Enum
	if got := strings.Count(source, " Code = \""); len(codes) == 0 || got != len(codes) {
		t.Errorf("%d constants for %d codes", got, len(codes))
	}
	for _, code := range codes {
		if !strings.Contains(source, ` Code = "`+code+`"`) {
			t.Errorf("%s is missing", code)
		}
	}
}
