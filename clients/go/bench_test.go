package canvasback

import (
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// The same selection, its bytes thrown away: what net/http alone can do.
func plainBytes(client *http.Client) int64 {
	body := strings.NewReader(`{"format": "arrow"}`)
	request := must(http.NewRequest(http.MethodPost, address+"/api/v1/datasets/wide/export", body))
	request.Header.Set("Content-Type", "application/json")
	answer := must(client.Do(request))
	defer answer.Body.Close()
	return must(io.Copy(io.Discard, answer.Body))
}

func plainClient() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableCompression = true // as the stream, so that the same bytes travel
	return &http.Client{Transport: transport}
}

func streamRows(t testing.TB, client *Client) int64 {
	stream := must(client.Stream(background(t), "wide", Selection{}))
	defer stream.Close()
	for stream.Next() {
		continue
	}
	if stream.Err() != nil {
		t.Fatal(stream.Err())
	}
	return stream.Rows()
}

func BenchmarkStream(b *testing.B) {
	client, plain := connect(b), plainClient()
	bytes := plainBytes(plain)
	b.Run("net/http", func(b *testing.B) {
		b.SetBytes(bytes)
		for b.Loop() {
			plainBytes(plain)
		}
	})
	b.Run("canvasback", func(b *testing.B) {
		b.SetBytes(bytes)
		for b.Loop() {
			streamRows(b, client)
		}
	})
}

const (
	speedRounds = 11
	speedMin    = 0.9 // of plain net/http
)

// The two in turns, so that a busy machine slows both, and the best of each, which others disturbed least. Race
// detection would slow decoding alone.
func TestStreamIsAsFastAsItsBytes(t *testing.T) {
	if raceDetector || os.Getenv("CANVASBACK_GO_SPEED") == "" {
		t.Skip("CANVASBACK_GO_SPEED=1 measures it, without -race")
	}
	client, plain := connect(t), plainClient()
	bytes := plainBytes(plain)
	var alone, decoded []float64
	for range speedRounds {
		start := time.Now()
		plainBytes(plain)
		middle := time.Now()
		if rows := streamRows(t, client); rows != wideRows {
			t.Fatalf("%d rows", rows)
		}
		alone = append(alone, middle.Sub(start).Seconds())
		decoded = append(decoded, time.Since(middle).Seconds())
	}
	best, own := slices.Min(alone), slices.Min(decoded)
	share := best / own
	t.Logf("%d MB: net/http %.0f ms, the stream %.0f ms: %.2f times its speed", bytes/1e6,
		1e3*best, 1e3*own, share)
	if share < speedMin {
		t.Errorf("%.2f times the speed of net/http, at least %.1f is meant", share, speedMin)
	}
}
