// A receiver of spans for tests that are not written in Go: it prints its URL, and ends when its
// standard input does.
//
//	POST   /v1/traces      takes spans, as a collector does
//	GET    /spans?count=n  waits for n spans, returns what has arrived as JSON and forgets it
//	POST   /prometheus     checks a text of metrics; 400 with the reason if it is wrong,
//	                       otherwise the types of the metrics
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/jcoletaylor/tasker_core/go/telemetry/otlptest"
)

// patience is how long a request waits for spans.
const patience = 20 * time.Second

func main() {
	receiver := otlptest.New()
	http.Handle("POST /v1/traces", receiver)
	http.HandleFunc("GET /spans", func(w http.ResponseWriter, r *http.Request) { spans(receiver, w, r) })
	http.HandleFunc("POST /prometheus", metrics)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("http://%s\n", listener.Addr())
	go func() { _ = http.Serve(listener, nil) }()
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func spans(receiver *otlptest.Receiver, w http.ResponseWriter, r *http.Request) {
	count, _ := strconv.Atoi(r.URL.Query().Get("count"))
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	if err := receiver.Wait(ctx, count); err != nil {
		w.WriteHeader(http.StatusGatewayTimeout)
	}
	_ = json.NewEncoder(w).Encode(receiver.Spans())
}

// metrics answers with the families: their types, and how many samples each has.
func metrics(w http.ResponseWriter, r *http.Request) {
	families, err := otlptest.ParseMetrics(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	found := make(map[string]any, len(families))
	for name, family := range families {
		found[name] = map[string]any{"type": family.GetType().String(), "samples": len(family.GetMetric())}
	}
	_ = json.NewEncoder(w).Encode(found)
}
