//go:build probe

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/wailsapp/wails/v2/pkg/runtime"
)

// probe is a question to the page: the body of an async function that it runs.
type probe struct {
	Script    string
	TimeoutMS int
}

type probeAnswer struct {
	ID    int             `json:"id"`
	Value json.RawMessage `json:"value,omitempty"`
	Error string          `json:"error,omitempty"`
}

// prepareProbe lets a test look into the window: a line of JSON on stdin is a probe, and what the page answers comes as
// a line on stdout. A page that is just being left does not answer. Only in a build for tests.
func prepareProbe(app *desktop) {
	answers := make(chan probeAnswer, 16)
	app.relay.Handle("/desktop/probe", func(w http.ResponseWriter, r *http.Request) {
		var given probeAnswer
		if json.NewDecoder(r.Body).Decode(&given) == nil {
			answers <- given
		}
		w.WriteHeader(http.StatusNoContent)
	})
	go func() {
		lines := bufio.NewScanner(os.Stdin)
		for id := 1; lines.Scan(); id++ {
			var asked probe
			answer := probeAnswer{ID: id, Error: "the page does not answer"}
			if json.Unmarshal(lines.Bytes(), &asked) == nil && app.context != nil {
				runtime.WindowExecJS(app.context, fmt.Sprintf(`(async () => { %s })().then(
					(value) => ({ id: %d, value: value ?? null }), (error) => ({ id: %d, error: String(error) })
				).then((answer) => fetch("/desktop/probe", { method: "POST", body: JSON.stringify(answer) }))`,
					asked.Script, id, id))
				timeout := time.After(time.Duration(asked.TimeoutMS) * time.Millisecond)
				for waiting := true; waiting; {
					select {
					case got := <-answers:
						if got.ID == id {
							answer, waiting = got, false
						}
					case <-timeout:
						waiting = false
					}
				}
			}
			text, _ := json.Marshal(answer) // made of parts that have JSON
			fmt.Printf("%s\n", text)
		}
	}()
	fmt.Printf("{\"server_pid\": %d}\n", app.server.PID())
}
